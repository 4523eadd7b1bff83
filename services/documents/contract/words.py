"""Amounts in French words, for agreements: `deux mille cinq cents euros`."""

from __future__ import annotations

from services.documents.contract.values import Money

_UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze"),
    *("douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}
_MILLION = 1_000_000


def amount_in_words(amount: Money) -> str:
    """`trois mille euros`, `quatre-vingts euros et cinq centimes`: up to 999 999 999,99 €."""
    euros, cents = divmod(amount.cents, 100)
    linked = "d’euros" if euros >= _MILLION and euros % _MILLION == 0 else _plural("euro", euros)
    written = f"{in_words(euros)} {linked}"
    return f"{written} et {in_words(cents)} {_plural('centime', cents)}" if cents else written


def in_words(number: int) -> str:
    """A whole number from 0 to 999 999 999 in French words, traditional spelling."""
    millions, rest = divmod(number, _MILLION)
    thousands, units = divmod(rest, 1000)
    parts = []
    if millions:
        parts.append(f"{_hundreds(millions, final=True)} {_plural('million', millions)}")
    if thousands:
        parts.append("mille" if thousands == 1 else f"{_hundreds(thousands, final=False)} mille")
    if units or not parts:
        parts.append(_hundreds(units, final=True))
    return " ".join(parts)


def _hundreds(number: int, *, final: bool) -> str:
    """From 0 to 999; `cents` and `quatre-vingts` take their s only when nothing follows."""
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest, final=final)
    head = "cent" if hundreds == 1 else f"{_UNITS[hundreds]} cent"
    if rest:
        return f"{head} {_below_hundred(rest, final=final)}"
    return f"{head}s" if hundreds > 1 and final else head


def _below_hundred(number: int, *, final: bool) -> str:
    if number < len(_UNITS):
        return _UNITS[number]
    tens, unit = divmod(number, 10)
    if tens in (7, 9):  # soixante-dix, quatre-vingt-dix count from the ten before
        tens, unit = tens - 1, unit + 10
    head = _TENS[tens]
    if unit == 0:
        return f"{head}s" if tens == 8 and final else head
    link = " et " if unit in (1, 11) and tens != 8 else "-"
    return f"{head}{link}{_UNITS[unit]}"


def _plural(word: str, count: int) -> str:
    return f"{word}s" if count > 1 else word
