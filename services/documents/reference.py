"""The reference that a document carries: of its file, its committee, its agreement or its year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def document_reference(data: Mapping[str, Any]) -> str:
    """`MC-2026-0042`, without personal data; empty for a document that concerns nothing in particular."""
    for part in ("case", "partnership", "committee"):
        reference = data.get(part, {}).get("reference")
        if reference is not None:
            return str(reference)
    return str(data["annual_report"]["year"]) if "annual_report" in data else ""
