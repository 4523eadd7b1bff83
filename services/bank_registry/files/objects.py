"""Fields of an object of a file: each is read with its type, and what is wrong is collected with its path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from services.bank_registry.files.items import UNREADABLE
from services.kit import french
from services.kit.dates import Period
from services.kit.errors import FieldReason, Violations

Choice = TypeVar("Choice", bound=StrEnum)

FIRST_YEAR, LAST_YEAR = 1900, 2999
LONGEST_TEXT = 200
MAX_UNKNOWN, MAX_HINTS = 100, 20
"""Unknown fields of an object that are noted, and those that have a suggestion."""

_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Fields:
    """Reads one object; null and the empty text mean absent."""

    def __init__(self, values: Mapping[str, object], path: str, problems: Violations) -> None:
        self._values = values
        self._path = path
        self._read: set[str] = set()
        self._problems = problems

    def path(self, name: str) -> str:
        """The path of a field in the file."""
        return f"{self._path}.{name}" if self._path else name

    def problem(self, name: str, reason: FieldReason, description: str) -> None:
        """Notes what is wrong with a field."""
        self._problems.add(self.path(name), reason, description)

    def given(self, name: str) -> bool:
        """Whether a field has a value."""
        return self._value(name, required=False) is not None

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """A line of text, in composed form, without surrounding spaces; empty if absent."""
        value = self._value(name, required)
        return "" if value is None else self._line(name, value, longest)

    def texts(self, name: str, *, longest: int = LONGEST_TEXT) -> tuple[str, ...]:
        """A list of lines of text."""
        return tuple(
            self._line(f"{name}[{index}]", item, longest) for index, item in enumerate(self._list(name))
        )

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """One of the values of an enumeration; required."""
        text = self.text(name, required=True)
        if text and text not in list(choices):
            self.problem(
                name, FieldReason.UNKNOWN_VALUE, f"Valeurs possibles : {french.join(list(choices))}."
            )
        return choices(text) if text in list(choices) else None

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A day written 2026-12-31."""
        value = self._value(name, required)
        if value is None:
            return None
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.problem(name, FieldReason.MALFORMED, "Écrivez la date comme « 2026-12-31 ».")
            return None
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.problem(
                name, FieldReason.NOT_IN_CALENDAR, f"La date {value} n’existe pas dans le calendrier."
            )
            return None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            span = f"entre {FIRST_YEAR} et {LAST_YEAR}"
            self.problem(
                name, FieldReason.OUT_OF_RANGE, f"L’année doit être {span} ; sans fin, omettez la date."
            )
            return None
        return day

    def period(self, since: date | None = None) -> Period | None:
        """The days from `start` (else `since`) to `end`, both included; without `end`, for ever."""
        start, last = self.day("start", required=since is None) or since, self.day("end")
        if start is None:
            return None
        if last is not None and last < start:
            days = f"{french.long_date(last)}) précède le premier ({french.long_date(start)}"
            self.problem("end", FieldReason.BOUNDS_REVERSED, f"Le dernier jour ({days}).")
            return None
        return Period(start, last)

    def cents(self, name: str) -> int | None:
        """An amount in euros written "1500.00", in cents."""
        amount = self._decimal(name, _AMOUNT, FieldReason.MALFORMED, '"1500.00"')
        return None if amount is None else int(amount * 100)

    def percent(self, name: str) -> Decimal | None:
        """A percentage from 0 to 100, written "1.5"."""
        value = self._decimal(name, _PERCENT, FieldReason.MALFORMED, '"1.5"')
        if value is not None and value > 100:
            self.problem(name, FieldReason.OUT_OF_RANGE, "Le pourcentage ne dépasse pas 100.")
        return value

    def integer(self, name: str, least: int, greatest: int) -> int | None:
        """A whole number within bounds."""
        value = self._value(name, required=False)
        if value is None:
            return None
        if type(value) is not int or not least <= value <= greatest:
            span = f"{french.number(least)} à {french.number(greatest)}"
            quoted = ", sans guillemets," if isinstance(value, str) else ""
            self.problem(name, FieldReason.OUT_OF_RANGE, f"Un nombre entier de {span}{quoted} est attendu.")
            return None
        return value

    def objects(self, name: str) -> Iterator[Fields]:
        """The objects of a list; each is finished when the next one is asked for."""
        for index, item in enumerate(self._list(name)):
            path = f"{name}[{index}]"
            if isinstance(item, dict):
                fields = Fields(item, self.path(path), self._problems)
                yield fields
                fields.finish()
            else:
                self.problem(path, FieldReason.WRONG_TYPE, "Un objet entre accolades est attendu.")

    def finish(self) -> None:
        """Notes the fields that nobody asked for, the first hundred of them."""
        unknown = [name for name in self._values if name not in self._read]
        for index, name in enumerate(unknown[:MAX_UNKNOWN]):
            hint = self._nearest(name) if index < MAX_HINTS and len(name) <= LONGEST_TEXT else "."
            self.problem(name[:LONGEST_TEXT], FieldReason.UNKNOWN_FIELD, f"Ce champ n’existe pas{hint}")

    def _value(self, name: str, required: bool) -> object:
        self._read.add(name)
        value = self._values.get(name)
        if value is UNREADABLE:
            return None
        if value is None or value == "":
            if required:
                self.problem(name, FieldReason.REQUIRED, "Ce champ est obligatoire.")
            return None
        return value

    def _list(self, name: str) -> Iterable[object]:
        value = self._value(name, required=False)
        if value is None or isinstance(value, list):
            return value or []
        self.problem(name, FieldReason.WRONG_TYPE, "Une liste entre crochets est attendue.")
        return []

    def _line(self, name: str, value: object, longest: int) -> str:
        if value is UNREADABLE:
            return ""
        if not isinstance(value, str):
            self.problem(name, FieldReason.WRONG_TYPE, "Un texte entre guillemets est attendu.")
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        if not text or len(text) > longest:
            self.problem(name, FieldReason.TOO_LONG, f"Un texte de 1 à {longest} caractères est attendu.")
        if not text.isprintable() and any(map(_is_invisible, text)):
            self.problem(
                name,
                FieldReason.NOT_PRINTABLE,
                "Le texte contient un retour à la ligne ou un caractère invisible.",
            )
        return text

    def _decimal(self, name: str, form: re.Pattern[str], reason: FieldReason, example: str) -> Decimal | None:
        value = self._value(name, required=False)
        if value is None:
            return None
        if not isinstance(value, str) or not form.fullmatch(value):
            self.problem(name, reason, f"Écrivez le nombre entre guillemets avec un point, comme {example}.")
            return None
        return Decimal(value)

    def _nearest(self, name: str) -> str:
        match = get_close_matches(name, self._read, n=1)
        return f" ; vouliez-vous dire « {match[0]} » ?" if match else "."


def _is_invisible(character: str) -> bool:
    """Control, format and surrogate characters, line and paragraph separators."""
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")
