"""The typed tree of a package in the terms of a solver, three-valued: each name is what is known of it and
its value. Exact on dates, codes and linear amounts; what is not is a free value within proved bounds, so that
what the solver excludes is excluded, and what it finds is to be confirmed by the evaluators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.package import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Fact,
    Kind,
    Outcome,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    ValueType,
    WhenAbsent,
    tree,
)
from services.eligibility.proof.solver import (
    COMPARISONS,
    MONTH,
    Day,
    fixed,
    is_constant,
    month_length,
    number,
    scaled,
    solver,
)
from services.kit.dates import ONE_DAY, Period

_MILLION = 1_000_000
OTHER_TEXT = -1
_MOST_RATE = Fraction(100, 1200)


@dataclass(frozen=True)
class Term:
    """What is known of a value, and the value: a term of the solver, a number, a day, or the presence of each
    code of a list."""

    known: Any
    value: Any


@dataclass(frozen=True)
class Free:
    """A call whose result is not modelled: its arguments, and the value that stands for it."""

    node: tree.Node
    arguments: tuple[Term, ...]
    result: Term


def segments(*packages: RulePackage) -> list[Period]:
    """The periods of days over which no value of these packages changes, within what all of them govern."""
    first = max(package.identity.validity.first for package in packages)
    lasts = [package.identity.validity.last for package in packages if package.identity.validity.last]
    last = min([*lasts, date(2999, 12, 31)])
    starts = {first}
    for package in packages:
        periods = [dated.period for parameter in package.parameters.values() for dated in parameter.values]
        for period in (*periods, *(rule.validity for rule in package.rules)):
            starts |= {period.first, *([period.last + ONE_DAY] if period.last else [])}
    days = sorted(day for day in starts if first <= day <= last)
    return [
        Period(day, following - ONE_DAY)
        for day, following in zip(days, [*days[1:], last + ONE_DAY], strict=True)
    ]


class Model:
    """A package over a period where its values do not change; the facts may be those of another model, to
    compare both on one application, all or all but some."""

    def __init__(
        self,
        package: RulePackage,
        period: Period,
        other: Model | None = None,
        but: frozenset[str] = frozenset(),
    ) -> None:
        self.package, self.period = package, period
        self._z3 = solver()
        self._other = other
        self._mark: str = f"{other._mark}'" if other else ""
        self.codes: dict[str, int] = other.codes if other else {}
        self.constraints: list[Any] = []
        self.free: list[Free] = []
        self._terms: dict[str, Term] = {}
        # The date of the request first: others may not come after it.
        for name in sorted(package.facts, key=lambda one: one != "request_date"):
            shared = other._terms.get(name) if other and name not in but else None
            same = other and name in other.package.facts and other.package.facts[name] == package.facts[name]
            self._terms[name] = shared if shared and same else self._fact(package.facts[name])

    def rule(self, rule: Rule) -> Any:
        """True of the applications of which a rule in force is true."""
        return self.true(rule.condition) if self.in_force(rule) else self._z3.BoolVal(False)

    def in_force(self, rule: Rule) -> bool:
        """Whether a rule is in force over the period."""
        return rule.validity.overlaps(self.period)

    def true(self, node: tree.Node) -> Any:
        """True where a condition is neither false nor unknown."""
        term = self.term(node)
        return self._z3.And(term.known, term.value)

    def outcomes(self) -> dict[Outcome, Any]:
        """For each outcome, the applications that have it."""
        z3 = self._z3
        found: dict[Outcome, Any] = {}
        before: list[Any] = []
        for rank in self.package.decision.ranks:
            here = self._z3.BoolVal(True) if rank.severity is None else self._severity(rank.severity)
            found[rank.outcome] = z3.And(here, *(z3.Not(one) for one in before))
            before.append(here)
        return found

    def _severity(self, severity: RuleSeverity) -> Any:
        z3 = self._z3
        rules = [rule for rule in self.package.rules if self.in_force(rule)]
        parts = [self.rule(rule) for rule in rules if rule.severity is severity]
        if severity is RuleSeverity.MISSING:
            parts += self.name(MISSING_FACTS).value.values()
            decisive = [rule for rule in rules if rule.severity is not RuleSeverity.RESERVE]
            parts += [z3.Not(self.term(rule.condition).known) for rule in decisive]
        return z3.Or(*parts)

    def name(self, name: str) -> Term:
        """A fact, a parameter of the period, a calculation or a list of the language."""
        if name not in self._terms:
            self._terms[name] = self._calculated(name)
        return self._terms[name]

    def _calculated(self, name: str) -> Term:
        package, z3 = self.package, self._z3
        if name in package.parameters:
            parameter = package.parameters[name]
            return self._constant(parameter.on(self.period.first).value, parameter.type)
        if name == MISSING_FACTS:
            wanted = [fact for fact in package.facts.values() if fact.when_absent is WhenAbsent.MISSING]
            return Term(z3.BoolVal(True), {fact.name: self._is_missing(fact) for fact in wanted})
        if name == REQUIRED_DOCUMENTS:
            return Term(z3.BoolVal(True), self._required())
        return self.term(package.derived[name].expression)

    def _is_missing(self, fact: Fact) -> Any:
        asked = fact.type.asked_when
        absent = self._z3.Not(self.name(fact.name).known)
        if asked is None:
            return absent
        term = self.term(asked)
        return self._z3.And(absent, self._z3.Not(self._z3.And(term.known, self._z3.Not(term.value))))

    def _required(self) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for required in self.package.decision.required_documents:
            here = self._z3.BoolVal(True) if required.condition is None else self.true(required.condition)
            for code, listed in self.name(required.parameter).value.items():
                found.setdefault(code, []).append(self._z3.And(here, listed))
        return {code: self._z3.Or(*ways) for code, ways in found.items()}

    def _fact(self, fact: Fact) -> Term:
        z3, name = self._z3, f"{fact.name}{self._mark}"
        always = fact.when_absent in (WhenAbsent.REFUSED, WhenAbsent.NO)
        known = z3.BoolVal(True) if always else z3.Bool(f"{name} known")
        match fact.type.kind:
            case Kind.BOOLEAN:
                return Term(known, z3.Bool(name))
            case Kind.CODES:
                return Term(known, {code: z3.Bool(f"{name} {code}") for code in fact.type.labels})
            case Kind.DATE:
                return Term(known, self._date(fact, name))
        value = z3.Int(name)
        if fact.type.kind in (Kind.CODE, Kind.TEXT):
            codes = fact.type.labels if fact.type.kind is Kind.CODE else self.texts(fact)
            options = [value == self.code(code) for code in codes]
            options += [value == OTHER_TEXT] if fact.type.kind is Kind.TEXT else []
            self.constraints.append(z3.Or(*options))
            return Term(known, value)
        if fact.type.kind is Kind.PERCENT:
            value = z3.ToReal(value) / _MILLION
        self._bound(value, fact.minimum, fact.maximum)
        return Term(known, value)

    def texts(self, fact: Fact) -> Iterable[str]:
        """The texts that some list of the package holds."""
        lists = (
            parameter for parameter in self.package.parameters.values() if parameter.type.of == fact.name
        )
        return tuple(dict.fromkeys(code for one in lists for code in one.type.labels))

    def _bound(self, value: Any, low: Value | None, high: Value | None) -> None:
        self.constraints += [value >= number(self._z3, low)] if low is not None else []
        self.constraints += [value <= number(self._z3, high)] if high is not None else []

    def _date(self, fact: Fact, name: str) -> Day:
        z3 = self._z3
        day = Day(z3.Int(f"{name} y"), z3.Int(f"{name} m"), z3.Int(f"{name} d"))
        low: Any = fact.minimum or date(1, 1, 1)
        high: Any = fact.maximum or date(9999, 12, 31)
        if fact.name == "request_date":
            low, high = max(low, self.period.first), min(high, self.period.last or high)
        self.constraints += [
            *(day.year >= 1, day.year <= 9999, day.month >= 1, day.month <= 12, day.day >= 1),
            day.day <= month_length(z3, day.year, day.month),
            *(day.order >= fixed(low).order, day.order <= fixed(high).order),
        ]
        if fact.not_in_future:
            self.constraints.append(day.order <= self._terms["request_date"].value.order)
        return day

    def code(self, code: str) -> int:
        """The integer that stands for a code or a text."""
        return self.codes.setdefault(code, len(self.codes))

    def _constant(self, value: Value, type_: ValueType) -> Term:
        known = self._z3.BoolVal(True)
        if isinstance(value, bool):
            return Term(known, self._z3.BoolVal(value))
        if isinstance(value, date):
            return Term(known, fixed(value))
        if isinstance(value, str):
            return Term(known, self.code(value))
        if isinstance(value, tuple):
            return Term(known, {code: self._z3.BoolVal(True) for code in value})
        return Term(known, value)

    def term(self, node: tree.Node) -> Term:
        """An expression."""
        z3 = self._z3
        match node:
            case tree.Literal(value=value, type=type_):
                return self._constant(value, type_)
            case tree.Reference(name=name):
                return self.name(name)
            case tree.Known(name=name):
                return Term(z3.BoolVal(True), self.name(name).known)
            case tree.Not(item=item):
                term = self.term(item)
                return Term(term.known, z3.Not(term.value))
            case tree.And(items=items):
                terms = [self.term(item) for item in items]
                false = z3.Or(*(z3.And(one.known, z3.Not(one.value)) for one in terms))
                return Term(z3.Or(false, *[z3.And(*(one.known for one in terms))]), z3.Not(false))
            case tree.Or(items=items):
                terms = [self.term(item) for item in items]
                true = z3.Or(*(z3.And(one.known, one.value) for one in terms))
                return Term(z3.Or(true, z3.And(*(one.known for one in terms))), true)
            case tree.Compare(operator=operator, left=left, right=right):
                sides = self.term(left), self.term(right)
                return Term(z3.And(*(side.known for side in sides)), self._compared(operator, *sides))
            case tree.Arithmetic():
                return self._arithmetic(node)
            case tree.OrZero(item=item, asked_when=asked_when):
                term, asked = self.term(item), self.term(asked_when)
                known = z3.Or(term.known, z3.And(asked.known, z3.Not(asked.value)))
                return Term(known, z3.If(term.known, term.value, 0))
        return self._call(node)

    def _compared(self, operator: str, left: Term, right: Term) -> Any:
        z3 = self._z3
        if operator in ("in", "not in"):
            found = z3.Or(
                *(z3.And(left.value == self.code(code), here) for code, here in right.value.items())
            )
            return found if operator == "in" else z3.Not(found)
        one, other = (
            side.value.order if isinstance(side.value, Day) else side.value for side in (left, right)
        )
        one, other = number(z3, one), number(z3, other)
        return COMPARISONS[operator](one, other)

    def _arithmetic(self, node: tree.Arithmetic) -> Term:
        z3 = self._z3
        left, right = self.term(node.left), self.term(node.right)
        known = z3.And(left.known, right.known)
        match node.operator:
            case "+":
                return Term(known, left.value + right.value)
            case "-":
                return Term(known, left.value - right.value)
            case "/" if not is_constant(right.value):
                return self._free(node, z3.And(known, right.value != 0), (left, right))
            case "/":
                if right.value == 0:
                    return Term(z3.BoolVal(False), 0)
                return Term(known, scaled(z3, left.value, 1 / Fraction(right.value)))
        scale = (
            Fraction(1, 100)
            if {node.left.type.kind, node.right.type.kind} == {Kind.PERCENT, Kind.MONEY}
            else 1
        )
        if is_constant(right.value):
            return Term(known, scaled(z3, left.value, right.value * scale))
        if is_constant(left.value):
            return Term(known, scaled(z3, right.value, left.value * scale))
        return Term(known, scaled(z3, left.value * right.value, scale))

    def _call(self, node: Any) -> Term:
        z3 = self._z3
        terms = tuple(self.term(argument) for argument in node.arguments)
        known = z3.And(*(one.known for one in terms))
        match node.function:
            case "age":
                birth, day = terms[0].value, terms[1].value
                before = day.month * MONTH + day.day < birth.month * MONTH + birth.day
                years = day.year - birth.year - z3.If(before, 1, 0)
                return Term(z3.And(known, birth.order <= day.order), years)
            case "add_months":
                return self._later(known, *terms)
            case "count":
                return Term(known, z3.Sum(*(z3.If(here, 1, 0) for here in terms[0].value.values()), 0))
            case "missing_items":
                supplied = terms[1].value
                items = terms[0].value.items()
                absent = {code: z3.And(here, z3.Not(supplied.get(code, False))) for code, here in items}
                return Term(known, absent)
            case "instalment":
                return self._instalment(node, known, terms)
        return self._free(node, None, terms)

    def _later(self, known: Any, day: Term, months: Term) -> Term:
        z3 = self._z3
        index = day.value.year * 12 + day.value.month - 1 + months.value
        year, month = index / 12, index % 12 + 1
        length = month_length(z3, year, month)
        later = Day(year, month, z3.If(day.value.day > length, length, day.value.day))
        return Term(z3.And(known, year >= 1, year <= 9999), later)

    def _instalment(self, node: tree.Node, known: Any, terms: tuple[Term, ...]) -> Term:
        """Free, between nothing and the amount with a month of interest at the highest rate."""
        amount, months, rate = (one.value for one in terms)
        term = self._free(node, self._z3.And(known, amount >= 0, months >= 1, rate >= 0), terms)
        self.constraints.append(self._z3.Implies(term.known, term.value >= 0))
        most = scaled(self._z3, amount, 1 + _MOST_RATE) + 1
        self.constraints.append(self._z3.Implies(self._z3.And(term.known, rate <= 100), term.value <= most))
        return term

    def _free(self, node: Any, known: Any, terms: tuple[Term, ...]) -> Term:
        for base in (self, *([self._other] if self._other else [])):
            for one in base.free:
                if one.node == node and all(
                    mine is theirs for mine, theirs in zip(terms, one.arguments, strict=True)
                ):
                    return one.result
        z3, name = self._z3, f"free{len(self.free)}{self._mark}"
        if known is None:
            known = z3.Bool(f"{name} known")
        whole = node.type.kind in (Kind.MONEY, Kind.INTEGER) and isinstance(node, tree.Call)
        boolean = node.type.kind is Kind.BOOLEAN
        value = z3.Bool(name) if boolean else z3.Int(name) if whole else z3.Real(name)
        found = Free(node, terms, Term(known, value))
        self.free.append(found)
        return found.result
