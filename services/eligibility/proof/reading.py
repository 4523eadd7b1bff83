"""From what the solver finds to the facts of an application, and from what the evaluators find to the
solver."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.package import Fact, Kind, Value, Values
from services.eligibility.proof.solver import fixed, number, solver
from services.eligibility.proof.terms import OTHER_TEXT, Free, Model, Term


def read_application(model: Model, found: Any) -> dict[str, Value | None]:
    """The application that the solver found."""
    return {name: _read(model, fact, found) for name, fact in model.package.facts.items()}


def _read(model: Model, fact: Fact, found: Any) -> Value | None:
    term = model.name(fact.name)
    if not holds(found, term.known):
        return None
    match fact.type.kind:
        case Kind.BOOLEAN:
            return holds(found, term.value)
        case Kind.CODES:
            return tuple(code for code, here in term.value.items() if holds(found, here))
        case Kind.DATE:
            return date(
                *(_whole(found, part) for part in (term.value.year, term.value.month, term.value.day))
            )
        case Kind.PERCENT:
            value = found.eval(term.value, model_completion=True)
            return Fraction(value.numerator_as_long(), value.denominator_as_long())
    whole = _whole(found, term.value)
    if fact.type.kind in (Kind.MONEY, Kind.INTEGER):
        return whole
    return next((code for code, index in model.codes.items() if index == whole), _outside(model, fact))


def _outside(model: Model, fact: Fact) -> str:
    """A text that no list holds."""
    listed = set(model.texts(fact))
    texts = (text for text in map("{:05d}".format, range(1001, 99_999)) if text not in listed)
    return next(text for text in texts if fact.format is None or fact.format.pattern.fullmatch(text))


def holds(found: Any, term: Any) -> bool:
    """Whether the solver gave this truth."""
    return bool(solver().is_true(found.eval(term, model_completion=True)))


def _whole(found: Any, term: Any) -> int:
    return int(found.eval(term, model_completion=True).as_long())


def lemma(model: Model, free: Free, given: Values, evaluated: Value | None) -> tuple[Any, Any]:
    """That the arguments of a call are those, and that its result is the one that was evaluated: the first
    implies the second."""
    z3 = solver()
    same = [
        equal(model, argument, given_)
        for argument, given_ in zip(free.arguments, given.values(), strict=True)
    ]
    if evaluated is None:
        return z3.And(*same), z3.Not(free.result.known)
    value = z3.BoolVal(evaluated) if isinstance(evaluated, bool) else number(z3, evaluated)
    return z3.And(*same), z3.And(free.result.known, free.result.value == value)


def equal(model: Model, term: Term, value: Value | None) -> Any:
    """That a term has a value, or is unknown."""
    z3 = solver()
    if value is None:
        return z3.Not(term.known)
    if isinstance(value, tuple):
        here = [listed if code in value else z3.Not(listed) for code, listed in term.value.items()]
        return z3.And(term.known, *here)
    if isinstance(value, date):
        return z3.And(term.known, term.value.order == fixed(value).order)
    if isinstance(value, bool):
        return z3.And(term.known, term.value == z3.BoolVal(value))
    # A text that no list holds has no integer of its own.
    other = model.codes.get(value, OTHER_TEXT) if isinstance(value, str) else value
    return z3.And(term.known, number(z3, term.value) == number(z3, other))
