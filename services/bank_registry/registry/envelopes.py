"""Envelopes of agreements: what a reservation may take, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import Agreement, BankRecord, Reservation, ReservationState
from services.bank_registry.registry.reasons import agreement_date_reasons, lender_reasons
from services.bank_registry.registry.resources import AGREEMENT_NAME, agreement_name, name_of
from services.bank_registry.registry.timeline import version_on
from services.kit import french
from services.kit.dates import from_microseconds, paris_day
from services.kit.errors import FailedPrecondition

_CLOSED = {
    ReservationState.COMMITTED: "a déjà été engagée",
    ReservationState.RELEASED: "a déjà été libérée",
}


@dataclass(frozen=True, slots=True)
class AskedReservation:
    """A reservation to make: cents, instants in microseconds."""

    agreement_id: str
    amount: int
    on_date: date
    case_reference: str
    expires_at: int


def terms_on(record: BankRecord, agreement_id: str, day: date) -> Agreement:
    """The terms of an agreement on a day; it exists."""
    return version_on([one for one in record.agreements if one.id == agreement_id], day)


def sharing(
    records: Records, record: BankRecord, agreement_id: str
) -> list[tuple[BankRecord, tuple[Agreement, ...]]]:
    """The agreements that share an envelope, itself first: mergers made one of them go on from another."""
    found: dict[str, tuple[BankRecord, tuple[Agreement, ...]]] = {}
    waiting = [(record, agreement_id)]
    while waiting:
        holder, own_id = waiting.pop(0)
        name = agreement_name(holder.bank.id, own_id)
        if name in found:
            continue
        versions = tuple(one for one in holder.agreements if one.id == own_id)
        found[name] = holder, versions
        for former in filter(None, (AGREEMENT_NAME.fullmatch(one.continues) for one in versions)):
            if former["bank"] in records:
                waiting.append((records[former["bank"]], former["agreement"]))
        if later := records.get(holder.bank.successor):
            waiting += [(later, one.id) for one in later.agreements if one.continues == name]
    return list(found.values())


def reserved(records: Records, record: BankRecord, agreement: Agreement, instant: int) -> int:
    """What reservations take from the envelope of an agreement at an instant, in cents."""
    if not (agreement.continues or record.bank.successor):
        return record.reserved(agreement.id, instant) if record.reservations else 0
    places = sharing(records, record, agreement.id)
    return sum(holder.reserved(one[0].id, instant) for holder, one in places if one)


def remaining(records: Records, bank_id: str, agreement_id: str, day: date, now: int) -> int | None:
    """What remains of an envelope, in cents; None without one, or if the agreement was withdrawn since."""
    record = records[bank_id]
    if all(one.id != agreement_id for one in record.agreements):
        return None
    terms = terms_on(record, agreement_id, day)
    return terms.remaining(reserved(records, record, terms, now))


def reserve(
    records: Records, record: BankRecord, asked: AskedReservation, now: int, expiry_instant: int
) -> Reservation:
    """The reservation, without its id; FailedPrecondition if the envelope does not allow it, the reservations
    that expired by `expiry_instant` being over."""
    terms = terms_on(record, asked.agreement_id, asked.on_date)
    name = agreement_name(record.bank.id, terms.id)
    bank = version_on(record.banks, asked.on_date)
    against = [*lender_reasons(bank, asked.on_date), *agreement_date_reasons(terms, asked.on_date)]
    if against:
        text = " ".join(reason.message for reason in against)
        metadata = {"name": name, "date": asked.on_date.isoformat()}
        raise FailedPrecondition("AGREEMENT_NOT_IN_FORCE", text, metadata=metadata)
    left = terms.remaining(reserved(records, record, terms, expiry_instant))
    if left is None:
        text = f"L’accord {terms.reference} n’a pas d’enveloppe : il n’y a rien à réserver."
        raise FailedPrecondition("NO_ENVELOPE", text, metadata={"name": name})
    if asked.amount > left:
        raise FailedPrecondition(
            "ENVELOPE_EXHAUSTED",
            f"Le montant demandé ({french.euros(asked.amount)}) dépasse ce qui reste de l’enveloppe "
            f"({french.euros(left)}).",
            metadata={"remaining_cents": str(left), "amount_cents": str(asked.amount)},
        )
    return Reservation(
        0,
        terms.id,
        asked.amount,
        ReservationState.HELD,
        asked.on_date,
        asked.case_reference,
        now,
        asked.expires_at,
    )


def expired(record: BankRecord, agreement_id: str, now: int) -> list[Reservation]:
    """The reservations of an agreement that expired and are not recorded as such."""
    return [
        one
        for one in record.reservations
        if one.agreement_id == agreement_id
        and one.state is ReservationState.HELD
        and one.state_at(now) is ReservationState.EXPIRED
    ]


def commit(bank_id: str, reservation: Reservation, amount: int | None, now: int) -> Reservation:
    """The reservation committed, for its amount or less; FailedPrecondition if nothing is held."""
    _check_open(bank_id, reservation, now, (ReservationState.HELD,))
    amount = reservation.amount if amount is None else amount
    return replace(reservation, state=ReservationState.COMMITTED, amount=amount)


def release(bank_id: str, reservation: Reservation, now: int) -> Reservation:
    """The reservation given back; FailedPrecondition if nothing is held nor committed."""
    _check_open(bank_id, reservation, now, (ReservationState.HELD, ReservationState.COMMITTED))
    return replace(reservation, state=ReservationState.RELEASED)


def _check_open(
    bank_id: str, reservation: Reservation, now: int, allowed: tuple[ReservationState, ...]
) -> None:
    state = reservation.state_at(now)
    if state in allowed:
        return
    metadata = {"name": name_of(bank_id, reservation), "state": state.value}
    if state is ReservationState.EXPIRED:
        moment = from_microseconds(reservation.expires_at)
        text = f"La réservation a expiré le {french.long_date(paris_day(moment))} : rien n’est plus retenu."
        metadata["expire_time"] = moment.isoformat().replace("+00:00", "Z")
        raise FailedPrecondition("RESERVATION_EXPIRED", text, metadata=metadata)
    text = f"La réservation {_CLOSED[state]}."
    raise FailedPrecondition("RESERVATION_CLOSED", text, metadata=metadata)
