"""What a lender, an agreement or a convention must be, whoever states it: a message or a line of a file.

A statement holds typed values by name of field (dates, cents, exact decimals), its last days included.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from services.bank_registry.registry import identifiers
from services.bank_registry.registry.fields import (
    ADDRESS_LINES,
    AGREEMENT,
    BANK,
    CONTACT,
    CONVENTION,
    SUSPENSION,
    Field,
    Kind,
    attributes,
)
from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.model import (
    ALWAYS,
    CATEGORY,
    Agreement,
    Bank,
    Contact,
    LocalConvention,
    Suspension,
)
from services.bank_registry.registry.plausibility import doubts
from services.bank_registry.registry.reasons import Advice
from services.bank_registry.registry.resources import AGREEMENT_NAME, ID, slug
from services.bank_registry.registry.territory import Scope, place_name, unknown_place
from services.bank_registry.registry.texts import EMAIL
from services.kit import french
from services.kit.dates import Period
from services.kit.errors import FieldReason, Violations

FIRST_YEAR, LAST_YEAR = 1900, 2999
MAX_CENTS = 10**12 - 1
MAX_DECIMALS = 6
MAX_CONTACTS = 10
MAX_TERRITORIES = 2000
"""Codes of one territory: above, a wider scope is meant, and answers would be too large."""
MAX_HINTS = 100
"""Unknown codes of a file that have a suggestion: each takes a search among all the communes."""

UNREADABLE = object()
"""The value of a field that was already refused where it was read: present, and worth no second complaint."""

Statement = Mapping[str, Any]

_IDENTIFIERS: Mapping[str, Callable[[str], str | None]] = {
    "siren": identifiers.siren_problem,
    "siret": identifiers.siret_problem,
    "cib": identifiers.cib_problem,
    "bic": identifiers.bic_problem,
    "lei": identifiers.lei_problem,
}
_DISTRICT = re.compile(r"751(?:0[1-9]|1[0-9]|20)|132(?:0[1-9]|1[0-6])|6938[1-9]")
"""The municipal districts of Paris, Marseille and Lyon: the law of 1982 has no other."""
_POSTAL_CODE = re.compile(r"[0-9]{5}")


@dataclass(frozen=True, slots=True)
class Notes:
    """What is wrong with a statement: `problems` forbid it, `advice` is to be looked at."""

    problems: Violations
    advice: list[Advice]
    path: str = ""

    @classmethod
    def new(cls, path: str = "") -> Notes:
        """With nothing noted."""
        return cls(Violations(), [], path)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def inside(self, name: str) -> Notes:
        """The notes on the parts of a field."""
        return Notes(self.problems, self.advice, self.at(name))

    def problem(self, name: str, reason: FieldReason, sentence: str) -> None:
        """Notes what is wrong with a field."""
        self.problems.add(self.at(name), reason, sentence)

    def advise(self, name: str, code: str, sentence: str) -> None:
        """Notes what to look at."""
        self.advice.append(Advice(self.at(name), code, sentence))


class Rules:
    """Makes records of statements; None comes with a problem."""

    def __init__(self, geography: Geography) -> None:
        self._geography = geography
        self._unknown = 0

    def bank(self, stated: Statement, notes: Notes, bank_id: str | None = None) -> Bank | None:
        """The terms of a lender, whose id may be known already."""
        values = _checked(BANK if bank_id is None else BANK[1:], stated, notes)
        if bank_id is not None:
            values["id"] = bank_id
        else:
            _check_id(values["id"], values["display_name"], notes)
        for name, problem_of in _IDENTIFIERS.items():
            problem = problem_of(values[name]) if values[name] else None
            if problem:
                notes.problem(name, FieldReason.MALFORMED, problem)
        siren, siret = values["siren"], values["siret"]
        if siren and siret and not siret.startswith(siren):
            text = "Le SIRET n’est pas un établissement du SIREN : leurs neuf premiers chiffres diffèrent."
            notes.problem("siret", FieldReason.DUPLICATE, text)
        if holder := identifiers.other_holder(values["cib"], values["display_name"]):
            text = f"Le code banque {values['cib']} est connu comme celui de {holder}."
            notes.advise("cib", "CIB_OF_ANOTHER_BANK", text)
        period = _period(values, notes, ALWAYS.first)
        if values["kind"] is None or period is None:
            return None
        return Bank(period=period, **attributes(Bank, values))

    def agreement(self, stated: Statement, notes: Notes) -> Agreement | None:
        """The terms of an agreement; without an id, it has one made from its reference."""
        values = _checked(AGREEMENT, stated, notes)
        values["id"] = _id_or_slug(values, notes)
        codes = self._territory(values["scope"], values["territory_codes"], notes)
        values["territory_codes"] = codes
        period = _period(values, notes)
        for least, greatest in (("amount_min", "amount_max"), ("months_min", "months_max")):
            _check_order(values, least, greatest, notes)
        _check_order(values, "rate_min_pct", "rate_max_pct", notes)
        for unlikely in doubts(values):
            notes.advise(*unlikely)
        for index, code in _distinct("accepted_objects", values["accepted_objects"], notes):
            if not CATEGORY.fullmatch(code):
                form = "Un code compte des capitales sans accent, des chiffres et des soulignés"
                path = f"accepted_objects[{index}]"
                notes.problem(path, FieldReason.MALFORMED, f"{form}, comme MOBILITE.")
        if values["continues"] and not AGREEMENT_NAME.fullmatch(values["continues"]):
            text = "Un accord repris s’écrit « banks/identifiant/agreements/identifiant »."
            notes.problem("continues", FieldReason.MALFORMED, text)
        if values["scope"] is None or period is None:
            return None
        return Agreement(period=period, **attributes(Agreement, values))

    def _territory(self, scope: Scope | None, codes: tuple[str, ...], notes: Notes) -> tuple[str, ...]:
        if scope is None:
            return codes
        if scope is Scope.NATIONAL:
            if codes:
                text = "Les codes sont sans effet : l’accord vaut pour la France entière."
                notes.advise("territory_codes", "CODES_WITHOUT_EFFECT", text)
            return ()
        if not 1 <= len(codes) <= MAX_TERRITORIES:
            text = f"Indiquez de 1 à {french.number(MAX_TERRITORIES)} codes de territoire."
            notes.problem("territory_codes", FieldReason.TOO_MANY, text)
        for index, code in _distinct("territory_codes", codes, notes):
            if place_name(scope, code, self._geography) is None:
                self._unknown += 1
                text = unknown_place(scope, code, self._geography, suggest=self._unknown <= MAX_HINTS)
                notes.problem(f"territory_codes[{index}]", FieldReason.UNKNOWN_PLACE, text)
            elif scope is Scope.COMMUNES and _DISTRICT.fullmatch(code):
                city = place_name(scope, code, self._geography)
                text = f"{code} est un arrondissement : l’accord vaudra pour toute la commune de {city}."
                notes.advise(f"territory_codes[{index}]", "DISTRICT_OF_COMMUNE", text)
        return codes

    def convention(self, stated: Statement, notes: Notes) -> LocalConvention | None:
        """The terms of a local convention; without an id, it has one made from its reference."""
        values = _checked(CONVENTION, stated, notes)
        values["id"] = _id_or_slug(values, notes) or "convention"
        if not 1 <= len(values["address_lines"]) <= ADDRESS_LINES:
            text = f"L’adresse compte de une à {ADDRESS_LINES} lignes, sans le code postal ni la ville."
            notes.problem("address_lines", FieldReason.TOO_MANY, text)
        if values["postal_code"] and not _POSTAL_CODE.fullmatch(values["postal_code"]):
            notes.problem("postal_code", FieldReason.MALFORMED, "Un code postal compte cinq chiffres.")
        _check_email(values["email"], notes)
        if len(values["contacts"]) > MAX_CONTACTS:
            text = f"Une convention a {MAX_CONTACTS} contacts au plus."
            notes.problem("contacts", FieldReason.TOO_MANY, text)
        period = _period(values, notes)
        if period is None:
            return None
        return LocalConvention(period=period, **attributes(LocalConvention, values))


def _checked(fields: Sequence[Field], stated: Statement, notes: Notes) -> dict[str, Any]:
    """The values of all the fields, each by itself right or noted; what is absent or wrong is empty."""
    found = {}
    for field in fields:
        value = stated.get(field.name)
        if value is None and not field.required:  # as most are: a file has four hundred thousand of them
            found[field.name] = _EMPTY[field.kind]
        else:
            found[field.name] = _CHECKS[field.kind](field, value, notes)
    return found


def _absent(field: Field, value: object, notes: Notes) -> bool:
    if value is None or value == "":
        if field.required:
            notes.problem(field.name, FieldReason.REQUIRED, "Ce champ est obligatoire.")
        return True
    return value is UNREADABLE


def _text(field: Field, value: Any, notes: Notes) -> str:
    return "" if _absent(field, value, notes) else line(field.name, value, field.longest, notes)


def _texts(field: Field, value: Any, notes: Notes) -> tuple[str, ...]:
    if _absent(field, value, notes):
        return ()
    return tuple(
        "" if text is UNREADABLE else line(f"{field.name}[{index}]", text, field.longest, notes)
        for index, text in enumerate(value)
    )


def line(path: str, value: str, longest: int, notes: Notes) -> str:
    """A line of text, in composed form, without surrounding spaces."""
    text = unicodedata.normalize("NFC", value).strip()
    if not text or len(text) > longest:
        notes.problem(path, FieldReason.TOO_LONG, f"Un texte de 1 à {longest} caractères est attendu.")
    if not text.isprintable() and any(map(_is_invisible, text)):
        sentence = "Le texte contient un retour à la ligne ou un caractère invisible."
        notes.problem(path, FieldReason.NOT_PRINTABLE, sentence)
    return text


def _is_invisible(character: str) -> bool:
    """Control, format and surrogate characters, line and paragraph separators."""
    category = unicodedata.category(character)
    return category.startswith("C") or category in ("Zl", "Zp")


def _choice(field: Field, value: Any, notes: Notes) -> Any:
    return None if _absent(field, value, notes) else value


def _day(field: Field, value: Any, notes: Notes) -> date | None:
    if _absent(field, value, notes):
        return None
    day: date = value
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        span = f"entre {FIRST_YEAR} et {LAST_YEAR}"
        text = f"L’année doit être {span} ; sans fin, omettez la date."
        notes.problem(field.name, FieldReason.OUT_OF_RANGE, text)
        return None
    return day


def enumerate_readable(items: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """The items that could be read, with their place."""
    return ((index, item) for index, item in enumerate(items) if item is not UNREADABLE)


def _money(field: Field, value: Any, notes: Notes) -> int | None:
    if _absent(field, value, notes) or _negative(field, value, notes):
        return None
    if value > MAX_CENTS:
        text = f"Le montant ne dépasse pas {french.euros(MAX_CENTS)}."
        notes.problem(field.name, FieldReason.OUT_OF_RANGE, text)
    cents: int = value
    return cents


def _percent(field: Field, value: Any, notes: Notes) -> Decimal | None:
    if _absent(field, value, notes) or _negative(field, value, notes):
        return None
    percent: Decimal = value
    if percent > 100:
        notes.problem(field.name, FieldReason.OUT_OF_RANGE, "Le pourcentage ne dépasse pas 100.")
    if -int(percent.as_tuple().exponent) > MAX_DECIMALS:
        text = f"Le pourcentage a {MAX_DECIMALS} décimales au plus."
        notes.problem(field.name, FieldReason.TOO_MANY_DECIMALS, text)
    # One spelling of one number: 4.0 equals 4, so it is no change, but the audit would write another text.
    return Decimal(f"{percent.normalize():f}")


def _negative(field: Field, value: Any, notes: Notes) -> bool:
    if value < 0:
        notes.problem(field.name, FieldReason.OUT_OF_RANGE, "Une valeur positive est attendue.")
    return bool(value < 0)


def _count(field: Field, value: Any, notes: Notes) -> int | None:
    if _absent(field, value, notes):
        return None
    least, greatest = field.bounds
    if not least <= value <= greatest:
        span = f"{french.number(least)} à {french.number(greatest)}"
        notes.problem(field.name, FieldReason.OUT_OF_RANGE, f"Un nombre entier de {span} est attendu.")
        return None
    count: int = value
    return count


def _contacts(field: Field, value: Any, notes: Notes) -> tuple[Contact, ...]:
    if _absent(field, value, notes):
        return ()
    found = []
    for index, stated in enumerate_readable(value):
        inner = notes.inside(f"{field.name}[{index}]")
        values = _checked(CONTACT, stated, inner)
        _check_email(values["email"], inner)
        found.append(Contact(**attributes(Contact, values)))
    return tuple(found)


def _suspensions(field: Field, value: Any, notes: Notes) -> tuple[Suspension, ...]:
    if _absent(field, value, notes):
        return ()
    known = []
    for index, stated in enumerate_readable(value):
        inner = notes.inside(f"{field.name}[{index}]")
        values = _checked(SUSPENSION, stated, inner)
        period = _period(values, inner)
        if period is not None:
            known.append(Suspension(period=period, reason=values["reason"]))
    known.sort(key=lambda suspension: suspension.period.first)
    for one, other in pairwise(known):
        if one.period.overlaps(other.period):
            start = french.long_date(other.period.first)
            text = f"Deux suspensions se chevauchent à partir du {start}."
            notes.problem(field.name, FieldReason.OVERLAP, text)
    return tuple(known)


_CHECKS: Mapping[Kind, Callable[[Field, Any, Notes], Any]] = {
    **dict.fromkeys((Kind.ID, Kind.TEXT, Kind.CODE, Kind.LENDER), _text),
    **dict.fromkeys((Kind.CODES, Kind.LINES), _texts),
    **dict.fromkeys((Kind.LENDER_KIND, Kind.SCOPE), _choice),
    **dict.fromkeys((Kind.FIRST_DAY, Kind.LAST_DAY, Kind.DAY), _day),
    Kind.MONEY: _money,
    Kind.PERCENT: _percent,
    Kind.COUNT: _count,
    Kind.CONTACTS: _contacts,
    Kind.SUSPENSIONS: _suspensions,
}
_LISTS = (Kind.CODES, Kind.LINES, Kind.CONTACTS, Kind.SUSPENSIONS)
_EMPTY = {kind: "" if check is _text else () if kind in _LISTS else None for kind, check in _CHECKS.items()}


def _period(values: Mapping[str, Any], notes: Notes, since: date | None = None) -> Period | None:
    """The days from the first, else `since`, to the last, both included; None comes with a problem."""
    first, last = values["start_date"] or since, values["end_date"]
    if first is None:
        return None
    if last is not None and last < first:
        days = f"{french.long_date(last)}) précède le premier ({french.long_date(first)}"
        notes.problem("end_date", FieldReason.BOUNDS_REVERSED, f"Le dernier jour ({days}).")
        return None
    return Period(first, last)


def _check_id(text: str, name: str, notes: Notes) -> None:
    if text and not ID.fullmatch(text):
        form = "Un identifiant compte des minuscules sans accent, des chiffres et des tirets"
        notes.problem("id", FieldReason.MALFORMED, f"{form}, par exemple « {slug(name) or 'banque-1'} ».")


def _id_or_slug(values: Mapping[str, Any], notes: Notes) -> str:
    given: str = values["id"]
    _check_id(given, values["reference"], notes)
    return given or slug(values["reference"])


def _check_email(email: str, notes: Notes) -> None:
    if email and not EMAIL.fullmatch(email):
        notes.problem("email", FieldReason.MALFORMED, "L’adresse électronique est mal formée.")


def _check_order(values: Mapping[str, Any], least: str, greatest: str, notes: Notes) -> None:
    one, other = values[least], values[greatest]
    if one is not None and other is not None and other < one:
        notes.problem(greatest, FieldReason.OUT_OF_RANGE, "Ce maximum est inférieur au minimum.")


def _distinct(name: str, codes: tuple[str, ...], notes: Notes) -> Iterator[tuple[int, str]]:
    """The codes that are not empty, with their place; a repeated one is a problem."""
    seen: set[str] = set()
    for index, code in enumerate(codes):
        if code in seen:
            notes.problem(f"{name}[{index}]", FieldReason.DUPLICATE, f"Le code {code} est répété.")
        elif code:
            seen.add(code)
            yield index, code
