"""Every value that the rules read for one application: facts, parameters of the day, calculations; the
second opinion, what the three-valued reference evaluator finds of each rule; and the outcome of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from services.eligibility.package import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Node,
    Outcome,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    WhenAbsent,
    codes_of,
    completed,
    evaluate,
    is_asked,
    missing_facts,
    tree,
)


def request_day(given: Values) -> date:
    """The day of a request whose facts were checked."""
    day = given["request_date"]
    if not isinstance(day, date):
        raise TypeError("the facts were not checked")
    return day


class LazyValues(dict[str, Value | None]):
    """The same values as `all_values`, each calculated the first time that it is read: where few are.
    Begins with facts that are `completed`."""

    def __init__(self, package: RulePackage, facts: Values) -> None:
        super().__init__(facts)
        self._package = package

    def __missing__(self, name: str) -> Value | None:
        value = self[name] = self.calculated(name)
        return value

    def calculated(self, name: str) -> Value | None:
        """The value of a name that is not a fact."""
        package = self._package
        if name in package.parameters:
            return package.parameters[name].on(request_day(self)).value
        if name == MISSING_FACTS:
            return missing_facts(package.facts, self)
        if name == REQUIRED_DOCUMENTS:
            return _required_documents(package, self)
        return evaluate(package.derived[name].expression, self)


def all_values(package: RulePackage, given: Values) -> dict[str, Value | None]:
    """The value of every name of the package's scope, for checked facts; None is unknown or without
    meaning."""
    values = completed(package.facts, given)
    day = request_day(values)
    for name, parameter in package.parameters.items():
        values[name] = parameter.on(day).value
    values[MISSING_FACTS] = missing_facts(package.facts, values)
    values[REQUIRED_DOCUMENTS] = _required_documents(package, values)
    for name, derived in package.derived.items():
        values[name] = evaluate(derived.expression, values)
    return values


def _required_documents(package: RulePackage, values: Values) -> tuple[str, ...]:
    """The documents of the lists whose situation is certain, each once."""
    codes: dict[str, None] = {}
    for required in package.decision.required_documents:
        if required.condition is None or evaluate(required.condition, values) is True:
            codes |= dict.fromkeys(codes_of(values[required.parameter]))
    return tuple(codes)


def true_rules(package: RulePackage, values: Values) -> frozenset[str]:
    """Ids of the rules whose condition is true, neither false nor unknown."""
    return frozenset(rule for rule, truth in verdicts(package, values).items() if truth is True)


def verdicts(package: RulePackage, values: Values) -> dict[str, Value | None]:
    """What the condition of each rule is, by id; None is unknown."""
    return {rule.id: evaluate(rule.condition, values) for rule in package.rules}


def outcome_of(true: Iterable[Rule], undecided: Iterable[Rule], *, missing: bool) -> Outcome:
    """What rules in force advise, whatever the package says: while a fact that is asked is missing, or a rule
    that could refuse is undecided, nothing is presentable."""
    severities = {rule.severity for rule in true}
    if RuleSeverity.BLOCKING in severities:
        return Outcome.NOT_ELIGIBLE
    waiting = missing or any(rule.severity is not RuleSeverity.RESERVE for rule in undecided)
    if waiting or RuleSeverity.MISSING in severities:
        return Outcome.INCOMPLETE
    return Outcome.ELIGIBLE_WITH_RESERVE if severities else Outcome.ELIGIBLE


def absent_facts(package: RulePackage, node: Node, values: Values) -> tuple[str, ...]:
    """The facts whose absence leaves an expression unknown, in the order of the package."""
    found = frozenset(_absent(package, node, values))
    return tuple(name for name in package.facts if name in found)


def suppliable(package: RulePackage, node: Node, values: Values) -> tuple[str, ...]:
    """Those of them that one can supply: they are asked, and do not say by their absence that they do not
    apply."""
    facts = package.facts
    return tuple(
        name
        for name in absent_facts(package, node, values)
        if facts[name].when_absent is not WhenAbsent.NOT_APPLICABLE and is_asked(facts[name], values)
    )


def _absent(package: RulePackage, node: Node, values: Values) -> Iterator[str]:
    if evaluate(node, values) is not None:
        return
    if isinstance(node, tree.Reference):
        if node.name in package.facts:
            yield node.name
        elif node.name in package.derived:
            yield from _absent(package, package.derived[node.name].expression, values)
    for child in tree.children(node):
        yield from _absent(package, child, values)
