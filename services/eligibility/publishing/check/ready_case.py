"""An application written as a file of cases, ready to be added to its package."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from services.eligibility.answer import Assessment
from services.eligibility.loan import shown_decimal
from services.eligibility.package import Kind, RulePackage, Value, Values


def ready_case(package: RulePackage, id_: str, given_facts: Values, found: Assessment) -> str:
    """The whole content of a file of cases, on one line, with what is obtained: every fact is written, so
    that it needs no other file."""
    facts = {name: given_facts.get(name) for name in package.facts}
    given = ", ".join(
        f"{name}: {_written(value, package.facts[name].type.kind)}"
        for name, value in facts.items()
        if value is not None
    )
    absent = ", ".join(name for name, value in facts.items() if value is None)
    reasons = ", ".join(reason.code for reason in found.reasons)
    places = ", ".join(place.code for place in found.orientations)
    expected = f"expected: {{outcome: {found.outcome.value}, reasons: [{reasons}], orientations: [{places}]}}"
    without = f"without: [{absent}], " if absent else ""
    return f"cases: [{{id: {id_}, title: {id_}, changes: {{{given}}}, {without}{expected}}}]"


def _written(value: Value, kind: Kind) -> str:
    """As the files of a package write it."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(value)}]"
        case str():
            return f"'{value.replace(chr(39), chr(39) * 2)}'"
    if kind is Kind.MONEY:
        sign, (euros, cents) = "-" if value < 0 else "", divmod(abs(int(value)), 100)
        return f"{sign}{euros}.{cents:02d}"
    return str(value) if isinstance(value, int) else _percent(value)


def _percent(value: Fraction) -> str:
    return f"{shown_decimal(value):f}"
