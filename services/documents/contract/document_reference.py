"""The reference that a document carries: of its file, its committee, its agreement or its year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# What a document may be about, and the field that names it, without personal data.
_NAMES = {"case": "reference", "partnership": "reference", "committee": "reference", "annual_report": "year"}


def document_reference(data: Mapping[str, Any], requires: Iterable[str]) -> str:
    """`MC-2026-0042`: the name of what the template is about; empty when it is about nothing in particular.

    `requires` are the paths of the manifest: a flyer does not carry the file of the data it came with.
    """
    roots = {path.partition(".")[0] for path in requires}
    subject = next((name for name in _NAMES if name in roots), "")
    return str(data.get(subject, {}).get(_NAMES.get(subject, ""), ""))
