"""Every value that the rules read for one application: facts, parameters of the day, calculations; and the
second opinion, the rules that the three-valued reference evaluator finds true."""

from __future__ import annotations

from datetime import date

from services.eligibility.package import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    RulePackage,
    Value,
    Values,
    codes_of,
    completed,
    evaluate,
    missing_facts,
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
    return frozenset(rule.id for rule in package.rules if evaluate(rule.condition, values) is True)
