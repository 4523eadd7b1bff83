"""Whether an application may stay incomplete for ever: a blocking or missing rule that nothing decides, and
no absent fact that one could supply for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from services.eligibility.engine import Critical, LazyValues, suppliable
from services.eligibility.package import (
    BOOLEAN,
    Case,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    WhenAbsent,
    completed,
    evaluate,
    facts_read,
    tree,
)
from services.eligibility.publishing.check.agreement import Trial
from services.eligibility.publishing.check.applications import Application
from services.eligibility.publishing.check.ready_case import ready_case
from services.kit.findings import Findings

_ZERO, _ONE = (tree.Literal(number, tree.INTEGER) for number in (0, 1))
MAX_SEARCHED = 20_000
"""Applications looked at for all the rules together."""


def check_undecidable(package: RulePackage, critical: Critical, trial: Trial, findings: Findings) -> None:
    """Records, for each rule, a first application that it leaves incomplete whatever is supplied; those
    tried already are looked at first, then the cases around what has no value."""
    left = MAX_SEARCHED
    for rule in package.rules:
        if rule.severity is RuleSeverity.RESERVE:
            continue
        for application in () if rule.id in trial.endless else _searched(package, critical, rule):
            left -= 1
            if left < 0 or rule.id in trial.endless:
                break
            if _is_open(package, rule, application):
                trial.run(application)
    for id_, (application, found) in trial.endless.items():
        case = ready_case(package, f"SANS_FIN_{id_}", application.facts, found)
        findings.error(package.place("rules.yaml", id_, "when"), _said(application, case))


def _said(application: Application, case: str) -> str:
    return (
        f"Pour {application.origin}, rien de ce que l’on peut fournir ne tranche cette règle : la demande "
        "resterait incomplète. Écrivez « or_zero(…) » ou « sum_known(…) » pour un terme sans objet, ou "
        f"« known(…) and » devant la condition. Cas prêt à ajouter, à corriger de l’issue voulue : {case}"
    )


def _is_open(package: RulePackage, rule: Rule, application: Application) -> bool:
    """True when the rule is unknown there, and nothing that one can supply stands behind it."""
    values = LazyValues(package, completed(package.facts, application.facts))
    unknown = evaluate(rule.condition, values) is None
    return unknown and not suppliable(package, rule.condition, values)


def _searched(package: RulePackage, critical: Critical, rule: Rule) -> Iterator[Application]:
    """Each case without what may not apply behind the rule, then where an operation has no meaning."""
    read = facts_read(package, tree.names(rule.condition))
    optional = [name for name in package.facts if name in read and _may_not_apply(package, name)]
    around = {condition for node in _behind(package, rule.condition) for condition in _meaningless(node)}
    around |= {
        asked
        for name in optional
        if (asked := package.facts[name].type.asked_when) and any(tree.names(asked))
    }
    meaningless = Critical(package, around)
    moved = sorted(facts_read(package, {name for leaf in around for name in tree.names(leaf)}))
    for case in package.cases:
        absences = dict.fromkeys([*((name,) for name in optional), tuple(optional)])
        for absent in (*absences, ()):
            gone: dict[str, Value | None] = dict.fromkeys(absent)
            if absent:
                yield _without(package, case, gone)
            for name in moved:
                for value in meaningless.values({**case.facts, **gone}, name):
                    yield _without(package, case, {**gone, name: value})
    for corner, name in product(_corners(package, moved), moved):
        for value in meaningless.values({**package.base, **corner}, name):
            facts = {**package.base, **corner, name: value}
            yield Application(facts, f"le cas de base avec {_told(package, {**corner, name: value})}")


def _corners(package: RulePackage, moved: Sequence[str]) -> Iterator[dict[str, Value | None]]:
    """Several facts together, at their least or at their most: a sum of them is zero there alone."""
    facts = [package.facts[name] for name in moved]
    yield {fact.name: fact.minimum for fact in facts if fact.minimum is not None}
    yield {fact.name: fact.maximum for fact in facts if fact.maximum is not None}


def _without(package: RulePackage, case: Case, changed: dict[str, Value | None]) -> Application:
    return Application({**case.facts, **changed}, f"le cas {case.id} avec {_told(package, changed)}")


def _told(package: RulePackage, changed: Values) -> str:
    return ", ".join(
        f"« {package.facts[name].label} » {'absent' if value is None else 'changé'}"
        for name, value in changed.items()
    )


def _may_not_apply(package: RulePackage, name: str) -> bool:
    fact = package.facts[name]
    return fact.when_absent is WhenAbsent.NOT_APPLICABLE or fact.type.asked_when is not None


def _behind(package: RulePackage, node: tree.Node) -> Iterator[tree.Node]:
    """Every node of an expression and of the calculations that it reads."""
    yield node
    if isinstance(node, tree.Reference) and node.name in package.derived:
        yield from _behind(package, package.derived[node.name].expression)
    for child in tree.children(node):
        yield from _behind(package, child)


def _meaningless(node: tree.Node) -> tuple[tree.Node, ...]:
    """When an operation has no value though all that it reads is known."""
    match node:
        case tree.Arithmetic(operator="/", right=divisor):
            return (_compare("==", divisor, _ZERO),)
        case tree.Call(function="share_pct", arguments=(_, whole)):
            return (_compare("==", whole, _ZERO),)
        case tree.Call(function="age", arguments=(birth, day)):
            return (_compare(">", birth, day),)
        case tree.Call(function="instalment", arguments=(amount, months, rate)):
            return (_compare("<", amount, _ZERO), _compare("<", months, _ONE), _compare("<", rate, _ZERO))
    return ()


def _compare(operator: str, left: tree.Node, right: tree.Node) -> tree.Node:
    return tree.Compare(operator, left, right, BOOLEAN)
