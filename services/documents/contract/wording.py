"""French forms of address: civility, names, lists of borrowers, postal block, time left, amounts in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from textwrap import wrap
from typing import Any

from services.documents.contract.values import Money
from services.kit.french import NO_BREAK_SPACE, join, long_date, plural

# NF Z10-011: at most six lines of 38 characters, the last one in capitals without accent or punctuation.
POSTAL_LINES = 6
POSTAL_WIDTH = 38

_ABBREVIATIONS = {"Madame": "Mme", "Monsieur": "M."}
_PLURALS = {"Madame": "Mesdames", "Monsieur": "Messieurs"}
_NEUTRAL = "Madame, Monsieur"
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_DAYS_PER_WEEK = 7
_WEEKS_AT_MOST = 8
_MILLION = 1_000_000

Person = Mapping[str, Any]


def full_name(person: Person) -> str:
    """`Océane Exemple-Martin`."""
    return f"{person['first_name']} {person['last_name']}"


def civil_name(person: Person) -> str:
    """`Madame Océane Exemple-Martin`, or the bare name when the civility is not known."""
    name = full_name(person)
    return f"{person['civility'].label}{NO_BREAK_SPACE}{name}" if "civility" in person else name


def civil_names(persons: Sequence[Person]) -> str:
    """`Madame Océane Exemple et Monsieur Yann Exemple`."""
    return join([civil_name(person) for person in persons])


def salutation(persons: Sequence[Person]) -> str:
    """`Madame`, `Messieurs`; `Madame, Monsieur` for a couple, nobody or an unknown civility."""
    civilities = [person["civility"].label if "civility" in person else "" for person in persons]
    if not civilities or "" in civilities or len(set(civilities)) > 1:
        return _NEUTRAL
    return str(civilities[0]) if len(civilities) == 1 else _PLURALS[civilities[0]]


def postal_block(names: Sequence[str], address: Mapping[str, Any]) -> list[str]:
    """The lines of the address, within the width; more than POSTAL_LINES means it cannot be written."""
    tail = [*address["lines"], city_line(address["postal_code"], address["city"])]
    lines = _wrapped(names)
    if len(lines) + len(tail) > POSTAL_LINES:
        lines = _wrapped([_abbreviated(name) for name in names])
    return [*lines, *tail]


def city_line(postal_code: str, city: str) -> str:
    """`56800 PLOERMEL`: capitals without accent or punctuation, cut at a word when longer than the width."""
    expanded = city.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    plain = "".join(c for c in unicodedata.normalize("NFKD", expanded) if not unicodedata.combining(c))
    words = re.sub(r"[^A-Z0-9]+", " ", plain.upper()).strip()
    line = f"{postal_code} {words}"
    if len(line) > POSTAL_WIDTH:
        line = re.sub(r"\bSAINT(E?)\b", r"ST\1", line)
    return line if len(line) <= POSTAL_WIDTH else line[: POSTAL_WIDTH + 1].rsplit(" ", 1)[0]


def long_day(day: date) -> str:
    """`mardi 15 décembre 2026`."""
    return f"{_WEEKDAYS[day.weekday()]}{NO_BREAK_SPACE}{long_date(day)}"


def time_left(day: date, start: date) -> str:
    """`aujourd’hui`, `demain`, `dans 3 semaines`, `dans 22 jours`."""
    days = (day - start).days
    if days < 2:
        return ("aujourd’hui", "demain")[max(days, 0)]
    weeks, rest = divmod(days, _DAYS_PER_WEEK)
    if rest == 0 and weeks <= _WEEKS_AT_MOST:
        return f"dans {plural(weeks, 'semaine')}"
    return f"dans {plural(days, 'jour')}"


def _wrapped(names: Sequence[str]) -> list[str]:
    return [line for name in names for line in _lines(name.replace(NO_BREAK_SPACE, " "))]


def _lines(text: str) -> list[str]:
    # Most names are one line as they are: looking for where to cut takes longer than the rest of the address.
    is_one = 0 < len(text.strip()) == len(text) <= POSTAL_WIDTH and text.isprintable()
    return [text] if is_one else wrap(text, POSTAL_WIDTH)


def _abbreviated(name: str) -> str:
    civility, _, rest = name.partition(NO_BREAK_SPACE)
    return f"{_ABBREVIATIONS[civility]}{NO_BREAK_SPACE}{rest}" if civility in _ABBREVIATIONS else name


def amount_in_words(amount: Money) -> str:
    """`trois mille euros`, `quatre-vingts euros et cinq centimes`."""
    euros, cents = divmod(amount.cents, 100)
    # « un million d’euros », but « un million un euros ».
    linked = "d’euros" if euros >= _MILLION and euros % _MILLION == 0 else _plural("euro", euros)
    written = f"{in_words(euros)} {linked}"
    return f"{written} et {in_words(cents)} {_plural('centime', cents)}" if cents else written


# The library takes a third of a millisecond, and the same round amounts come back in every agreement.
@lru_cache(maxsize=4096)
def in_words(number: int) -> str:
    """A whole number in French words, traditional spelling."""
    # Imported at the first amount: the library loads every language.
    from num2words import num2words

    return str(num2words(number, lang="fr"))


def _plural(word: str, count: int) -> str:
    return f"{word}s" if count > 1 else word
