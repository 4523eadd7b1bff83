"""The command `bank-registry`, for the keeper of the registry: everything goes through the server."""

from services.bank_registry.cli.main import main

__all__ = ["main"]
