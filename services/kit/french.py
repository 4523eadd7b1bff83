"""French typography of figures, dates and lists: no ordinary space inside a figure or a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from unicodedata import combining, normalize

NO_BREAK_SPACE = "\u00a0"
NARROW_NO_BREAK_SPACE = "\u202f"
NO_BREAK_HYPHEN = "\u2011"
COLON, SEMICOLON = f"{NO_BREAK_SPACE}: ", f"{NARROW_NO_BREAK_SPACE}; "

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_NOT_A_LETTER = re.compile(r"[^0-9a-z]+")
_ANY_SPACE = "[ \u00a0\u202f]+"
_DATE = re.compile(rf"\b(\d{{1,2}}|1er) ({'|'.join(MONTHS)}) (?=\d{{4}}\b)")
_NARROW = re.compile(rf"{_ANY_SPACE}(?=[;!?])")
_QUOTED = re.compile("(«[^«»]*»)")
_NEGATIVE = re.compile(r"(?<![\w)-])-(?=\d[\d \u00a0\u202f]*(?:,\d+)?[ \u00a0\u202f]?[€%])")
_STREETS = "allée|avenue|boulevard|chemin|cité|cours|impasse|lieu-dit|passage|place|quai|route|rue|square"
# Most spaces are ordinary: four looks around each say so.
_KEPT_SPACE = re.compile(
    r" (?:(?=[:»%€\dCc])(?:(?=[:»%€])|(?=[Cc](?:edex|EDEX)\b)|(?=\d)(?:(?<=[\d°] )|(?<=\b[LRD]\. )"
    r"|(?<=\barticle )|(?<=\barticles )|(?<=edex )|(?<=EDEX )|(?<=\d[ \u00a0]h )|(?<=[a-zéû] )(?=\d{4}\b)))"
    r"|(?<=[\d«.] )(?:(?<=« )|(?<=\bM\. )|(?<=\b\d{5} )(?=[A-ZÀ-Ý])"
    rf"|(?<=\d )(?=(?:h|mois|jours|ans|euros|bis|ter|quater|{_STREETS}|{'|'.join(MONTHS)})\b))"
    rf"|(?<=(?:bis|ter) )(?<=\d[ \u00a0](?:bis|ter) )(?=(?:{_STREETS})\b)"
    rf"|(?<=(?:Mme|1er) )(?:(?<=Mme )|(?=(?:{'|'.join(MONTHS)})\b)))"
)
_KEPT_HYPHEN = re.compile(r"-(?<=[A-Z0-9]-)(?=[A-Z0-9])")
_SMALL_SPACE = re.compile(" (?=[;!?])")
_IS_TYPED = re.compile(r"[\d;:!?«»%€']|\b[LRDM]").search
_STOP = r"(?=(?:[\s\u00a0\u202f»)\]*_…]|$))"  # so that neither `a != b` nor `10 :30` is French
_BEFORE_NARROW = re.compile(rf" (?=[;!?]+{_STOP})")
_BEFORE_OR_AFTER = re.compile(
    rf"(?<=«) | (?=:{_STOP})| (?=»)"
    r"|(?<=n°) |(?<=\d°) |(?<=\d) (?=(?:[KMG]io\b|[€%](?!\w)))"  # n° 4, 2° Données, 3 Mio, 12 %
)
_NO_BREAK = re.compile(
    rf"(?<=«){_ANY_SPACE}|{_ANY_SPACE}(?=[:»%€])"  # guillemets, colon, units
    r"|(?<=n°) |(?<=\b[LRD]\.) (?=[\d{])|(?<=\barticle) (?=\d)"  # n° 4, L. 211-5, article 6
    r"|(?<=\bM\.) |(?<=\bMme) "
    r"|(?<=\d) (?=\d)|(?<=\d) (?=(?:h|mois|jours|ans|euros)\b)"  # 02 61 91 00 10, 24 mois
)


def typeset(text: str) -> str:
    """A text typed on an ordinary keyboard, with U+00A0, U+202F and curly apostrophes where French asks."""
    text = _DATE.sub(rf"\1{NO_BREAK_SPACE}\2{NO_BREAK_SPACE}", text)
    text = _NARROW.sub(NARROW_NO_BREAK_SPACE, text.replace("'", "’"))
    return _NO_BREAK.sub(NO_BREAK_SPACE, text)


def unbroken(text: str) -> str:
    """A text typed on an ordinary keyboard, with the spaces of French and a sign to what is negative.

    No line of it ends inside a reference, an article, an address, an hour or an amount."""
    if _IS_TYPED(text) is None:
        return text
    text = _SMALL_SPACE.sub(NARROW_NO_BREAK_SPACE, _KEPT_SPACE.sub(NO_BREAK_SPACE, text.replace("'", "’")))
    if "-" not in text or "@" in text or "://" in text:  # an address of the web stays as it is
        return text
    return _KEPT_HYPHEN.sub(NO_BREAK_HYPHEN, signed(text))


def spaced(sentence: str) -> str:
    """A sentence with the spaces that French asks around « » and before : ; ! ? and units, where it leaves.

    Sentences are typed with ordinary spaces; what one quotes between « » is not ours: it stays as it is.
    """
    return "".join(map(_spaced_part, _QUOTED.split(sentence)))


def _spaced_part(part: str) -> str:
    if part[:1] != "«" or part[-1:] != "»":
        return _BEFORE_OR_AFTER.sub(NO_BREAK_SPACE, _BEFORE_NARROW.sub(NARROW_NO_BREAK_SPACE, part))
    quoted = part[1:-1]
    first, last = (NO_BREAK_SPACE if edge == " " else edge for edge in (quoted[:1], quoted[-1:]))
    return f"«{first}{quoted[1:-1]}{last if len(quoted) > 1 else ''}»"


def number(value: Decimal | int) -> str:
    """`1 234,5`: all the decimals of the value, groups of three split by U+202F."""
    return f"{Decimal(value):,f}".replace(",", NARROW_NO_BREAK_SPACE).replace(".", ",")


def euros(cents: int) -> str:
    """`1 234,56 €` from a whole number of cents."""
    return f"{number(Decimal(cents).scaleb(-2))}{NO_BREAK_SPACE}€"


def signed(text: str) -> str:
    """The same text, its negative amounts and rates with the sign minus (U+2212): a hyphen is no sign."""
    return _NEGATIVE.sub("\u2212", text)


def percent(value: Decimal, places: int = 2) -> str:
    """`1,50 %` from a rate in percent (1.5), rounded half up to `places` decimals, never `-0`."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{number(rounded + 0)}{NO_BREAK_SPACE}%"


def long_date(day: date) -> str:
    """`1er décembre 2026`, without a breaking space."""
    ordinal = "1er" if day.day == 1 else str(day.day)
    return NO_BREAK_SPACE.join((ordinal, MONTHS[day.month - 1], str(day.year)))


def short_date(day: date) -> str:
    """`01/12/2026`."""
    year, month, number = day.isoformat().split("-")
    return f"{number}/{month}/{year}"


def months(count: int) -> str:
    """`24 mois`."""
    return f"{number(count)}{NO_BREAK_SPACE}mois"


def plural(count: int, singular: str, many: str | None = None) -> str:
    """`1 jour`, `2 jours`: the French plural begins at two; `many` gives an irregular one."""
    word = singular if abs(count) < 2 else many or f"{singular}s"
    return f"{number(count)}{NO_BREAK_SPACE}{word}"


def join(items: Sequence[str]) -> str:
    """`a, b et c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} et {items[-1]}"


def fold(text: str) -> str:
    """A text in plain lower-case words: `Durée (mois)` and `DUREE MOIS` are the same."""
    text = text.casefold().translate(_LIGATURES)
    if not text.isascii():
        text = "".join(character for character in normalize("NFKD", text) if not combining(character))
    return _NOT_A_LETTER.sub(" ", text).strip()
