"""Which days a change touches, which of them are past, and what it changes of reservations in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from services.bank_registry.registry import envelopes, timeline
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import ALWAYS, Bank, BankRecord, Reservation, Suspension
from services.bank_registry.registry.reasons import agreement_date_reasons, lender_reasons
from services.bank_registry.registry.timeline import Dated, V
from services.kit import french
from services.kit.dates import ONE_DAY, Period

Seen = Callable[[Dated, date], object]
"""What is looked at of a version, on a day."""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """Something that was answered, and its answer before and after a change."""

    question: str
    before: str
    after: str


def days_touched(before: BankRecord, after: BankRecord) -> list[Period]:
    """The days on which a lender, an agreement or a convention is not as it was."""
    found: list[Period] = []
    for one, other in _resources(before, after):
        found += touched(one, other, _terms)
    return united(found)


def touched(before: Sequence[Dated], after: Sequence[Dated], seen: Seen) -> list[Period]:
    """The days on which what is seen of a resource differs; None is seen of it where it has no version."""
    versions = (*before, *after)
    periods = [version.period for version in versions]
    periods += [one.period for version in versions for one in version.suspensions]
    starts = sorted({period.first for period in periods} | {one.end for one in periods if one.end})
    found = []
    for start, end in pairwise([*starts, None]):
        if start and _seen(before, start, seen) != _seen(after, start, seen):
            found.append(Period.ending(start, end))
    return united(found)


def past_days(periods: Iterable[Period], today: date) -> list[Period]:
    """Those of some days that are before a day."""
    return [past for period in periods if (past := period.before(today))]


def days_text(periods: Sequence[Period]) -> str:
    """`du 01/01/2024 au 31/12/2026`, `à partir du 01/01/2027`."""
    return ", ".join(map(_span, periods))


def from_day(before: BankRecord, after: BankRecord, day: date) -> BankRecord:
    """A lender as it was until a day, and as another record says from it on."""
    banks = _joined(before.banks, after.banks, day)
    agreements = _joined_by_id(before.agreements, after.agreements, day)
    conventions = _joined_by_id(before.conventions, after.conventions, day)
    ordered = tuple(sorted(conventions, key=lambda one: one.period.first))
    return replace(after, banks=banks, agreements=agreements, conventions=ordered)


def reservation_changes(
    bank_id: str, before: Records, after: Records, instant: int
) -> Iterator[AnswerChange]:
    """The reservations in force of a lender that a change of the registry makes impossible, or possible."""
    for one in before[bank_id].reservations:
        if one.weighs(instant):
            answers = [_against(records, bank_id, one, instant) for records in (before, after)]
            if answers[0] != answers[1]:
                on, amount = french.long_date(one.on_date), french.euros(one.amount)
                yield AnswerChange(f"réservation n° {one.id} du {on} ({amount})", *answers)


def _against(records: Records, bank_id: str, reservation: Reservation, instant: int) -> str:
    """`possible`, or every reason against a reservation, where its agreement is on its day."""
    day = reservation.on_date
    sharing = envelopes.sharing(records, records[bank_id], reservation.agreement_id)
    places = [(record, versions) for record, versions in sharing if versions]
    if not places:
        return "L’accord n’est plus au registre."
    in_force = (place for place in places if any(day in one.period for one in place[1]))
    record, versions = next(in_force, places[0])
    terms = timeline.version_on(versions, day)
    lender = timeline.version_on(record.banks, day)
    reasons = [
        *lender_reasons(lender, reservation.on_date),
        *agreement_date_reasons(terms, reservation.on_date),
    ]
    texts = [reason.message for reason in reasons]
    taken = (terms.committed or 0) + envelopes.reserved(records, record, terms, instant)
    if terms.envelope is None or taken > terms.envelope:
        texts.append("L’enveloppe ne couvre plus ce qui est réservé.")
    return " ".join(texts) or "possible"


def _resources(before: BankRecord, after: BankRecord) -> Iterator[tuple[list[Dated], list[Dated]]]:
    yield list(before.banks), list(after.banks)
    for kind in ("agreements", "conventions"):
        one, other = (_by_id(getattr(record, kind)) for record in (before, after))
        for identifier in dict.fromkeys((*one, *other)):
            yield one.get(identifier, []), other.get(identifier, [])


def _by_id(facts: Iterable[V]) -> dict[str, list[V]]:
    found: dict[str, list[V]] = {}
    for fact in facts:
        found.setdefault(fact.id, []).append(fact)
    return found


def _seen(versions: Sequence[Dated], day: date, seen: Seen) -> object:
    return next((seen(version, day) for version in versions if day in version.period), None)


def _terms(version: Dated, day: date) -> object:
    terms = replace(version, period=ALWAYS, suspensions=())
    if isinstance(terms, Bank) and version.period.last:
        terms = replace(terms, successor="")  # it says nothing of the days before the end
    return terms, suspension_on(version, day)


def suspension_on(version: Dated, day: date) -> str | None:
    """The reason of the suspension of a day; None without one."""
    return next((one.reason for one in version.suspensions if day in one.period), None)


def united(periods: Iterable[Period]) -> list[Period]:
    """The same days, in as few periods as can be."""
    found: list[Period] = []
    for period in sorted(periods, key=lambda one: one.first):
        if found and (found[-1].last is None or period.first <= found[-1].last + ONE_DAY):
            lasts = [found[-1].last, period.last]
            last = None if None in lasts else max(one for one in lasts if one)
            found[-1] = Period(found[-1].first, last)
        else:
            found.append(period)
    return found


def _span(period: Period) -> str:
    start, last = french.short_date(period.first), period.last and french.short_date(period.last)
    if period.first == date.min:
        return f"jusqu’au {last}" if last else "tous les jours"
    return f"du {start} au {last}" if last else f"à partir du {start}"


def _joined(before: Sequence[V], after: Sequence[V], day: date) -> tuple[V, ...]:
    kept = [replace(one, period=past) for one in before if (past := one.period.before(day))]
    come = [replace(one, period=rest) for one in after if (rest := one.period.since(day))]
    suspensions = _joined_suspensions(timeline.suspensions(before), timeline.suspensions(after), day)
    return timeline.suspended_as([*kept, *come], suspensions)


def _joined_by_id(before: Sequence[V], after: Sequence[V], day: date) -> tuple[V, ...]:
    olds, news = _by_id(before), _by_id(after)
    names = sorted({*olds, *news})
    return tuple(one for name in names for one in _joined(olds.get(name, []), news.get(name, []), day))


def _joined_suspensions(
    before: Iterable[Suspension], after: Iterable[Suspension], day: date
) -> list[Suspension]:
    found = [replace(one, period=past) for one in before if (past := one.period.before(day))]
    for one in after:
        rest = one.period.since(day)
        if rest is None:
            continue
        last = found[-1] if found else None
        if last and last.reason == one.reason and last.period.end == rest.first:
            found[-1] = replace(last, period=Period(last.period.first, rest.last))
        else:
            found.append(replace(one, period=rest))
    return found
