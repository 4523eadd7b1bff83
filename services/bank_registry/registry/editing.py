"""What an edit makes of a lender: its new record, or why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any, Generic, TypeVar

from services.bank_registry.registry import timeline
from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention, Suspension
from services.bank_registry.registry.resources import bank_name, etag, name_of
from services.kit import french
from services.kit.dates import Period
from services.kit.errors import Aborted, FailedPrecondition, FieldReason, InvalidArgument, Violation

V = TypeVar("V", Bank, Agreement, LocalConvention)


@dataclass(frozen=True)
class Target(Generic[V]):
    """The versions of a resource of a lender, and how to put others in their place."""

    record: BankRecord
    versions: tuple[V, ...]
    put: Callable[[BankRecord, tuple[V, ...]], BankRecord]

    @property
    def name(self) -> str:
        """Resource name."""
        return name_of(self.record.bank.id, self.versions[-1])

    def check_etag(self, given: str) -> None:
        """Aborted if the resource is not the one that the caller read."""
        present = etag(self.versions)
        if given and given != present:
            raise Aborted(
                "ETAG_MISMATCH",
                "Une autre modification a eu lieu entre-temps : relisez, puis réessayez.",
                metadata={"name": self.name, "etag": present},
            )

    def with_versions(self, versions: Sequence[V]) -> BankRecord:
        """The lender with these versions instead."""
        return self.put(self.record, tuple(versions))


def bank_target(record: BankRecord) -> Target[Bank]:
    """The terms of a lender."""
    return Target(record, record.banks, lambda record, banks: replace(record, banks=banks))


def agreement_target(record: BankRecord, agreement_id: str) -> Target[Agreement]:
    """The terms of an agreement; no version if there is none."""

    def put(record: BankRecord, versions: tuple[Agreement, ...]) -> BankRecord:
        others = (one for one in record.agreements if one.id != agreement_id)
        agreements = sorted([*others, *versions], key=lambda one: (one.id, one.period.first))
        return replace(record, agreements=tuple(agreements))

    return Target(record, tuple(one for one in record.agreements if one.id == agreement_id), put)


def convention_target(record: BankRecord, convention_id: str) -> Target[LocalConvention]:
    """The terms of a local convention; no version if there is none."""

    def put(record: BankRecord, versions: tuple[LocalConvention, ...]) -> BankRecord:
        others = (one for one in record.conventions if one.id != convention_id)
        conventions = sorted([*others, *versions], key=lambda one: one.period.first)
        _refuse_overlap(record.bank.id, conventions)
        return replace(record, conventions=tuple(conventions))

    return Target(record, tuple(one for one in record.conventions if one.id == convention_id), put)


def revised(target: Target[V], change: Callable[[V], V], since: date | None) -> BankRecord:
    """New terms from a day on, or for all the days; InvalidArgument if the day is not one of its own."""
    if since is not None and not any(since in version.period for version in target.versions):
        text = f"Le {french.long_date(since)} n’est pas {_within(target)}."
        raise invalid("effective_date", FieldReason.OUTSIDE_PERIOD, text)
    return target.with_versions(timeline.revise(target.versions, change, since))


def moved(target: Target[V], period: Period) -> Target[V]:
    """The same resource with other first and last days."""
    return replace(target, versions=timeline.move(target.versions, period))


def extended(target: Target[V], last: date | None) -> BankRecord:
    """The resource with a later last day, on its latest terms; InvalidArgument if it is not later."""
    whole = Period(target.versions[0].period.first, target.versions[-1].period.last)
    if whole.last is None or (last is not None and last <= whole.last):
        present = f"est le {french.long_date(whole.last)}" if whole.last else "n’est pas fixé"
        text = f"Son dernier jour {present} : une prolongation est plus tardive ; sinon, terminez-le (end)."
        raise invalid("end_date", FieldReason.BOUNDS_REVERSED, text)
    return target.with_versions(moved(target, Period(whole.first, last)).versions)


def ended(target: Target[V], day: date) -> BankRecord:
    """The resource without the days from `day` on."""
    first, last = target.versions[0].period, target.versions[-1].period
    if day <= first.first:
        start = french.long_date(first.first)
        text = f"Terminé le {french.long_date(day)}, il n’aurait aucun jour : son premier est le {start}."
        raise invalid("effective_date", FieldReason.BOUNDS_REVERSED, text)
    if last.last and last.is_over(day):
        text = (
            f"Son dernier jour est déjà le {french.long_date(last.last)} : pour le prolonger, donnez-lui un "
            "autre dernier jour (extend) ; une fin par erreur se défait (undo)."
        )
        raise _refused(target, "ALREADY_ENDED", text, last.end)
    return target.with_versions(timeline.end(target.versions, day))


def suspended(target: Target[V], suspension: Suspension) -> BankRecord:
    """The resource with one more suspension."""
    if not any(version.period.overlaps(suspension.period) for version in target.versions):
        text = f"Aucun jour de la suspension n’est {_within(target)}."
        raise invalid("effective_date", FieldReason.OUTSIDE_PERIOD, text)
    other = timeline.suspended(target.versions, suspension.period)
    if other is not None:
        start = french.long_date(other.period.first)
        text = (
            f"Une suspension qui commence le {start} couvre déjà une partie de ces jours : prolongez-la "
            "(prolong), ou rétablissez d’abord."
        )
        raise _refused(target, "ALREADY_SUSPENDED", text, other.period.first)
    return target.with_versions(timeline.suspend(target.versions, suspension))


def prolonged(target: Target[V], day: date, last: date | None) -> BankRecord:
    """The resource with another last day for the suspension of a day."""
    found = [one for one in timeline.suspensions(target.versions) if day in one.period]
    if not found:
        raise _not_suspended(target, day)
    (present,) = found
    if last is not None and last < present.period.first:
        start = french.long_date(present.period.first)
        raise invalid("end_date", FieldReason.BOUNDS_REVERSED, f"La suspension commence le {start}.")
    wanted = Period(present.period.first, last)
    for other in timeline.suspensions(target.versions):
        if other != present and other.period.overlaps(wanted):
            start = french.long_date(other.period.first)
            text = f"Une autre suspension commence le {start}."
            raise _refused(target, "ALREADY_SUSPENDED", text, other.period.first)
    return target.with_versions(timeline.prolong(target.versions, day, last))


def undone(record: BankRecord, before: BankRecord | None, after: BankRecord, name: str) -> BankRecord:
    """The lender with what a state changed put back, of it all or of what it holds under a name."""
    if before is None:
        raise FailedPrecondition(
            "NOTHING_TO_UNDO",
            "Cet état a fait entrer le prêteur au registre : il ne se défait pas ; terminez le prêteur.",
            metadata={"name": name},
        )
    found, changed = record, False
    for target in _targets(before, after):
        old, new, present = (target(one).versions for one in (before, after, found))
        held = next(iter((*new, *old)))
        held_name = name_of(record.bank.id, held)
        if old == new or name not in (bank_name(record.bank.id), held_name):
            continue
        if present != new:
            raise FailedPrecondition(
                "CHANGED_SINCE",
                f"{held_name} a été modifié depuis cet état : défaites d’abord le plus récent.",
                metadata={"name": held_name},
            )
        found, changed = target(found).with_versions(old), True
    if not changed:
        text = "Cet état n’a rien changé de cette fiche : relisez son historique."
        raise FailedPrecondition("NOTHING_TO_UNDO", text, metadata={"name": name})
    return found


def _targets(*records: BankRecord) -> Iterator[Callable[[BankRecord], Target[Any]]]:
    """How to find each of the resources of some records."""
    yield bank_target
    for agreement_id in dict.fromkeys(one.id for record in records for one in record.agreements):
        yield partial(agreement_target, agreement_id=agreement_id)
    for convention_id in dict.fromkeys(one.id for record in records for one in record.conventions):
        yield partial(convention_target, convention_id=convention_id)


def reinstated(target: Target[V], day: date) -> BankRecord:
    """The resource without the suspension of a day, from that day on."""
    if not any(day in one.period for one in timeline.suspensions(target.versions)):
        raise _not_suspended(target, day)
    return target.with_versions(timeline.reinstate(target.versions, day))


def _within(target: Target[V]) -> str:
    """`dans la période du 1er janvier 2024 au 31 décembre 2026`."""
    first, last = target.versions[0].period.first, target.versions[-1].period.last
    since = "" if first == date.min else f"du {french.long_date(first)} "
    until = "sans fin" if last is None else f"au {french.long_date(last)}"
    return f"dans sa période ({since}{until})"


def _not_suspended(target: Target[V], day: date) -> FailedPrecondition:
    text = f"Aucune suspension ne couvre le {french.long_date(day)}."
    if any(version.period.is_over(day) for version in target.versions[-1:]):
        last = target.versions[-1].period.last or day
        text += f" Son dernier jour est le {french.long_date(last)} : une fin par erreur se défait (undo)."
    return _refused(target, "NOT_SUSPENDED", text, day)


def _refuse_overlap(bank_id: str, conventions: Iterable[LocalConvention]) -> None:
    for one, other in pairwise(conventions):
        if one.period.overlaps(other.period):
            start = french.long_date(other.period.first)
            reference = one.reference or one.id
            raise FailedPrecondition(
                "PERIOD_OVERLAP",
                f"La convention « {reference} » est déjà en vigueur le {start} : terminez-la d’abord.",
                metadata={"name": name_of(bank_id, one), "date": other.period.first.isoformat()},
            )


def invalid(field: str, reason: FieldReason, text: str) -> InvalidArgument:
    """The refusal of one field of a request."""
    violation = Violation(field, reason, text)
    message = "Un champ de la demande est incorrect."
    return InvalidArgument("INVALID_FIELDS", message, metadata={"count": "1"}, violations=[violation])


def _refused(target: Target[V], reason: str, text: str, day: date | None) -> FailedPrecondition:
    metadata = {"name": target.name} | ({"date": day.isoformat()} if day else {})
    return FailedPrecondition(reason, text, metadata=metadata)
