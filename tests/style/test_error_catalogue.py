"""The catalogue of errors lists every reason of the contract, and none besides."""

from __future__ import annotations

import re
from pathlib import Path

from microcredit.bankregistry.v1 import bank_registry_error_reason_pb2 as bank_registry
from microcredit.documents.v1 import documents_error_reason_pb2 as documents
from microcredit.eligibility.v1 import eligibility_error_reason_pb2 as eligibility

CATALOGUE = Path(__file__).resolve().parents[2] / "docs" / "erreurs.md"


def test_the_catalogue_lists_every_reason() -> None:
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE))
    declared = {
        name.removeprefix("ERROR_REASON_")
        for module in (bank_registry, documents, eligibility)
        for name in module.ErrorReason.DESCRIPTOR.values_by_name
    }
    assert listed == declared - {"UNSPECIFIED"}
