"""A dossier: the data of a request, checked as a whole against the contract and the template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.documents.contract import consistency, strict_json
from services.documents.contract.consistency import Check
from services.documents.contract.dates import Dates
from services.documents.contract.schema import NotWholeError, Requirement, Schema
from services.kit.errors import Violations

CONTRACT_VERSION = "1.0"
"""The version of the dossier contract, printed in every document."""
CONTRACT_FILE = Path(__file__).parent / "dossier.schema.json"
"""The JSON Schema of the dossier."""
CONTRACT = Schema.load(CONTRACT_FILE)
"""The dossier contract, compiled."""
DATES = Dates(CONTRACT)
"""The dates of the dossier contract that carry a mark."""
ROOT = "data_json"
"""The field of the request, where the paths of violations start."""


@dataclass(frozen=True)
class Dossier:
    """Typed data, and the SHA-256 of its canonical JSON (sorted keys, no space, UTF-8)."""

    data: Mapping[str, Any]
    sha256: str


def read_dossier(
    raw: bytes, contract: Schema, requirement: Requirement, checks: Sequence[Check], day: date
) -> Dossier:
    """The dossier of a document dated `day`; raises InvalidArgument with every violation.

    Cross-field checks need well-formed fields: they run once every field is.
    """
    data, sha256 = _read(raw, contract, requirement)
    violations = Violations()
    violations.extend(DATES.reversed(data, ROOT))
    for check in (consistency.violations, *checks):
        violations.extend(check(data, day, ROOT))
    violations.raise_if_any()
    return Dossier(data, sha256)


def data_digest(raw: bytes) -> str:
    """The SHA-256 of the canonical JSON of a dossier, whatever the document and its day; raises
    InvalidArgument when it is none."""
    return _read(raw, CONTRACT, Requirement((), ""))[1]


def _read(raw: bytes, contract: Schema, requirement: Requirement) -> tuple[dict[str, Any], str]:
    """The typed data, and the SHA-256 of its canonical form; what is sound is read in one pass, the rest
    explained."""
    sound = strict_json.read_sound(raw)
    if sound is not None and contract.accepts(sound[0]) and requirement.accepts(sound[0]):
        with suppress(NotWholeError):
            return contract.typed(sound[0]), hashlib.sha256(sound[1]).hexdigest()
    violations = Violations()
    plain = strict_json.read(raw, ROOT, contract.names, violations)
    seen = {violation.field for violation in violations}
    for violation in (*contract.violations(plain, ROOT), *requirement.violations(plain, ROOT)):
        if violation.field not in seen:
            seen.add(violation.field)
            violations.extend([violation])
    violations.raise_if_any()
    canonical = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return contract.typed(plain), hashlib.sha256(canonical.encode()).hexdigest()


# What a document may be about, and the field that names it, without personal data.
_NAMES = {
    "case": "reference",
    "partnership": "reference",
    "committee": "reference",
    "annual_report": "year",
    "board_note": "version",
}


def document_reference(data: Mapping[str, Any], requires: Iterable[str]) -> str:
    """`MC-2026-0042`: the name of what the template is about; empty when it is about nothing in particular.

    `requires` are the paths of the manifest: a flyer does not carry the file of the data it came with.
    """
    roots = {path.partition(".")[0] for path in requires}
    subject = next((name for name in _NAMES if name in roots), "")
    return str(data.get(subject, {}).get(_NAMES.get(subject, ""), ""))
