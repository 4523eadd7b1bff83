"""What is wrong in a rule package, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from services.kit.french import spaced

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


class Severity(IntEnum):
    """An error refuses the package; a warning lets it through."""

    ERROR = 1
    WARNING = 2


@dataclass(frozen=True, order=True)
class FilePosition:
    """A character of a file; line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, order=True)
class Finding:
    """One French sentence about one place."""

    place: FilePosition
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}:{self.place.column}: {self.message}"


class Findings:
    """Collects findings, so that the author learns of all of them at once."""

    def __init__(self) -> None:
        self._items: set[Finding] = set()

    def add(self, place: FilePosition, message: str, severity: Severity = Severity.ERROR) -> None:
        """Records one finding."""
        self._items.add(Finding(place, spaced(message), severity))

    def all(self) -> tuple[Finding, ...]:
        """The findings, each once, by file, line and column: first the files that may be the cause of what
        is found in the others."""
        return tuple(sorted(self._items, key=_rank))

    @property
    def refused(self) -> bool:
        """True when one of them is an error."""
        return any(finding.severity is Severity.ERROR for finding in self._items)


def _rank(finding: Finding) -> tuple[int, Finding]:
    file = finding.place.file
    return FILES.index(file) if file in FILES else len(FILES), finding


class PackageError(Exception):
    """The package cannot be used; `findings` says why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings
