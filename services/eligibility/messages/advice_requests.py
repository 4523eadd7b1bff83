"""Reads the requests of suggestions and of grids: every absent or wrong field is collected with its proto
path."""

from __future__ import annotations

from dataclasses import dataclass

from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from services.eligibility.answer import AMOUNT, MONTHS, Grid, grid
from services.eligibility.engine import request_day
from services.eligibility.messages.application import read_application
from services.eligibility.messages.fields import BoundedFields
from services.eligibility.package import RulePackage, Values, check_facts
from services.eligibility.publishing import Deployment, Ruleset
from services.kit.errors import FieldReason, Violations

DEFAULT_SUGGESTIONS, MAX_SUGGESTIONS = 5, 20
MAX_CELLS = 1_000
DEFAULT_STEP_AMOUNT, DEFAULT_STEP_MONTHS = 100_00, 6
_ADDITIONAL = "additional_facts."


@dataclass(frozen=True)
class SuggestionsAsked:
    """An application, the facts that may change and how many suggestions at most."""

    ruleset: Ruleset
    facts: Values
    names: tuple[str, ...]
    most: int


@dataclass(frozen=True)
class GridAsked:
    """An application and the terms to try."""

    ruleset: Ruleset
    facts: Values
    grid: Grid


@dataclass(frozen=True)
class _Axis:
    """What is stated of one axis, in cents or in months; None is absent."""

    fact: str
    fields: tuple[str, str, str]
    least: int | None
    most: int | None
    step: int | None


def read_suggestions(request: pb.SuggestChangesRequest, deployment: Deployment) -> SuggestionsAsked:
    """What is asked; InvalidArgument with every wrong field."""
    violations = Violations()
    found = read_application(request, deployment, violations)
    if not 0 <= request.max_suggestions <= MAX_SUGGESTIONS:
        text = f"Le nombre de suggestions va de 1 à {MAX_SUGGESTIONS} (0 : {DEFAULT_SUGGESTIONS})."
        violations.add("max_suggestions", FieldReason.OUT_OF_RANGE, text)
    names = _names(request, found[0].package, violations) if found else ()
    return SuggestionsAsked(*violations.whole(found), names, request.max_suggestions or DEFAULT_SUGGESTIONS)


def _names(
    request: pb.SuggestChangesRequest, package: RulePackage, violations: Violations
) -> tuple[str, ...]:
    """The facts that may change, in the order of the package."""
    names = [name.removeprefix(_ADDITIONAL) for name in request.facts]
    for index, name in enumerate(names):
        fact = package.facts.get(name)
        if fact is None:
            text = "Le règlement ne déclare pas ce fait."
            violations.add(f"facts[{index}]", FieldReason.UNKNOWN_FIELD, text)
        elif not fact.actionable:
            text = f"La personne ne peut pas agir sur « {fact.label} »."
            violations.add(f"facts[{index}]", FieldReason.NOT_CHANGEABLE, text)
    wanted = set(names) or set(package.facts)
    return tuple(name for name, fact in package.facts.items() if fact.actionable and name in wanted)


def read_grid(request: pb.ExploreLoanTermsRequest, deployment: Deployment) -> GridAsked:
    """What is asked; InvalidArgument with every wrong field."""
    violations = Violations()
    found = read_application(request, deployment, violations)
    fields = BoundedFields(request, "", violations)
    amounts, months = _amounts(fields), _months(fields)
    ruleset, facts = violations.whole(found)
    bounds, parameters = ruleset.package.decision.loan_bounds, ruleset.package.parameters
    day = request_day(facts)

    def bounded(axis: _Axis, crossed: _Axis, least: str, most: str) -> tuple[int, int]:
        found = grid.admitted(ruleset.package, facts, axis.fact, crossed.fact)
        low, high = (
            next(
                end
                for end in (stated, of_rules, max(1, _whole(parameters[name].on(day).value)))
                if end is not None
            )
            for stated, of_rules, name in ((axis.least, found[0], least), (axis.most, found[1], most))
        )
        _check_axis(ruleset.package, facts, axis, (low, high), fields)
        return low, high

    ends = (
        bounded(amounts, months, bounds.min_amount, bounds.max_amount),
        bounded(months, amounts, bounds.min_months, bounds.max_months),
    )
    violations.raise_if_any()
    terms = _grid(ends, amounts.step, months.step)
    if len(terms.amounts) * len(terms.months) > MAX_CELLS:
        text = f"La grille compte {MAX_CELLS} cases au plus : espacez les montants ou les durées."
        fields.fail(amounts.fields[2], FieldReason.TOO_MANY, text)
    violations.raise_if_any()
    return GridAsked(ruleset, facts, terms)


def _amounts(fields: BoundedFields) -> _Axis:
    names = ("min_amount", "max_amount", "step_amount")
    least, most, step = (
        fields.money(name, least, required=False) for name, least in zip(names, (0, 0, 1), strict=True)
    )
    return _Axis(AMOUNT, names, least, most, step)


def _months(fields: BoundedFields) -> _Axis:
    names = ("min_months", "max_months", "step_months")
    return _Axis(MONTHS, names, *(fields.months(name, required=False) for name in names))


def _whole(value: object) -> int:
    """The value of a parameter that bounds a loan: cents or months."""
    if not isinstance(value, int):
        raise TypeError("the package was not checked")
    return value


def _check_axis(
    package: RulePackage, facts: Values, axis: _Axis, ends: tuple[int, int], fields: BoundedFields
) -> None:
    """An axis is ordered, and its ends are values that an application may have."""
    if ends[0] > ends[1]:
        name = axis.fields[0] if axis.least is not None else axis.fields[1]
        fields.fail(name, FieldReason.BOUNDS_REVERSED, "La borne basse dépasse la borne haute.")
        return
    for name, end in zip(axis.fields, ends, strict=False):
        for problem in check_facts(package.facts, {**facts, axis.fact: end}):
            if problem.field == axis.fact:
                fields.fail(name, problem.reason, problem.description)


def _grid(
    ends: tuple[tuple[int, int], tuple[int, int]], step_amount: int | None, step_months: int | None
) -> Grid:
    """The grid of these ends; a step that is not stated is widened when there would be too many cells."""
    (least, most), (shortest, longest) = ends
    stated = 1 if step_amount is None else len(range(least, most + 1, step_amount))
    months = range(
        shortest,
        longest + 1,
        step_months or _step(longest - shortest, DEFAULT_STEP_MONTHS, MAX_CELLS // stated),
    )
    amounts = range(
        least, most + 1, step_amount or _step(most - least, DEFAULT_STEP_AMOUNT, MAX_CELLS // len(months))
    )
    return Grid(amounts, months)


def _step(span: int, unit: int, most: int) -> int:
    """The least multiple of a unit that makes at most so many values, one at least, of a span."""
    gaps = max(1, most - 1)
    step = max(1, -(-span // (gaps * unit))) * unit
    return step if most > 1 else max(step, span // unit * unit + unit)
