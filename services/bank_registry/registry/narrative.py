"""What changed for a lender between two states of knowledge, in French sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from services.bank_registry.registry import timeline
from services.bank_registry.registry.fields import FIELDS, Kind
from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Bounds,
    Contact,
    LocalConvention,
    Reservation,
    ReservationState,
    Suspension,
)
from services.bank_registry.registry.territory import Scope, Territory
from services.kit import french
from services.kit.dates import Period

LABELS: dict[tuple[type, str], str] = {
    (record, (field.path or field.name).partition(".")[0]): field.label
    for record, fields in FIELDS.items()
    for field in fields
    if field.label
}
"""The name of each attribute whose change is told, by type and attribute."""

_CENTS = {
    (field.path or field.name).partition(".")[0]
    for fields in FIELDS.values()
    for field in fields
    if field.kind is Kind.MONEY
}
KINDS = {
    BankKind.CREDIT_INSTITUTION: "établissement de crédit",
    BankKind.CREDIT_MUNICIPAL: "crédit municipal",
    BankKind.ASSOCIATION: "association",
    BankKind.FOUNDATION: "fondation",
}
SCOPES = {
    Scope.NATIONAL: "France entière",
    Scope.REGIONS: "régions",
    Scope.DEPARTEMENTS: "départements",
    Scope.EPCI: "intercommunalités",
    Scope.COMMUNES: "communes",
}
NOTHING = "rien"
MOST = 10
"""Codes of a territory that are printed; the others are counted."""


def shown(field: str, value: object) -> str:
    """A value as people read it."""
    match value:
        case None | "" | ():
            return NOTHING
        case BankKind():
            return KINDS[value]
        case Territory():
            return _territory(value)
        case Bounds():
            return _bounds(field, value)
        case tuple():
            return ", ".join(one.role if isinstance(one, Contact) else str(one) for one in value)
    return _plain(field, value)


def _plain(field: str, value: object) -> str:
    match value:
        case date():
            return french.long_date(value)
        case int() if field in _CENTS:
            return french.euros(value)
        case int() | Decimal():
            return french.number(value)
    return str(value)


def _bounds(field: str, bounds: Bounds[int] | Bounds[Decimal]) -> str:
    named = (("à partir de", bounds.least), ("jusqu’à", bounds.greatest))
    parts = [f"{word} {_plain(field, value)}" for word, value in named if value is not None]
    return " ".join(parts) or NOTHING


def _territory(territory: Territory) -> str:
    if not territory.codes:
        return SCOPES[territory.scope]
    codes = [*territory.codes[:MOST]]
    if len(territory.codes) > MOST:
        codes.append(french.plural(len(territory.codes) - MOST, "autre"))
    return f"{SCOPES[territory.scope]} {french.join(codes)}"


Dated = Bank | Agreement | LocalConvention

_STATES = {
    ReservationState.HELD: "posée",
    ReservationState.COMMITTED: "engagée",
    ReservationState.RELEASED: "libérée",
    ReservationState.EXPIRED: "expirée",
}


def narrate(before: BankRecord | None, after: BankRecord | None) -> list[str]:
    """Every change, the lender first, then its agreements, its conventions and its reservations."""
    empty = BankRecord(())
    one, other = before or empty, after or empty
    return [
        *_resource("Prêteur", one.banks, other.banks),
        *_resources("Accord", one.agreements, other.agreements),
        *_resources("Convention", one.conventions, other.conventions),
        *_reservations(one.reservations, other.reservations, other.agreements),
    ]


def _resources(kind: str, before: Sequence[Dated], after: Sequence[Dated]) -> Iterator[str]:
    olds, news = _by_id(before), _by_id(after)
    for identifier in dict.fromkeys((*olds, *news)):
        versions = news.get(identifier) or olds[identifier]
        named = f"{kind} {getattr(versions[-1], 'reference', '') or identifier}"
        yield from _resource(named, olds.get(identifier, []), news.get(identifier, []))


def _by_id(facts: Sequence[Dated]) -> dict[str, list[Dated]]:
    ordered = sorted(facts, key=attrgetter("id"))
    return {identifier: list(versions) for identifier, versions in groupby(ordered, key=attrgetter("id"))}


def _resource(named: str, before: Sequence[Dated], after: Sequence[Dated]) -> Iterator[str]:
    if not before and not after:
        return
    if not before:
        name = f" « {after[-1].name} »" if isinstance(after[-1], Bank) else ""
        yield f"{named}{name} : entrée au registre{_span(_whole(after))}."
        yield from _suspensions(named, (), timeline.suspensions(after))
    elif not after:
        yield f"{named} : retrait du registre, où il n’aurait pas dû figurer."
    elif list(before) != list(after):
        yield from _days(named, _whole(before), _whole(after))
        yield from _suspensions(named, timeline.suspensions(before), timeline.suspensions(after))
        yield from _terms(named, before, after)


def _whole(versions: Sequence[Dated]) -> Period:
    return Period(versions[0].period.first, versions[-1].period.last)


def _span(period: Period) -> str:
    since = "" if period.first == date.min else f", à partir du {french.long_date(period.first)}"
    return since + (f", jusqu’au {french.long_date(period.last)}" if period.last else "")


def _days(named: str, before: Period, after: Period) -> Iterator[str]:
    if before.first != after.first:
        start = "sans date connue" if after.first == date.min else f"le {french.long_date(after.first)}"
        yield f"{named} : premier jour {start}."
    if before.last != after.last:
        yield f"{named} : " + (
            f"dernier jour le {french.long_date(after.last)}."
            if after.last
            else "plus de dernier jour prévu."
        )


def _suspensions(named: str, before: Sequence[Suspension], after: Sequence[Suspension]) -> Iterator[str]:
    olds = {one.period.first: one for one in before}
    news = {one.period.first: one for one in after}
    for start in sorted({*olds, *news}):
        old, new = olds.get(start), news.get(start)
        if old == new:
            continue
        if new is None:
            yield f"{named} : suspension prévue du {french.long_date(start)} annulée."
        elif old is not None and new.period.end and _is_shorter(new.period.end, old.period.end):
            yield f"{named} : suspension levée à partir du {french.long_date(new.period.end)}."
        else:
            yield f"{named} : suspension {_days_of(new)}."


def _is_shorter(end: date, before: date | None) -> bool:
    return before is None or end < before


def _days_of(suspension: Suspension) -> str:
    start, last = french.long_date(suspension.period.first), suspension.period.last
    span = f"du {start} au {french.long_date(last)}" if last else f"à partir du {start}, jusqu’à nouvel ordre"
    return f"{span} ({suspension.reason})" if suspension.reason else span


def _terms(named: str, before: Sequence[Dated], after: Sequence[Dated]) -> Iterator[str]:
    """The fields that differ on the days that both have, from each day on which one of them begins to."""
    told: dict[str, tuple[object, object]] = {}
    for day in sorted({version.period.first for version in (*before, *after)}):
        old, new = timeline.version_on(before, day), timeline.version_on(after, day)
        for field in fields(new):
            pair = getattr(old, field.name), getattr(new, field.name)
            label = LABELS.get((type(new), field.name))
            if label is None or told.get(field.name, (None, None)) == pair:
                continue
            if pair[0] != pair[1]:
                since = "" if day <= _whole(after).first else f" à partir du {french.long_date(day)}"
                old_text, new_text = (shown(field.name, value) for value in pair)
                yield f"{named} : {label}{since}, « {old_text} » devient « {new_text} »."
            told[field.name] = pair


def _reservations(
    before: Sequence[Reservation], after: Sequence[Reservation], agreements: Sequence[Agreement]
) -> Iterator[str]:
    olds = {one.id: one for one in before}
    references = {one.id: one.reference for one in agreements}
    for one in after:
        if olds.get(one.id) != one:
            case = f", dossier {one.case_reference}" if one.case_reference else ""
            amount, agreement = french.euros(one.amount), references.get(one.agreement_id, one.agreement_id)
            yield f"Réservation n° {one.id} {_STATES[one.state]} : {amount}, accord {agreement}{case}."
