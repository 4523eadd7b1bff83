"""What is wrong with a package: gathered whole before anything is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from services.kit.french import spaced


class Severity(Enum):
    """Whether a finding refuses the package."""

    ERROR = "ERROR"
    WARNING = "WARNING"


@dataclass(frozen=True)
class Finding:
    """One thing to say of one place of a package; `paragraph` is the text in cause, empty when there is none.

    In a .docx, a comment goes to the paragraph of rank `position`, from 0, of the part `part`.
    """

    severity: Severity
    code: str
    place: str
    message: str
    paragraph: str = ""
    suggestion: str = ""
    part: str = ""
    position: int | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, the text in cause, what to do."""
        quoted = f" (« {self.paragraph} »)" if self.paragraph else ""
        return spaced(" ".join(filter(None, (f"{self.message}{quoted}", self.suggestion))))

    def __str__(self) -> str:
        return spaced(f"{self.place} : {self.sentence}")


class Findings:
    """The findings of one package, in order."""

    def __init__(self) -> None:
        self._items: list[Finding] = []

    def error(self, code: str, place: str, message: str) -> None:
        """Adds a finding that refuses the package."""
        self._items.append(Finding(Severity.ERROR, code, place, spaced(message)))

    def add(self, finding: Finding) -> None:
        """Adds a finding."""
        self._items.append(finding)

    @property
    def errors(self) -> list[Finding]:
        """Those that refuse the package."""
        return [finding for finding in self._items if finding.severity is Severity.ERROR]

    def first(self, count: int) -> list[Finding]:
        """The first of them, those that refuse the package before the others."""
        ordered = sorted(self._items, key=lambda finding: finding.severity is not Severity.ERROR)
        kept = set(map(id, ordered[:count]))
        return [finding for finding in self._items if id(finding) in kept]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._items)


class PackageError(Exception):
    """A package that cannot serve, with every finding."""

    def __init__(self, findings: Findings) -> None:
        super().__init__("package refused")
        self.findings = findings
