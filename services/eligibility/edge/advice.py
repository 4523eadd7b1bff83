"""Suggestions of changes and grids of loan terms."""

from __future__ import annotations

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import eligibility_service_pb2 as pb
from services.eligibility.advice.changes import PRESENTABLE, Change, smallest_changes
from services.eligibility.advice.grid import MAX_CELLS, Axis, Cell, cells
from services.eligibility.assessment.assess import assess
from services.eligibility.deployment import Deployment, Ruleset
from services.eligibility.display import display
from services.eligibility.edge.answers import assessment_pb, ruleset_pb
from services.eligibility.edge.application import read_application
from services.eligibility.edge.fields import Fields
from services.eligibility.edge.values import fact_value
from services.eligibility.evaluation import request_day
from services.eligibility.language.types import Values
from services.eligibility.package.model import RulePackage
from services.kit import wire
from services.kit.context import check_deadline
from services.kit.errors import Violations
from services.kit.french import euros, join, months

DEFAULT_SUGGESTIONS, MAX_SUGGESTIONS = 5, 20


def suggest_changes(request: pb.SuggestChangesRequest, deployment: Deployment) -> pb.SuggestChangesResponse:
    """The smallest changes that make the application presentable."""
    violations = Violations()
    found = read_application(request, deployment, violations)
    if not 0 <= request.max_suggestions <= MAX_SUGGESTIONS:
        text = f"Le nombre de suggestions va de 1 à {MAX_SUGGESTIONS} (0 : {DEFAULT_SUGGESTIONS})."
        violations.add("max_suggestions", "VALUE_OUT_OF_RANGE", text)
    names = _names(request, found[0].package, violations) if found else []
    violations.raise_if_any()
    assert found is not None  # noqa: S101 - its absence is a violation
    ruleset, facts = found
    current = assess(ruleset.package, ruleset.engine, facts)
    most = request.max_suggestions or DEFAULT_SUGGESTIONS
    changes: list[Change] = []
    if current.outcome not in PRESENTABLE:
        changes = smallest_changes(ruleset.package, ruleset.engine, facts, names, most, check_deadline)
    stamp = deployment.stamp(ruleset)
    if current.outcome in PRESENTABLE:
        summary = "Le dossier est déjà présentable."
    elif changes:
        summary = _sentence(ruleset.package, facts, changes[0].values)
    else:
        summary = "Aucun changement de ces éléments ne rend le dossier présentable."
    return pb.SuggestChangesResponse(
        suggestions=[
            pb.Suggestion(
                changes=[_changed(ruleset.package, facts, name, change.values) for name in change.values],
                assessment=assessment_pb(change.assessment, stamp),
                summary=_sentence(ruleset.package, facts, change.values),
            )
            for change in changes
        ],
        summary=summary,
        current=assessment_pb(current, stamp),
    )


def _names(request: pb.SuggestChangesRequest, package: RulePackage, violations: Violations) -> list[str]:
    """The facts that may change, in the order of the package."""
    actionable = [fact for fact in package.facts.values() if fact.actionable]
    if not request.facts:
        return [fact.name for fact in actionable]
    known = {fact.name for fact in actionable} | {fact.path for fact in actionable}
    for index, name in enumerate(request.facts):
        if name not in known:
            text = "Le règlement ne dit pas que la personne peut agir sur ce fait."
            violations.add(f"facts[{index}]", "FACT_NOT_ACTIONABLE", text)
    return [fact.name for fact in actionable if fact.name in request.facts or fact.path in request.facts]


def _changed(package: RulePackage, facts: Values, name: str, values: Values) -> pb.SuggestedChange:
    fact, current = package.facts[name], facts.get(name)
    return pb.SuggestedChange(
        path=fact.path,
        label=fact.label,
        current=None if current is None else fact_value(current, fact.type),
        current_display=display(current, fact.type),
        suggested=fact_value(values[name], fact.type),
        suggested_display=display(values[name], fact.type),
    )


def _sentence(package: RulePackage, facts: Values, values: Values) -> str:
    parts = []
    for name, value in values.items():
        fact = package.facts[name]
        before, after = display(facts.get(name), fact.type), display(value, fact.type)
        parts.append(f"« {fact.label} » : {after} au lieu de {before}")
    return f"{join(parts)}."


def explore_loan_terms(
    request: pb.ExploreLoanTermsRequest, deployment: Deployment
) -> pb.ExploreLoanTermsResponse:
    """The outcomes over a grid of amounts and durations."""
    violations = Violations()
    found = read_application(request, deployment, violations)
    axes = _axes(request, found[0] if found else None, found[1] if found else {}, violations)
    violations.raise_if_any()
    assert found is not None and axes is not None  # noqa: S101, PT018 - their absence is a violation
    ruleset, facts = found
    amounts, durations = axes
    grid = list(
        cells(
            ruleset.package,
            ruleset.engine,
            facts,
            amounts.values(),
            durations.values(),
            balance_funding=request.balance_funding,
            check=check_deadline,
        )
    )
    return pb.ExploreLoanTermsResponse(
        amounts=map(wire.money, amounts.values()),
        months=durations.values(),
        cells=map(_cell, grid),
        summary=_grid_summary(grid),
        ruleset=ruleset_pb(deployment.stamp(ruleset)),
    )


def _axes(
    request: pb.ExploreLoanTermsRequest, ruleset: Ruleset | None, facts: Values, violations: Violations
) -> tuple[Axis, Axis] | None:
    fields = Fields(request, "", violations)
    given = [
        fields.optional_money("min_amount", 0),
        fields.optional_money("max_amount", 0),
        fields.optional_money("step_amount", 1),
        fields.optional_months("min_months"),
        fields.optional_months("max_months"),
        fields.optional_months("step_months"),
    ]
    if violations or ruleset is None:
        return None
    bounds, day = ruleset.package.decision.loan_bounds, request_day(facts)

    def value(index: int, parameter: str) -> int:
        stated = given[index]
        if stated is not None:
            return stated
        return ruleset.package.parameters[parameter].on(day).value  # type: ignore[return-value]

    amounts = Axis(value(0, bounds.min_amount), value(1, bounds.max_amount), given[2] or 10_000)
    durations = Axis(value(3, bounds.min_months), value(4, bounds.max_months), given[5] or 6)
    for axis, name in ((amounts, "min_amount"), (durations, "min_months")):
        if axis.least > axis.most:
            fields.fail(name, "BOUNDS_REVERSED", "La borne basse dépasse la borne haute.")
    if not violations and len(amounts.values()) * len(durations.values()) > MAX_CELLS:
        fields.fail("step_amount", "GRID_TOO_LARGE", f"La grille compte {MAX_CELLS} cases au plus.")
    return amounts, durations


def _cell(cell: Cell) -> pb.LoanTermsCell:
    return pb.LoanTermsCell(
        amount=wire.money(cell.amount),
        months=cell.months,
        outcome=assessment_pb2.Outcome.Value(f"OUTCOME_{cell.outcome.value}"),
        reason_codes=cell.reason_codes,
        instalment=None if cell.instalment is None else wire.money(cell.instalment),
    )


def _grid_summary(grid: list[Cell]) -> str:
    good = [cell for cell in grid if cell.outcome in PRESENTABLE]
    if not good:
        return "Aucune case de cette grille n’est présentable."
    best = min(good, key=lambda cell: (-cell.amount, cell.months))
    return f"Le montant présentable le plus élevé est de {euros(best.amount)}, sur {months(best.months)} au moins."
