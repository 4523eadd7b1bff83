"""What the check of a package found: one shape for every kind of package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from services.kit.releases.archive import Contents
from services.kit.releases.timeline import Candidate

NO_CODE = "FINDING"
"""The code of a finding whose sentence alone tells what is wrong."""


class Severity(Enum):
    """Whether a finding refuses the package."""

    ERROR = "ERROR"
    WARNING = "WARNING"


@dataclass(frozen=True)
class Place:
    """A place of a package, as far as it is known: lines and columns count from 1; `paragraph` is its
    text."""

    file: str = ""
    line: int = 0
    column: int = 0
    part: str = ""
    paragraph: str = ""

    def __str__(self) -> str:
        """« rules.yaml:42:9 », « manifest.yaml, requires », « corps »."""
        position = [str(number) for number in (self.line, self.column) if number]
        return ", ".join(filter(None, (":".join([self.file, *position]), self.part)))


@dataclass(frozen=True)
class Finding:
    """One thing to say of one place of a package: what is wrong, and what to do where that is known."""

    place: Place
    code: str
    sentence: str
    advice: str = ""
    severity: Severity = Severity.ERROR

    @property
    def told(self) -> str:
        """What is wrong, the text in cause, what to do, and the code where there is one."""
        quoted = f"(« {self.place.paragraph} »)" if self.place.paragraph else ""
        code = "" if self.code == NO_CODE else f"({self.code})"
        return " ".join(filter(None, (self.sentence, quoted, self.advice, code)))


@dataclass(frozen=True)
class Report:
    """What the check of a candidate found; no candidate when the package could not be read.

    `own` holds what this kind of package has besides: messages of the contract, by field of CheckReport.
    """

    findings: tuple[Finding, ...]
    summary: str
    contents: Contents
    candidate: Candidate | None
    identifier: str = ""
    version: str = ""
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        """The findings that refuse the package."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def accepted(self) -> bool:
        """Whether the package may be published."""
        return self.candidate is not None and not self.errors

    def first(self, count: int) -> list[Finding]:
        """The first findings, those that refuse the package before the others, in their order."""
        ordered = sorted(self.findings, key=lambda finding: finding.severity is not Severity.ERROR)
        kept = set(map(id, ordered[:count]))
        return [finding for finding in self.findings if id(finding) in kept]
