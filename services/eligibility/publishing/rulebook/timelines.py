"""The dated values of a parameter, and what changes between two series of them."""

from __future__ import annotations

from datetime import date

from services.eligibility.package import (
    DatedValue,
    Parameter,
    Value,
    ValueType,
    codes_of,
    display,
    listed,
)
from services.kit.dates import Period
from services.kit.french import join, long_date, plural

_NAMED = 8
"""Codes added to or removed from a list are named up to this number, then counted."""


def said_period(period: Period) -> str:
    """« à partir du 1er janvier 2027 », « du … au … inclus »."""
    if period.last is None:
        return f"à partir du {long_date(period.first)}"
    return f"du {long_date(period.first)} au {long_date(period.last)} inclus"


def said_values(parameter: Parameter) -> tuple[str, ...]:
    """Every value of a parameter with its period and its reference."""
    return tuple(_line(parameter, dated) for dated in parameter.values)


def changed_values(before: Parameter, after: Parameter) -> tuple[str, ...]:
    """From which day which value differs; a value whose end only moved says nothing by itself."""
    lines: list[str] = []
    told: tuple[object, ...] = ()
    for day in sorted({dated.period.first for dated in (*before.values, *after.values)}):
        old, new = _value_on(before, day), _value_on(after, day)
        told_now = (_content(old), _content(new))
        if told_now != told and told_now[0] != told_now[1]:
            lines.append(f"à partir du {long_date(day)} : {_change(before, after, old, new)}")
        told = told_now
    return tuple(lines)


def _line(parameter: Parameter, dated: DatedValue) -> str:
    return f"{listed(dated.value, parameter.type)} {said_period(dated.period)} ({dated.reference})"


def _value_on(parameter: Parameter, day: date) -> DatedValue | None:
    return next((dated for dated in parameter.values if day in dated.period), None)


def _content(dated: DatedValue | None) -> tuple[Value, str] | None:
    return (dated.value, dated.reference) if dated else None


def _change(before: Parameter, after: Parameter, old: DatedValue | None, new: DatedValue | None) -> str:
    if new is None:
        return "plus de valeur"
    if old is None:
        return f"{listed(new.value, after.type)} ({new.reference})"
    if old.value == new.value:
        return f"même valeur, autre référence : {new.reference} (auparavant : {old.reference})"
    if isinstance(new.value, tuple) and isinstance(old.value, tuple):
        lists = _list_change(codes_of(old.value), codes_of(new.value), before.type, after.type)
        return f"{lists} ({new.reference})"
    return f"{display(new.value, after.type)} au lieu de {display(old.value, before.type)} ({new.reference})"


def _list_change(
    old: tuple[str, ...], new: tuple[str, ...], before_type: ValueType, after_type: ValueType
) -> str:
    added = tuple(code for code in new if code not in old)
    removed = tuple(code for code in old if code not in new)
    told = [
        *([f"ajout de {_codes(added, after_type)}"] if added else []),
        *([f"retrait de {_codes(removed, before_type)}"] if removed else []),
    ]
    return join(told) or "autre ordre"


def _codes(codes: tuple[str, ...], type_: ValueType) -> str:
    return display(codes, type_) if len(codes) <= _NAMED else plural(len(codes), "élément")
