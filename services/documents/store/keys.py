"""The master key of the documents service, tied to its database; the keys of cases, derived from it."""

from __future__ import annotations

from pathlib import Path

from services.documents.store.tables import master_key
from services.kit.store import Database, tie, vault


def prepare_master_key(database: Database, file: Path) -> None:
    """Creates the master key of a database that has none; StartupError if it is missing, or another."""
    tie(database, master_key, file, "la base des documents")


class CaseKeys:
    """What stands for case references and request ids, and encrypts the documents of a case."""

    def __init__(self, file: Path) -> None:
        self._master = vault.load(file)
        self._references = self._master.derived("case references")
        self._requests = self._master.derived("request ids")

    def case_tag(self, reference: str) -> str:
        """What stands for a case reference in the database."""
        return vault.tag(self._references, reference)

    def request_tag(self, request_id: str) -> str:
        """What stands for a request id in the database."""
        return vault.tag(self._requests, request_id)

    def key(self, case_tag: str) -> bytes:
        """The key that encrypts the documents of a case."""
        return self._master.derived(f"case {case_tag}")
