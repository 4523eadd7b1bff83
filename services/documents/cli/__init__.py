"""The command `documents`: deploy templates and profiles, make documents, dossiers and mailings."""

from services.documents.cli.main import main

__all__ = ["main"]
