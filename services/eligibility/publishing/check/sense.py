"""Values that can be read and make no sense: a year mistyped, a zero too many, one that no case reaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from services.eligibility.engine import request_day
from services.eligibility.package import DatedValue, Kind, RulePackage
from services.eligibility.publishing.unvoted import said_value, shown_value, unvoted
from services.kit.dates import add_months
from services.kit.findings import Findings, Place
from services.kit.french import long_date

_FAR_MONTHS = 60
_JUMP = 10
_CEILING = "national_ceiling"
"""The parameter that holds article R. 518-61, in a package that has it: no amount is in the code."""


def check_sense(package: RulePackage, findings: Findings) -> None:
    """Warns of each value to be read again."""
    for place, sentence in (*_values(package), *_days(package), *_articles(package)):
        findings.warning(place, sentence)
    for one in unvoted(package):
        findings.warning(one.place, one.sentence)


def _values(package: RulePackage) -> Iterator[tuple[Place, str]]:
    days = {request_day(case.facts) for case in package.cases}
    for name, parameter in package.parameters.items():
        label = f"« {parameter.label} »"
        for dated in parameter.values:
            in_force = dated.period.overlaps(package.identity.validity)
            if in_force and not any(day in dated.period for day in days):
                told = said_value(parameter, dated)
                place = package.place_of_value(name, dated)
                yield place, f"Aucun cas n’essaie {told} : ajoutez un cas daté de cette période."
        for before, after in pairwise(parameter.values):
            if _jumps(before, after):
                shown = f"{shown_value(parameter, before)} à {shown_value(parameter, after)}"
                told = f"{label} passe de {shown} : est-ce bien la valeur votée ?"
                yield package.place_of_value(name, after), told
    yield from _above_ceiling(package)


def _jumps(before: DatedValue, after: DatedValue) -> bool:
    values: list[Any] = [dated.value for dated in (before, after)]
    if any(type(value) not in (int, Fraction) for value in values):
        return False
    return bool(0 < min(values) * _JUMP <= max(values))


def _above_ceiling(package: RulePackage) -> Iterator[tuple[Place, str]]:
    ceiling = package.parameters.get(_CEILING)
    name = package.decision.loan_bounds.max_amount
    most = package.parameters.get(name)
    if ceiling is None or most is None or ceiling.type.kind is not Kind.MONEY:
        return
    for dated in most.values:
        exceeded = [limit for limit in ceiling.values if _exceeds(dated, limit)]
        if exceeded:
            value, limit = shown_value(most, dated), shown_value(ceiling, exceeded[-1])
            told = f"« {most.label} » ({value}) dépasse « {ceiling.label} » ({limit})."
            yield package.place_of_value(name, dated), told


def _exceeds(dated: DatedValue, limit: DatedValue) -> bool:
    value, highest = dated.value, limit.value
    above = isinstance(value, int) and isinstance(highest, int) and value > highest
    return above and dated.period.overlaps(limit.period)


def _days(package: RulePackage) -> Iterator[tuple[Place, str]]:
    """Days far after all that is tried: a year is easily mistyped."""
    days = [request_day(case.facts) for case in package.cases]
    far = add_months(max([package.identity.validity.first, *days]), _FAR_MONTHS)
    for name, parameter in package.parameters.items():
        for dated in parameter.values:
            yield from _far(package.place_of_value(name, dated), dated.period.first, far)
    for rule in package.rules:
        yield from _far(package.place("rules.yaml", rule.id, "valid_from"), rule.validity.first, far)


def _far(place: Place, day: date, far: date) -> Iterator[tuple[Place, str]]:
    if day > far:
        yield (
            place,
            f"Le {long_date(day)} vient plus de cinq ans après tous les cas : l’année est-elle juste ?",
        )


def _articles(package: RulePackage) -> Iterator[tuple[Place, str]]:
    for rule in package.rules:
        if not any(map(str.isalpha, rule.article)):
            place = package.place("rules.yaml", rule.id, "article")
            told = "ne dit pas de quel texte : écrivez par exemple « Règlement intérieur, article 2 »."
            yield place, f"« {rule.article} » {told}"
