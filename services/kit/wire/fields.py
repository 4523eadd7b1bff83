"""The fields of one message: presence, form and range, every problem under its path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction

from google.protobuf.message import Message

from services.kit import french
from services.kit.errors import FieldReason, Violations
from services.kit.wire import values


class Fields:
    """Reads the fields of a message; each method gives None after a violation, or for an absent field that is
    not required. `path` is that of the message, with its final dot."""

    def __init__(self, message: Message, path: str, violations: Violations) -> None:
        self._message = message
        self._path = path
        self.violations = violations

    def fail(self, field: str, reason: FieldReason, description: str) -> None:
        """Records what is wrong in a field."""
        self.violations.add(self._path + field, reason, description)

    def has(self, field: str) -> bool:
        """True when the message holds the field."""
        return self._message.HasField(field)

    def present(self, field: str, *, required: bool = True) -> bool:
        """The same, the absence of a required field being recorded."""
        if required and not self.has(field):
            self.fail(field, FieldReason.REQUIRED, "Ce champ est obligatoire.")
        return self.has(field)

    def amount(self, field: str, least: int, most: int, *, required: bool) -> int | None:
        """An amount in cents, between two bounds, both included."""
        if not self.present(field, required=required):
            return None
        cents = values.cents(getattr(self._message, field), self._path + field, self.violations)
        return self._within(field, cents, (least, most), french.euros)

    def number(
        self, field: str, least: int, most: int, said: Callable[[int], str], *, required: bool
    ) -> int | None:
        """An integer between two bounds, both included; `said` writes it in a sentence."""
        if not self.present(field, required=required):
            return None
        return self._within(field, getattr(self._message, field), (least, most), said)

    def percent(self, field: str, most: int, decimals: int, *, required: bool) -> Fraction | None:
        """An exact percentage from 0 to `most`, of so many decimals at most."""
        if not self.present(field, required=required):
            return None
        read = values.decimal(getattr(self._message, field), self._path + field, self.violations)
        if read is None:
            return None
        if 0 <= read <= most and read == round(read, decimals):
            return Fraction(read)
        text = f"Le taux va de 0 à {most}, avec {decimals} décimales au plus."
        self.fail(field, FieldReason.OUT_OF_RANGE, text)
        return None

    def civil_day(self, field: str, latest: date, *, required: bool) -> date | None:
        """A date, not after another one."""
        if not self.present(field, required=required):
            return None
        day = values.civil_date(getattr(self._message, field), self._path + field, self.violations)
        if day is not None and day > latest:
            self.fail(field, FieldReason.OUT_OF_RANGE, "Cette date est trop lointaine.")
            return None
        return day

    def instant(self, field: str, *, required: bool = False) -> datetime | None:
        """An instant, in UTC."""
        if not self.present(field, required=required):
            return None
        try:
            found: datetime = getattr(self._message, field).ToDatetime(UTC)
        except (ValueError, OverflowError):
            self.fail(field, FieldReason.NOT_IN_CALENDAR, "Cet instant n’existe pas.")
            return None
        return found

    def _within(
        self, field: str, value: int | None, bounds: tuple[int, int], said: Callable[[int], str]
    ) -> int | None:
        if value is None or bounds[0] <= value <= bounds[1]:
            return value
        self.fail(field, FieldReason.OUT_OF_RANGE, f"La valeur va de {said(bounds[0])} à {said(bounds[1])}.")
        return None
