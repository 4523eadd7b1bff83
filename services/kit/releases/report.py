"""What the check of a candidate says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.kit import findings
from services.kit.findings import Finding
from services.kit.releases.archive import Contents
from services.kit.releases.timeline import Candidate, Proof


@dataclass(frozen=True)
class Asked:
    """What is wanted of a check besides its findings: a copy of the file in cause that shows them; for a
    publication, how much the cases of the package see, the rest of it being `waived` or not."""

    annotated: bool = False
    publishing: bool = False
    waived: bool = False


FINDINGS_ALONE = Asked()
"""Nothing besides."""


@dataclass(frozen=True)
class Shortfall:
    """That the cases of a package see too little, and each change that none of them sees."""

    sentence: str
    unseen: tuple[Finding, ...]


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
    proof: Proof | None = None
    shortfall: Shortfall | None = None

    @property
    def errors(self) -> list[Finding]:
        """The findings that refuse the package."""
        return findings.errors(self.findings)

    @property
    def accepted(self) -> bool:
        """Whether the package may be published."""
        return self.candidate is not None and not self.errors
