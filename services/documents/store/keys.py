"""The keys of the documents service: those that its database keeps, and those of cases, derived from the
master key."""

from __future__ import annotations

from pathlib import Path

from services.documents.store.tables import audit
from services.kit.store import CLOCK_CHAIN, PAGE_TOKENS, KeyPlan, KeyRing, vault, verify_audit, verify_clock

AUDIT_CHAIN = "audit chain"
"""The purpose of the key that seals the audit."""

SEALS, SEALS_NAME = "document seals", "name of the key of document seals"
"""The purposes of the key that seals files, and of what names it in them."""

_REFERENCES, _REQUESTS = "case references", "request ids"

_DERIVED = (SEALS, SEALS_NAME, _REFERENCES, _REQUESTS)

STORE_KEYS = KeyPlan(
    "la base des documents",
    (AUDIT_CHAIN, CLOCK_CHAIN, PAGE_TOKENS, *_DERIVED),
    derived=_DERIVED,
    chains={AUDIT_CHAIN: verify_audit(audit), CLOCK_CHAIN: verify_clock},
)
"""The keys that the store keeps."""


class CaseKeys:
    """What stands for case references and request ids, and encrypts the documents of a case."""

    def __init__(self, ring: KeyRing, file: Path) -> None:
        self._master = vault.load(file)
        self._references = ring.key(_REFERENCES)
        self._requests = ring.key(_REQUESTS)

    def case_tag(self, reference: str) -> str:
        """What stands for a case reference in the database."""
        return vault.tag(self._references, reference)

    def request_tag(self, request_id: str) -> str:
        """What stands for a request id in the database."""
        return vault.tag(self._requests, request_id)

    def key(self, case_tag: str) -> bytes:
        """The key that encrypts the documents of a case."""
        return self._master.derived(f"case {case_tag}")
