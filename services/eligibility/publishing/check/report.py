"""What the check of a rule package found, and how it crosses from one process to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.eligibility.package import Identity
from services.kit.dates import Period
from services.kit.findings import Finding, Place, Severity
from services.kit.french import join, plural, typeset

MAX_FINDINGS = 500
"""Beyond, the first ones are enough to begin with."""

_COUNTED = 2000
"""Findings that cross from one process to the other: how many more there are can be told up to there."""


SCORE_SECONDS = 10
"""Of the processor, for the mutations of a publication."""


@dataclass(frozen=True)
class Report:
    """Findings and what was tried; no identity when the package could not be read. For a publication,
    `shortfall` says that the cases see too few mutations, and `unseen` which."""

    findings: tuple[Finding, ...]
    identity: Identity | None = None
    digest: str = ""
    case_count: int = 0
    condition_count: int = 0
    covered_condition_count: int = 0
    boundary_count: int = 0
    random_count: int = 0
    property_count: int = 0
    mutation_count: int = 0
    seen_mutation_count: int = 0
    equivalent_mutation_count: int = 0
    shortfall: str = ""
    unseen: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        """True when no finding is an error."""
        return not self._count(Severity.ERROR)

    def summary(self) -> str:
        """A French sentence."""
        name = f"{self.identity.id} {self.identity.version}" if self.identity else ""
        ruleset = f"Le règlement {name}" if name.strip() else "Le règlement"
        errors, warnings = self._count(Severity.ERROR), self._count(Severity.WARNING)
        if errors:
            return typeset(f"{ruleset} est refusé : {plural(errors, 'erreur')}{_and_warnings(warnings)}.")
        tried = [
            plural(self.case_count, "cas", "cas"),
            _conditions(self.covered_condition_count, self.condition_count),
            plural(self.boundary_count, "demande aux limites", "demandes aux limites"),
            f"{plural(self.random_count, 'demande')} au hasard",
            *self._mutations(),
        ]
        return typeset(f"{ruleset} est accepté : {join(tried)}{_and_warnings(warnings)}.")

    def _mutations(self) -> Iterator[str]:
        if self.mutation_count:
            seen = plural(self.seen_mutation_count, "mutation vue", "mutations vues")
            none = self.equivalent_mutation_count
            yield f"{seen} sur {self.mutation_count}{f' (dont {none} sans effet)' if none else ''}"

    def _count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)


def dump_report(report: Report) -> dict[str, Any]:
    """A report as JSON values."""
    found = asdict(report)
    found |= {"findings": _dumped(report.findings), "unseen": _dumped(report.unseen)}
    if report.identity is not None:
        validity = report.identity.validity
        last = validity.last.isoformat() if validity.last else None
        found["identity"]["validity"] = {"first": validity.first.isoformat(), "last": last}
    return found


def load_report(data: Any) -> Report:
    """The report that `dump_report` wrote; ValueError when it is not one."""
    try:
        found = dict(data)
        identity = found.pop("identity")
        found |= {name: _loaded(found[name]) for name in ("findings", "unseen")}
        return Report(identity=_identity(identity) if identity else None, **found)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a report") from error


def _dumped(findings: Sequence[Finding]) -> list[list[Any]]:
    return [
        [one.place.file, one.place.line, one.place.column, one.sentence, one.severity.value]
        for one in findings[:_COUNTED]
    ]


def _loaded(found: Sequence[Any]) -> tuple[Finding, ...]:
    return tuple(
        Finding(Place(file, line, column), message, severity=Severity(severity))
        for file, line, column, message, severity in found
    )


def _identity(found: Mapping[str, Any]) -> Identity:
    period = found["validity"]
    last = period["last"]
    validity = Period(date.fromisoformat(period["first"]), date.fromisoformat(last) if last else None)
    return Identity(**{**found, "legal_basis": tuple(found["legal_basis"]), "validity": validity})


def _conditions(covered: int, total: int) -> str:
    words = plural(covered, "condition vue vraie et fausse", "conditions vues vraies et fausses")
    return words if covered == total else f"{words} sur {total}"


def _and_warnings(count: int) -> str:
    return f" ; {plural(count, 'avertissement')}" if count else ""
