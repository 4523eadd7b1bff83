"""From checked facts to the advice, each reason with the comparisons that make it true.

durable_rules decides which rules are true; the reference evaluator decides beside it. Where they differ,
the answer is never "eligible": a human looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from services.eligibility.answer.assessment import (
    Assessment,
    Comparison,
    Figure,
    Operand,
    Orientation,
    Reason,
)
from services.eligibility.answer.undecided import missing_fact, undecided
from services.eligibility.engine import EngineError, all_values, outcome_of, request_day, verdicts
from services.eligibility.package import (
    BOOLEAN,
    ENGINE_DISAGREEMENT,
    Outcome,
    Rule,
    RulePackage,
    Value,
    Values,
    ValueType,
    codes_of,
    display,
    evaluate,
    missing_facts,
    rounded,
    tree,
)
from services.kit.french import plural, spaced

MAX_LISTED = 5
Engine = Callable[[Values], frozenset[str]]
"""Gives the ids of the rules that are true of these values, or raises EngineError."""
REVIEW_LABEL = "À examiner par une personne"
_REVIEW_MESSAGE = spaced(
    "Les deux évaluations des règles ne concordent pas : aucune issue n’est proposée, "
    "le dossier doit être examiné par une personne et l’anomalie signalée."
)

ENGINE_FAILED = "*"
"""Stands for a rule in the disagreements when the engine gave no answer."""


def true_comparisons(package: RulePackage, condition: tree.Node, values: Values) -> tuple[Comparison, ...]:
    """The true leaves of a condition, in its order; none of an alternative that is not true."""
    day = request_day(values)
    leaves = _leaves(tree.push_negations(condition), values)
    return tuple(_comparison(package, leaf, values, day) for leaf in leaves)


def _leaves(node: tree.Node, values: Values) -> Iterator[tree.Node]:
    if evaluate(node, values) is not True:
        return
    if isinstance(node, tree.And | tree.Or):
        for item in node.items:
            yield from _leaves(item, values)
    else:
        yield node


def _comparison(package: RulePackage, leaf: tree.Node, values: Values, day: date) -> Comparison:
    match leaf:
        case tree.Compare(operator=operator, left=left, right=right):
            return Comparison(
                _operand(package, left, right.type, values, day),
                operator,
                _operand(package, right, left.type, values, day),
            )
        case tree.Not(item=item):
            return _comparison(package, item, values, day)
        case tree.Known(name=name):
            return Comparison(_named(package, name, values, day))
    return Comparison(_operand(package, leaf, BOOLEAN, values, day))


def _operand(package: RulePackage, node: tree.Node, other: ValueType, values: Values, day: date) -> Operand:
    """A literal is shown as its other side is: 0 as an amount, a code by its label."""
    if isinstance(node, tree.Reference):
        return _named(package, node.name, values, day)
    value = evaluate(node, values)
    type_ = ValueType(node.type.kind, other.of, other.labels) if node.type.of else other
    return Operand("", "", type_, value, display(value, type_))


def _named(package: RulePackage, name: str, values: Values, day: date) -> Operand:
    type_, value = package.scope[name], values[name]
    parameter = package.parameters.get(name)
    reference = parameter.on(day).reference if parameter else ""
    return Operand(name, package.labels.get(name, ""), type_, value, _shown(value, type_), reference)


def _shown(value: Value | None, type_: ValueType) -> str:
    """A long list is counted: its label says what it holds."""
    if len(codes_of(value)) > MAX_LISTED:
        return plural(len(codes_of(value)), "élément")
    return display(value, type_)


@dataclass(frozen=True)
class Judgement:
    """The outcome with the rules in force that hold and those that are undecided, and the values that they
    read; `disagreements` as in an Assessment."""

    values: Values
    rules: tuple[Rule, ...]
    undecided: tuple[Rule, ...]
    missing: tuple[str, ...]
    outcome: Outcome
    outcome_label: str
    disagreements: tuple[str, ...]


def judge(package: RulePackage, engine: Engine, given: Values) -> Judgement:
    """The outcome alone, without its reasons in words."""
    values = all_values(package, given)
    truths = verdicts(package, values)
    expected = frozenset(rule for rule, truth in truths.items() if truth is True)
    fired, disagreements = _confront(engine, expected, values)
    day = request_day(values)
    in_force = [rule for rule in package.rules if day in rule.validity]
    rules = tuple(rule for rule in in_force if rule.id in fired | expected)
    undecided_rules = tuple(rule for rule in in_force if truths[rule.id] is None)
    missing = missing_facts(package.facts, values)
    outcome = outcome_of(rules, undecided_rules, missing=bool(missing))
    if disagreements:
        outcome = Outcome.NEEDS_REVIEW
    labels = {rank.outcome: rank.label for rank in package.decision.ranks}
    return Judgement(
        values, rules, undecided_rules, missing, outcome, labels.get(outcome, REVIEW_LABEL), disagreements
    )


def assess(package: RulePackage, engine: Engine, given: Values) -> Assessment:
    """The advice on facts that `check_facts` accepts, under the rules in force on their request date."""
    return in_words(package, judge(package, engine, given))


def in_words(package: RulePackage, judged: Judgement) -> Assessment:
    """The advice that a judgement is, with its reasons, figures and orientations."""
    values = judged.values
    reasons = tuple(_reason(package, rule, values) for rule in judged.rules)
    if judged.disagreements:
        reasons = (Reason(ENGINE_DISAGREEMENT, None, _REVIEW_MESSAGE, "", "", ()), *reasons)
    return Assessment(
        outcome=judged.outcome,
        outcome_label=judged.outcome_label,
        reasons=reasons,
        figures=_figures(package, values),
        missing=tuple(missing_fact(package, name) for name in judged.missing),
        orientations=_orientations(package, reasons),
        disagreements=judged.disagreements,
        undecided=undecided(package, judged.undecided, values),
    )


def _confront(
    engine: Engine, expected: frozenset[str], values: Values
) -> tuple[frozenset[str], tuple[str, ...]]:
    """What the engine finds true, and the rules on which it differs from the reference."""
    try:
        fired = engine(values)
    except EngineError:
        return frozenset(), (ENGINE_FAILED,)
    return fired, tuple(sorted(fired ^ expected))


def _reason(package: RulePackage, rule: Rule, values: Values) -> Reason:
    condition = rule.orientation_condition
    called = condition is None or evaluate(condition, values) is True
    return Reason(
        code=rule.code,
        severity=rule.severity,
        message=_message(package, rule, values),
        article=rule.article,
        orientation=rule.orientation if called else "",
        comparisons=true_comparisons(package, rule.condition, values),
    )


def _orientations(package: RulePackage, reasons: tuple[Reason, ...]) -> tuple[Orientation, ...]:
    """Those that the reasons call for, each once, in their order."""
    codes = dict.fromkeys(reason.orientation for reason in reasons if reason.orientation)
    return tuple(Orientation(code, package.decision.orientations[code]) for code in codes)


def _message(package: RulePackage, rule: Rule, values: Values) -> str:
    """The first sentence whose condition is true, its names replaced by their values."""
    parts = next(
        message.parts
        for message in rule.messages
        if message.condition is None or evaluate(message.condition, values) is True
    )
    return "".join(
        display(values[part], package.scope[part]) if index % 2 else part for index, part in enumerate(parts)
    )


def _figures(package: RulePackage, values: Values) -> tuple[Figure, ...]:
    """The figures that can be computed."""
    found: list[Figure] = []
    for name, derived in package.derived.items():
        value: Value | None = values[name]
        if derived.is_figure and value is not None:
            shown = rounded(value, derived.type)
            found.append(Figure(name, derived.label, derived.type, shown, display(shown, derived.type)))
    return tuple(found)
