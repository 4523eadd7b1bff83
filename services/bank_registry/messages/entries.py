"""Reads lenders, agreements and local conventions given as messages, with the very checks of imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from microcredit.bankregistry.v1 import bank_pb2 as pb
from services.bank_registry.files import BankReader, Fields
from services.bank_registry.messages import names
from services.bank_registry.registry import Advice, Agreement, Bank, Geography, LocalConvention
from services.kit import wire
from services.kit.dates import ONE_DAY
from services.kit.errors import FieldReason, Violations

FIRST_YEAR = 1900

_RENAMED = {"start": "start_date", "end": "end_date", "territories": "territory_codes"}
_BANK_RENAMED = {**_RENAMED, "name": "display_name"}

Values = dict[str, object]
F = TypeVar("F")


class Entries:
    """Reads messages; `problems` forbid the edit, `advice` is to be looked at."""

    def __init__(self, geography: Geography) -> None:
        self.problems = Violations()
        self.advice: list[Advice] = []
        self._geography = geography

    def bank(self, message: pb.Bank, bank_id: str) -> Bank | None:
        """The terms of a lender."""
        values = _Values("bank", self.problems)
        read: Values = {
            "id": bank_id,
            "name": message.display_name,
            "kind": _enum(pb.BankKind.Name(message.kind), "BANK_KIND_"),
            **_texts(message, "siren", "cib", "bic", "lei", "siret", "network"),
            "successor": message.successor
            and names.bank_id(message.successor, self.problems, "bank.successor"),
            **values.period(message),
        }
        return self._read(read, "bank", "bank_id", _BANK_RENAMED, BankReader.bank)

    def agreement(self, message: pb.Agreement, agreement_id: str) -> Agreement | None:
        """The terms of an agreement."""
        values = _Values("agreement", self.problems)
        read: Values = {
            "id": agreement_id,
            **_texts(message, "reference", "manager", "evidence", "rate_rule"),
            "scope": _enum(pb.TerritoryScope.Name(message.scope), "TERRITORY_SCOPE_"),
            "territories": list(message.territory_codes),
            **values.period(message),
            **values.amounts(message, "envelope", "committed", "amount_min", "amount_max"),
            **values.numbers(message, "guarantee_share_pct", "rate_min_pct", "rate_max_pct"),
            **{
                name: getattr(message, name)
                for name in ("months_min", "months_max")
                if message.HasField(name)
            },
            "accepted_objects": list(message.accepted_objects),
            "verified_on": values.day(message, "verified_on"),
        }
        return self._read(read, "agreement", "agreement_id", _RENAMED, BankReader.agreement)

    def convention(self, message: pb.LocalConvention, convention_id: str) -> LocalConvention | None:
        """The terms of a local convention."""
        values = _Values("local_convention", self.problems)
        read: Values = {
            "id": convention_id,
            **_texts(message, "reference", "contact_name", "postal_code", "city", "email", "phone"),
            "address_lines": list(message.address_lines),
            **_integers(message, "answer_days"),
            "contacts": [_contact(contact) for contact in message.contacts],
            **values.period(message),
        }
        return self._read(read, "local_convention", "local_convention_id", _RENAMED, BankReader.convention)

    def _read(
        self,
        values: Values,
        path: str,
        id_path: str,
        renamed: dict[str, str],
        read: Callable[[BankReader, Fields], F],
    ) -> F:
        def place(field: str) -> str:
            return id_path if field == "id" else f"{path}.{_renamed(field, renamed)}"

        problems, advice = Violations(), list[Advice]()
        fact = read(BankReader(self._geography, problems, advice), Fields(values, "", problems))
        for one in problems:
            where = place(one.field)
            if all((where, one.reason) != (known.field, known.reason) for known in self.problems):
                self.problems.add(where, one.reason, one.description)
        self.advice += (replace(given, field=place(given.field)) for given in advice)
        return fact


class _Values:
    """Fields of a message as the values of a file; what has no such value is noted."""

    def __init__(self, path: str, problems: Violations) -> None:
        self._path = path
        self._problems = problems

    def period(self, message: Any) -> Values:
        """The first and the last day."""
        return {"start": self.day(message, "start_date"), "end": self.day(message, "end_date", -ONE_DAY)}

    def day(self, message: Any, field: str, shift: Any = 0 * ONE_DAY) -> str | None:
        """A day, moved by a shift."""
        path = f"{self._path}.{field}"
        day = (
            wire.civil_date(getattr(message, field), path, self._problems)
            if message.HasField(field)
            else None
        )
        if day is not None and day.year < FIRST_YEAR:
            self._problems.add(path, FieldReason.OUT_OF_RANGE, f"L’année doit être au moins {FIRST_YEAR}.")
            return None
        return None if day is None else (day + shift).isoformat()

    def amounts(self, message: Any, *fields: str) -> Values:
        """Amounts in euros."""
        return {field: self._amount(message, field) for field in fields if message.HasField(field)}

    def numbers(self, message: Any, *fields: str) -> Values:
        """Rates and shares in percent."""
        return {field: self._number(message, field) for field in fields if message.HasField(field)}

    def _amount(self, message: Any, field: str) -> str | None:
        cents = wire.cents(getattr(message, field), f"{self._path}.{field}", self._problems)
        if cents is None or self._negative(cents < 0, field):
            return None
        return f"{cents // 100}.{cents % 100:02d}"

    def _number(self, message: Any, field: str) -> str | None:
        number = wire.decimal(getattr(message, field), f"{self._path}.{field}", self._problems)
        return None if number is None or self._negative(number < 0, field) else f"{number:f}"

    def _negative(self, found: bool, field: str) -> bool:
        if found:
            self._problems.add(
                f"{self._path}.{field}", FieldReason.OUT_OF_RANGE, "Une valeur positive est attendue."
            )
        return found


def _texts(message: Any, *fields: str) -> Values:
    return {field: getattr(message, field) for field in fields}


def _integers(message: Any, *fields: str) -> Values:
    return {field: getattr(message, field) for field in fields if message.HasField(field)}


def _contact(contact: pb.Contact) -> Values:
    return {
        "role": contact.role,
        "name": contact.display_name,
        "email": contact.email,
        "phone": contact.phone,
    }


def _enum(name: str, prefix: str) -> str:
    return "" if name.endswith("_UNSPECIFIED") else name.removeprefix(prefix)


def _renamed(path: str, renamed: dict[str, str]) -> str:
    """`territories[0]` is `territory_codes[0]` in the message."""
    first, *rest = path.split(".")
    head, bracket, index = first.partition("[")
    steps: Iterable[str] = (renamed.get(head, head) + bracket + index, *rest)
    return ".".join(steps).replace(".name", ".display_name")
