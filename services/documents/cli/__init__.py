"""The command `documents`: deploy templates and profiles, make documents, dossiers and mailings.

- `main`: Runs the command written on the command line; returns its exit code.
"""

from services.documents.cli.main import main
