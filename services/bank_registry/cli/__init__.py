"""The command `bank-registry`, for the keeper of the registry: everything goes through the server.

- `main`: Runs the command written on the command line; returns its exit code.
"""

from services.bank_registry.cli.main import main
