"""Rows of the store to and from the facts of the logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import JSON, BigInteger, Date, Integer, Text
from sqlalchemy.types import TypeEngine

from services.bank_registry.registry import (
    FIELDS,
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Contact,
    Field,
    Kind,
    LocalConvention,
    Reservation,
    ReservationState,
    Scope,
    Suspension,
    attributes,
)
from services.kit.dates import Period

Row = Mapping[str, Any]
V = TypeVar("V", Bank, Agreement, LocalConvention)

NO_END = date(9999, 12, 31)
"""`end_date` of what has no end: comparable and indexable, unlike NULL."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of value is written in a column of the store."""

    column: type[TypeEngine[Any]]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    nullable: bool = False


def _same(value: Any) -> Any:
    return value


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _lists(contacts: Sequence[Contact]) -> list[list[str]]:
    return [[one.role, one.name, one.email, one.phone] for one in contacts]


def _contacts(lists: Sequence[Sequence[str]]) -> tuple[Contact, ...]:
    fields = ("role", "name", "email", "phone")
    return tuple(Contact(**dict(zip(fields, texts, strict=True))) for texts in lists)


def _suspension_texts(suspensions: Sequence[Suspension]) -> list[list[str | None]]:
    return [
        [one.period.first.isoformat(), one.period.end.isoformat() if one.period.end else None, one.reason]
        for one in suspensions
    ]


def _suspensions(texts: Sequence[tuple[str, str | None, str]]) -> tuple[Suspension, ...]:
    return tuple(
        Suspension(
            period=Period.ending(date.fromisoformat(start), date.fromisoformat(end) if end else None),
            reason=reason,
        )
        for start, end, reason in texts
    )


_TEXT = Form(Text, _same, _same)
FORMS: Mapping[Kind, Form] = {
    **dict.fromkeys((Kind.ID, Kind.TEXT, Kind.CODE, Kind.LENDER), _TEXT),
    **dict.fromkeys((Kind.CODES, Kind.LINES), Form(JSON, list, tuple)),
    Kind.LENDER_KIND: Form(Text, str, BankKind),
    Kind.SCOPE: Form(Text, str, Scope),
    Kind.DAY: Form(Date, _same, _same, nullable=True),
    Kind.MONEY: Form(BigInteger, _same, _same, nullable=True),
    Kind.PERCENT: Form(Text, _text, _decimal, nullable=True),
    Kind.COUNT: Form(Integer, _same, _same, nullable=True),
    Kind.CONTACTS: Form(JSON, _lists, _contacts),
    Kind.SUSPENSIONS: Form(JSON, _suspension_texts, _suspensions),
}


def stored(fields: Sequence[Field]) -> list[Field]:
    """The columns of a version but its days, which every table has; an id without a column is elsewhere."""
    return [field for field in fields if field.kind in FORMS and (field.kind is not Kind.ID or field.sql)]


class _Columns:
    """The columns of a kind of record, and which of them another form writes and reads: an import asks for
    them forty thousand times."""

    def __init__(self, fields: Sequence[Field]) -> None:
        kept = stored(fields)
        self.names = [field.stored for field in kept]
        self.fields = [(field.name, field.stored) for field in kept]
        self.get = attrgetter(*(field.path or field.name for field in kept))
        forms = [(field, FORMS[field.kind]) for field in kept]
        self.written = [(field.stored, form.write) for field, form in forms if form.write is not _same]
        self.read = [(field.name, form.read) for field, form in forms if form.read is not _same]


_COLUMNS = {kind: _Columns(fields) for kind, fields in FIELDS.items()}


def values_of(record: Bank | Agreement | LocalConvention) -> dict[str, Any]:
    """The columns of a version that state the fact."""
    columns = _COLUMNS[type(record)]
    found: dict[str, Any] = {
        "start_date": record.period.first,
        "end_date": record.period.end or NO_END,
        **dict(zip(columns.names, columns.get(record), strict=True)),
    }
    for name, write in columns.written:
        found[name] = write(found[name])
    return found


def record_of(kind: type[V], row: Row, own_id: str = "") -> V:
    """The fact that a version states; the id of a lender or of an agreement is not in the version."""
    columns = _COLUMNS[kind]
    values = {"id": own_id, **{name: row[column] for name, column in columns.fields}}
    for name, read in columns.read:
        values[name] = read(values[name])
    end = None if row["end_date"] == NO_END else row["end_date"]
    return kind(period=Period.ending(row["start_date"], end), **attributes(kind, values))


def reservation_values(reservation: Reservation) -> dict[str, Any]:
    """The columns of a reservation_version that state the fact."""
    return {
        "amount": reservation.amount,
        "state": reservation.state.value,
        "on_date": reservation.on_date,
        "case_reference": reservation.case_reference,
        "created_at": reservation.created_at,
        "expires_at": reservation.expires_at,
    }


def reservation_of(agreement_id: str, row: Row) -> Reservation:
    """The fact stated by a reservation_version."""
    return Reservation(
        id=row["reservation_key"],
        agreement_id=agreement_id,
        amount=row["amount"],
        state=ReservationState(row["state"]),
        on_date=row["on_date"],
        case_reference=row["case_reference"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


FORMAT = 2
"""Form of these documents; a change of columns is a new number."""


def bank_document(record: BankRecord) -> dict[str, Any]:
    """A lender with its agreements and conventions."""
    return {
        "format": FORMAT,
        "banks": [_plain(values_of(bank)) for bank in record.banks],
        "agreements": [{"id": one.id, **_plain(values_of(one))} for one in record.agreements],
        "conventions": [_plain(values_of(one)) for one in record.conventions],
    }


def reservation_document(reservation: Reservation) -> dict[str, Any]:
    """A reservation."""
    return {"format": FORMAT, **_plain(reservation_values(reservation))}


def record_of_document(bank_id: str, document: Mapping[str, Any]) -> BankRecord:
    """The lender of a document; a field that was added since is empty."""
    return BankRecord(
        tuple(record_of(Bank, _dated(Bank, one), bank_id) for one in document["banks"]),
        tuple(record_of(Agreement, _dated(Agreement, one), one["id"]) for one in document["agreements"]),
        tuple(record_of(LocalConvention, _dated(LocalConvention, one)) for one in document["conventions"]),
    )


def reservation_of_document(number: int, agreement_id: str, document: Mapping[str, Any]) -> Reservation:
    """The reservation of a document."""
    on_date = date.fromisoformat(document["on_date"])
    return reservation_of(agreement_id, {**document, "reservation_key": number, "on_date": on_date})


def _dated(kind: type, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a version from those of a document."""
    found: dict[str, Any] = {name: date.fromisoformat(plain[name]) for name in ("start_date", "end_date")}
    for field in stored(FIELDS[kind]):
        form = FORMS[field.kind]
        value = plain.get(field.stored, None if form.nullable else () if form.column is JSON else "")
        found[field.stored] = date.fromisoformat(value) if value and form.column is Date else value
    return found


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
