"""What is wrong in a rule package, in the order in which its author mends it."""

from __future__ import annotations

from collections.abc import Iterable

from services.kit.findings import Finding

FILES = (
    "package.yaml",
    "facts.yaml",
    "parameters.yaml",
    "derived.yaml",
    "rules.yaml",
    "decision.yaml",
    "properties.yaml",
)
"""The files of a package besides its cases: each reads names that the ones before it declare."""


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By file, line and column: first the files that may be the cause of what is found in the others."""
    return tuple(sorted(findings, key=_rank))


def _rank(finding: Finding) -> tuple[int, str, int, int, str]:
    place = finding.place
    rank = FILES.index(place.file) if place.file in FILES else len(FILES)
    return rank, place.file, place.line, place.column, finding.sentence
