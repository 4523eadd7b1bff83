"""A lender that goes on inside another one: its agreements and conventions, from a day on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from itertools import chain, count, groupby
from operator import attrgetter

from services.bank_registry.registry import editing, timeline
from services.bank_registry.registry.model import BankRecord
from services.bank_registry.registry.reasons import Advice
from services.bank_registry.registry.resources import LONGEST_ID, agreement_name
from services.bank_registry.registry.timeline import V
from services.kit import french
from services.kit.errors import FieldReason


def merged(record: BankRecord, into: BankRecord, day: date) -> tuple[BankRecord, BankRecord, list[Advice]]:
    """The lender ended from a day on, the other one with all that it had from then on, what to look at."""
    ended = editing.ended(editing.bank_target(record), day)
    ended = replace(
        ended,
        banks=(*ended.banks[:-1], replace(ended.bank, successor=into.bank.id)),
        agreements=timeline.end(record.agreements, day),
        conventions=timeline.end(record.conventions, day),
    )
    _refuse_absent(into, day)
    agreements = _moved(record.agreements, day, _free_ids(record, [one.id for one in into.agreements]))
    named = [replace(new, continues=agreement_name(record.bank.id, old)) for old, new in agreements]
    conventions, advice = [], []
    for _, one in _moved(record.conventions, day, _free_ids(record, [one.id for one in into.conventions])):
        if any(own.period.overlaps(one.period) for own in into.conventions):
            text = f"La convention {one.reference or one.id} prend fin : {into.bank.name} a déjà la sienne."
            advice.append(Advice("successor", "CONVENTION_NOT_MOVED", text))
        else:
            conventions.append(one)
    taking = replace(
        into,
        agreements=tuple(sorted([*into.agreements, *named], key=lambda one: (one.id, one.period.first))),
        conventions=tuple(sorted([*into.conventions, *conventions], key=attrgetter("period.first"))),
    )
    return ended, taking, advice


def _refuse_absent(into: BankRecord, day: date) -> None:
    if not any(day in one.period for one in into.banks):
        text = f"{into.bank.name} n’est pas au registre le {french.long_date(day)}."
        raise editing.invalid("successor", FieldReason.OUTSIDE_PERIOD, text)


def _moved(facts: Iterable[V], day: date, free: Callable[[str], str]) -> list[tuple[str, V]]:
    """The versions that are true from a day on, under a free id, each with its former one."""
    found: list[tuple[str, V]] = []
    for old_id, group in groupby(sorted(facts, key=attrgetter("id")), key=attrgetter("id")):
        rest = [(one, one.period.since(day)) for one in group]
        versions = [replace(one, period=period) for one, period in rest if period]
        if versions:
            new_id = free(old_id)
            spans = [(one, one.period.since(day)) for one in timeline.suspensions(versions)]
            suspensions = [replace(one, period=period) for one, period in spans if period]
            renamed = [replace(one, id=new_id) for one in versions]
            found += [(old_id, one) for one in timeline.suspended_as(renamed, suspensions)]
    return found


def _free_ids(record: BankRecord, known: Iterable[str]) -> Callable[[str], str]:
    """Gives each id of a lender one that the other has not: its own, else with that of the lender."""
    taken = set(known)

    def free(own_id: str) -> str:
        longer = f"{record.bank.id}-{own_id}"[:LONGEST_ID].strip("-")
        numbered = (f"{longer[: LONGEST_ID - 5]}-{number}" for number in count(2))
        found = next(one for one in chain((own_id, longer), numbered) if one not in taken)
        taken.add(found)
        return found

    return free
