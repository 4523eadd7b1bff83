"""parameters.yaml, dated values each with the deliberation or article that sets it; derived.yaml, named
calculations each over what comes before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from services.eligibility.package.display import display
from services.eligibility.package.facts import Fact, plain_text
from services.eligibility.package.facts_file import check_name
from services.eligibility.package.findings import did_you_mean
from services.eligibility.package.model import DatedValue, Derived, Parameter
from services.eligibility.package.tables import Table, parse_literal
from services.eligibility.package.tree import DATE, NO_LABELS, Kind, Value, ValueType
from services.kit.dates import ONE_DAY, Period
from services.kit.findings import Place
from services.kit.french import typeset

_KINDS = {kind.value: kind for kind in Kind if kind not in (Kind.CODE, Kind.TEXT)}


def read_parameters(table: Table, facts: Mapping[str, Fact], validity: Period) -> dict[str, Parameter]:
    """The parameters by name; their values must cover the package's validity without gap or overlap."""
    parameters: dict[str, Parameter] = {}
    for name, place, row in table.rows():
        parameter = _read_parameter(name, place, row, facts, validity)
        if parameter is not None:
            parameters[name] = parameter
        if name in facts:
            table.fail(name, f"« {name} » est déjà le nom d’un fait.")
    return parameters


def _read_parameter(
    name: str, place: Place, row: Table, facts: Mapping[str, Fact], validity: Period
) -> Parameter | None:
    kind = row.choice("type", _KINDS)
    if not check_name(row, name, place) or kind is None:
        return None
    of = _coded_fact(row, facts) if kind is Kind.CODES else None
    labels: dict[str, str] = dict(of.type.labels) if of else {}
    items = list(row.tables("values"))
    values = _read_values(items, kind, of, labels)
    type_ = ValueType(kind, of.name if of else "", labels or NO_LABELS, row.text("unit", required=False))
    label = row.typeset("label")
    row.close()
    _check_timeline(row, items, values, validity)
    return Parameter(name, type_, label, tuple(values))


def _coded_fact(row: Table, facts: Mapping[str, Fact]) -> Fact | None:
    name = row.text("of")
    fact = facts.get(name)
    if name and (fact is None or fact.type.kind not in (Kind.CODE, Kind.CODES, Kind.TEXT)):
        row.fail("of", f"« {name} » n’est pas un fait dont les valeurs sont des codes.")
        return None
    return fact


def _read_values(
    items: Sequence[Table], kind: Kind, of: Fact | None, labels: dict[str, str]
) -> list[DatedValue]:
    """The values in the order of the file; a missing last day is the eve of the next value."""
    read: list[tuple[date | None, date | None, Value | None, str, bool]] = []
    for item in items:
        first = item.date("valid_from")
        last = item.date("valid_until", required=False)
        if first is not None and last is not None and last < first:
            item.fail("valid_until", "Le dernier jour vient avant le premier.")
        value: Value | None
        if kind is Kind.CODES:
            value = _read_codes(item, of, labels)
        else:
            value = item.parsed("value", lambda text: parse_literal(kind, text))
        read.append((first, last, value, item.typeset("reference"), item.flag("draft")))
        item.close()
    if any(first is None or value is None for first, _, value, *_ in read):
        return []  # what cannot be read leaves a gap that is none
    values: list[DatedValue] = []
    for index, (first, last, value, reference, draft) in enumerate(read):
        following = read[index + 1][0] if index + 1 < len(read) else None
        if first is not None and value is not None:
            end = last or (following - ONE_DAY if following else None)
            # Values out of order: the check of the timeline says so, on periods of one day at least.
            values.append(DatedValue(Period(first, end and max(first, end)), value, reference, draft))
    return values


def _read_codes(item: Table, of: Fact | None, labels: dict[str, str]) -> tuple[str, ...] | None:
    """Codes of the fact's list; for a text, codes with their labels, checked against its form."""
    if of is None:
        item.node("value")
        return None
    if of.type.kind is not Kind.TEXT:
        scalars = item.scalars("value")
        for scalar in scalars:
            if scalar.text not in of.type.labels:
                hint = did_you_mean(scalar.text, of.type.labels)
                item.fail_at(scalar.place, f"Le code « {scalar.text} » n’existe pas pour « {of.name} »{hint}")
        codes = [scalar.text for scalar in scalars]
    else:
        rows = item.table("value")
        words = list(rows.words()) if rows else []
        for code, place, label in words:
            if of.format and not of.format.pattern.fullmatch(code):
                item.fail_at(place, of.format.description)
            labels[plain_text(code)] = typeset(label.text)
        codes = [plain_text(code) for code, _, _ in words]
    if len(set(codes)) < len(codes):
        item.fail("value", "Un code est écrit deux fois.")
    return tuple(codes)


def _check_timeline(row: Table, items: Sequence[Table], values: list[DatedValue], validity: Period) -> None:
    if not values:
        return
    if values[0].period.first > validity.first:
        row.fail(
            "values", f"Aucune valeur du {_day(validity.first)} au {_day(values[0].period.first - ONE_DAY)}."
        )
    for item, (before, after) in zip(items[1:], pairwise(values), strict=True):
        last, first = before.period.last, after.period.first
        if last is None or last >= first or first <= before.period.first:
            item.fail("valid_from", f"Deux valeurs le {_day(first)}.")
        elif last + ONE_DAY < first:
            row.fail("values", f"Aucune valeur du {_day(last + ONE_DAY)} au {_day(first - ONE_DAY)}.")
    end = values[-1].period.last
    if end is not None and (validity.last is None or end < validity.last):
        row.fail("values", f"Aucune valeur après le {_day(end)}, alors que le paquet est encore en vigueur.")


def _day(day: date) -> str:
    return display(day, DATE)


def read_derived(table: Table, scope: dict[str, ValueType]) -> dict[str, Derived]:
    """The calculations by name, in the order of the file; each enters the scope of the next ones."""
    derived: dict[str, Derived] = {}
    for name, place, row in table.rows():
        expression = row.expression("value", scope, calculation=True)
        label = row.typeset("label")
        unit = row.text("unit", required=False)
        is_figure = row.flag("figure")
        row.close()
        if name in scope:
            table.fail(name, f"« {name} » est déjà le nom d’un fait, d’un paramètre ou d’un calcul.")
        elif check_name(row, name, place) and expression is not None:
            type_ = replace(expression.type, unit=unit, asked_when=None)
            derived[name] = Derived(name, type_, label, expression, is_figure)
            scope[name] = type_
    return derived
