"""What is wrong with a package, and where: one shape for every kind of package, gathered whole before
anything is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from services.kit.french import spaced

NO_CODE = "FINDING"
"""The code of a finding whose sentence alone tells what is wrong."""


class Severity(Enum):
    """Whether a finding refuses the package."""

    ERROR = "ERROR"
    WARNING = "WARNING"


@dataclass(frozen=True)
class Place:
    """A place of a package, as far as it is known: lines and columns count from 1; `paragraph` is its
    text.

    In a Word file, `part` is a part as its readers call it, `member` the same one as the file names it, and
    `rank` the number of the paragraph in it, from 0.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    part: str = ""
    paragraph: str = ""
    member: str = ""
    rank: int | None = None

    def __str__(self) -> str:
        """« rules.yaml:42:9 », « manifest.yaml, requires », « corps »."""
        position = [str(number) for number in (self.line, self.column) if number]
        return ", ".join(filter(None, (":".join([self.file, *position]), self.part)))


@dataclass(frozen=True)
class Finding:
    """One thing to say of one place of a package: what is wrong, and what to do where that is known."""

    place: Place
    sentence: str
    code: str = NO_CODE
    advice: str = ""
    severity: Severity = Severity.ERROR

    @property
    def told(self) -> str:
        """What is wrong, the text in cause, what to do, and the code where there is one."""
        quoted = f"(« {self.place.paragraph} »)" if self.place.paragraph else ""
        code = "" if self.code == NO_CODE else f"({self.code})"
        return spaced(" ".join(filter(None, (self.sentence, quoted, self.advice, code))))

    def __str__(self) -> str:
        return spaced(f"{self.place} : {self.told}")


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Those that refuse the package."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def first(findings: Iterable[Finding], count: int) -> list[Finding]:
    """The first of them, those that refuse the package before the others, in their order."""
    found = list(findings)
    ordered = sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)
    kept = set(map(id, ordered[:count]))
    return [finding for finding in found if id(finding) in kept]


class Findings:
    """The findings of one package, in order, each once: its author learns of all of them at once."""

    def __init__(self) -> None:
        self._items: dict[Finding, None] = {}

    def add(self, finding: Finding) -> None:
        """Adds a finding."""
        self._items.setdefault(finding)

    def error(self, place: Place, sentence: str, code: str = NO_CODE) -> None:
        """Adds a finding that refuses the package."""
        self.add(Finding(place, spaced(sentence), code))

    def warning(self, place: Place, sentence: str) -> None:
        """Adds a finding that lets the package through."""
        self.add(Finding(place, spaced(sentence), severity=Severity.WARNING))

    @property
    def errors(self) -> list[Finding]:
        """Those that refuse the package."""
        return errors(self)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._items)


class PackageError(Exception):
    """A package that cannot serve, with everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))
