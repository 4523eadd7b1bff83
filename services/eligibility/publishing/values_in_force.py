"""What another version changes of what is in force already: a dated value that is changed in its place, or a
rule whose days move, changes the answer to applications of days already past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.eligibility.package import Parameter, Rule, RulePackage, Value, read_package
from services.eligibility.publishing.rulebook_attributes import said_change, said_period
from services.kit.dates import Period
from services.kit.findings import Finding, Place, Severity
from services.kit.french import join, long_date, spaced
from services.kit.releases import SIGNATURE_FILE, Contents

VALUE_IN_FORCE = "VALUE_IN_FORCE"
_ADVICE = (
    "Datez le changement d’un jour à venir au lieu de changer ce qui est en vigueur ; sinon, n’activez cette "
    "version qu’à partir d’un jour à venir."
)


def values_in_force(governing: Contents, other: Contents, day: date) -> tuple[Finding, ...]:
    """A warning for each value in force up to a day that the files of another version change."""
    before, after = _read(governing), _read(other)
    both = before.identity.validity.intersection(after.identity.validity)
    days = both.intersection(Period(date.min, day)) if both else None
    return tuple(_changes(before, after, days)) if days else ()


def _read(contents: Contents) -> RulePackage:
    return read_package({path: content for path, content in contents.items() if path != SIGNATURE_FILE})


def _changes(before: RulePackage, after: RulePackage, days: Period) -> Iterator[Finding]:
    for name, new in after.parameters.items():
        old = before.parameters.get(name)
        said = _values(old, new, days) if old else []
        if said:
            sentence = f"« {new.label} » : {join(said)}. Une valeur déjà en vigueur change."
            yield _warning(after.place("parameters.yaml", name), sentence)
    former = {rule.id: rule for rule in before.rules}
    for rule in after.rules:
        if rule.id in former and _differ(former[rule.id], rule, days):
            yield _warning(after.place("rules.yaml", rule.id), _moved(former[rule.id], rule))


def _values(old: Parameter, new: Parameter, days: Period) -> list[str]:
    """From which day which value differs, within these days."""
    starts = {dated.period.first for dated in (*old.values, *new.values)}
    said: list[str] = []
    told: tuple[Value, Value] | None = None
    for start in sorted({days.first, *(one for one in starts if one in days)}):
        one, other = old.on(start), new.on(start)
        pair = (_unordered(one.value), _unordered(other.value))
        if pair != told and pair[0] != pair[1]:
            said.append(f"à partir du {long_date(start)}, {said_change(old, new, one, other)}")
        told = pair
    return said


def _unordered(value: Value) -> Value:
    """The order of a list of codes changes nothing."""
    return tuple(sorted(value)) if isinstance(value, tuple) else value


def _differ(old: Rule, new: Rule, days: Period) -> bool:
    return old.validity.intersection(days) != new.validity.intersection(days)


def _moved(old: Rule, new: Rule) -> str:
    return (
        f"La règle {new.code} vaut {said_period(new.validity)}, et non plus {said_period(old.validity)}. Des "
        "jours où elle est déjà en vigueur changent."
    )


def _warning(place: Place, sentence: str) -> Finding:
    return Finding(place, spaced(sentence), VALUE_IN_FORCE, spaced(_ADVICE), Severity.WARNING)
