"""The fields of one message: presence, form and range, every problem under its path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction

from google.protobuf.message import Message

from services.eligibility.loan import exact_decimal
from services.eligibility.package import MAX_PERCENT_DECIMALS
from services.kit import french, wire
from services.kit.errors import Violations

MAX_AMOUNT = 100_000_000_000
"""One billion euros, in cents."""
MAX_MONTHS = 600
MAX_RATE_PCT = 100
MAX_DAY = date(2999, 12, 31)


class Fields:
    """Reads the fields of a message; each method gives None after a violation, or for an absent optional
    field."""

    def __init__(self, message: Message, path: str, violations: Violations) -> None:
        self._message = message
        self._path = path
        self._violations = violations

    def fail(self, field: str, reason: str, description: str) -> None:
        """Records what is wrong in a field."""
        self._violations.add(self._path + field, reason, description)

    def has(self, field: str) -> bool:
        """True when the message holds the field."""
        return self._message.HasField(field)

    def present(self, field: str) -> bool:
        """The same, its absence being recorded."""
        if not self.has(field):
            self.fail(field, "FIELD_REQUIRED", "Ce champ est obligatoire.")
        return self.has(field)

    def money(self, field: str, least: int) -> int | None:
        """A required amount in cents, from `least` to MAX_AMOUNT."""
        return self.optional_money(field, least) if self.present(field) else None

    def optional_money(self, field: str, least: int) -> int | None:
        """An amount in cents, from `least` to MAX_AMOUNT."""
        if not self.has(field):
            return None
        cents = wire.cents(getattr(self._message, field), self._path + field, self._violations)
        return self._within(field, cents, (least, MAX_AMOUNT), french.euros)

    def months(self, field: str) -> int | None:
        """A required number of months."""
        return self.optional_months(field) if self.present(field) else None

    def optional_months(self, field: str) -> int | None:
        """A number of months."""
        if not self.has(field):
            return None
        return self._within(field, getattr(self._message, field), (1, MAX_MONTHS), french.months)

    def rate(self, field: str) -> Fraction | None:
        """A required nominal annual rate in percent."""
        if not self.present(field):
            return None
        read = wire.decimal(getattr(self._message, field), self._path + field, self._violations)
        if read is None:
            return None
        rate = Fraction(read)
        if 0 <= rate <= MAX_RATE_PCT and exact_decimal(rate, MAX_PERCENT_DECIMALS) is not None:
            return rate
        text = f"Le taux va de 0 à {MAX_RATE_PCT}, avec {MAX_PERCENT_DECIMALS} décimales au plus."
        self.fail(field, "VALUE_OUT_OF_RANGE", text)
        return None

    def day(self, field: str) -> date | None:
        """An optional date."""
        if not self.has(field):
            return None
        day = wire.civil_date(getattr(self._message, field), self._path + field, self._violations)
        if day is not None and day > MAX_DAY:
            self.fail(field, "VALUE_OUT_OF_RANGE", "Cette date est trop lointaine.")
            return None
        return day

    def _within(
        self, field: str, value: int | None, bounds: tuple[int, int], shown: Callable[[int], str]
    ) -> int | None:
        if value is None or bounds[0] <= value <= bounds[1]:
            return value
        self.fail(field, "VALUE_OUT_OF_RANGE", f"La valeur va de {shown(bounds[0])} à {shown(bounds[1])}.")
        return None


def instant(message: Message, field: str, path: str, violations: Violations) -> datetime | None:
    """An optional instant."""
    if not message.HasField(field):
        return None
    try:
        found: datetime = getattr(message, field).ToDatetime(UTC)
    except (ValueError, OverflowError):
        violations.add(path, "TIME_IMPOSSIBLE", "Cet instant n’existe pas.")
        return None
    return found
