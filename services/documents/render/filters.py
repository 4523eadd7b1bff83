"""The filters of templates, and their types: the engine runs them, the gate reads what they take and give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Undefined

from services.documents.contract import Code, Money, NotAsked, Typeset, wording
from services.documents.render.markdown import FILTER as MARKDOWN
from services.documents.render.markdown import Marked, marked
from services.kit import french
from services.kit.french import NO_BREAK_SPACE

# The lender may not hold health data (loi 78-17, article 6 I): a health project shows its category only.
_HEALTH = "SANTE"
_HEALTH_PURPOSE = "dépenses de soins"
_DEBT_ADVICE = "POINT_CONSEIL_BUDGET"

SAME = "same"
"""The filter gives what it takes."""
ITEM = "item"
"""The filter gives one item of the list that it takes, of which it needs one at least."""

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Filter:
    """A function of templates.

    `takes` holds kinds (money, rate, date, code, text, integer, boolean, object, list); `gives` is a kind
    (`rich` is that of a rich text), SAME, ITEM, or `list:name`, the list that each item has under `name`;
    `needs` names the fields of the object, or of each item, that the function reads without looking whether
    they are there.
    """

    function: Callable[..., Any]
    takes: tuple[str, ...]
    gives: str = "text"
    needs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    """The kind of each further value."""
    items: tuple[str, ...] = ()
    """The kinds that the items of a list may have, when not all."""


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind and not (kind is str and type(value) is Typeset):
        raise TypeError(f"filter for {kind.__name__} given a {type(value).__name__}")
    return value


def _euros(value: Money) -> str:
    return french.signed(french.euros(_expect(value, Money).cents))


def _round_euros(value: Money) -> str:
    """`3 000 €`, with cents only where there are some: for texts that are not accounts."""
    units, cents = divmod(_expect(value, Money).cents, 100)
    written = french.euros(value.cents) if cents else f"{french.number(units)}{french.NO_BREAK_SPACE}€"
    return french.signed(written)


def _in_words(value: Money) -> str:
    return wording.amount_in_words(_expect(value, Money))


def _plain_number(value: Money | Decimal) -> str:
    """`1234.50`: the number that a chart reads."""
    if type(value) is Money:
        return f"{Decimal(value.cents).scaleb(-2)}"
    return f"{_expect(value, Decimal)}"


def _percent(value: Decimal) -> str:
    return french.percent(_expect(value, Decimal))


def _number(value: Decimal) -> str:
    return french.number(_expect(value, Decimal))


def _months(value: int) -> str:
    return french.months(_expect(value, int))


def _long_date(value: date) -> str:
    return french.long_date(_expect(value, date))


def _short_date(value: date) -> str:
    return french.short_date(_expect(value, date))


def _long_day(value: date) -> str:
    return wording.long_day(_expect(value, date))


def _time_left(value: date, start: date) -> str:
    return wording.time_left(_expect(value, date), _expect(start, date))


def _clock(time: str) -> str:
    """`14 h 30`, `9 h`: the contract writes 14:30, 09:00."""
    hours, _, minutes = _expect(time, str).partition(":")
    shown = f"{int(hours)}{french.NO_BREAK_SPACE}h"
    return shown if minutes == "00" else f"{shown}{french.NO_BREAK_SPACE}{minutes}"


def _label(value: Code) -> str:
    return str(_expect(value, Code).label)


def _phone(text: str) -> str:
    """`02 61 91 00 00`, which never breaks."""
    return re.sub("[ .]", french.NO_BREAK_SPACE, _expect(text, str))


def _place_names(text: str, person: Item) -> str:
    """The text with the name of the person's commune instead of its INSEE code, which only rules read."""
    told = str(_expect(text, str))
    commune = person.get("commune")
    if commune is None:
        return told
    return re.sub(rf"(?:code INSEE[ {NO_BREAK_SPACE}])?\b{commune['insee']}\b", str(commune["name"]), told)


def _capital(text: str) -> str:
    return str(text[:1].upper() + text[1:])


def _uncapital(text: str) -> str:
    return str(text[:1].lower() + text[1:])


def _upper(text: str) -> str:
    return str(_expect(text, str)).upper()


def _lower(text: str) -> str:
    return str(_expect(text, str)).lower()


def _title(text: str) -> str:
    """`Jean-Pierre LE GOFF` becomes `Jean-Pierre Le Goff`."""
    return re.sub(r"\w+", lambda word: word[0][:1].upper() + word[0][1:].lower(), _expect(text, str))


def _markdown(text: str) -> Marked:
    return marked(_expect(text, str))


def _default(value: Any, fallback: str = "") -> Any:
    """What stands for what is absent; a value that is there is never replaced, were it empty."""
    return fallback if isinstance(value, Undefined) else value


def _first(items: Sequence[Any]) -> Any:
    return items[0] if items else StrictUndefined(name="first")


def _last(items: Sequence[Any]) -> Any:
    return items[-1] if items else StrictUndefined(name="last")


def _sum(items: Iterable[Any], attribute: str = "") -> Money:
    """The sum of amounts; an amount that is absent is an error, never a zero."""
    amounts = [item[attribute] if attribute else item for item in items]
    return Money(sum(_expect(amount, Money).cents for amount in amounts))


def _join(texts: Iterable[str], separator: str = "") -> str:
    return separator.join(_expect(text, str) for text in texts)


def _purpose(project: Item) -> str:
    """What the loan pays for; a health project says nothing of the person's health."""
    return _HEALTH_PURPOSE if project["category"] == _HEALTH else str(project["label"])


def _asked(items: Iterable[Item]) -> bool:
    """Whether a list was given: an empty one says that there is nothing."""
    return not isinstance(items, NotAsked)


def _missing(pieces: Iterable[Item]) -> list[Item]:
    return [piece for piece in pieces if piece["status"] == "MISSING"]


def _blocking(reasons: Iterable[Item]) -> list[Item]:
    return [reason for reason in reasons if reason["severity"] == "BLOCKING"]


def _comparisons(reasons: Iterable[Item]) -> list[Item]:
    return [comparison for reason in reasons for comparison in reason["comparisons"]]


def _budget_related(reasons: Iterable[Item]) -> bool:
    return any(reason.get("orientation") == _DEBT_ADVICE for reason in _blocking(reasons))


def _besides_debt_advice(orientations: Iterable[Item]) -> list[Item]:
    """The debt-advice service has its own paragraph, with the address of the profile."""
    return [orientation for orientation in orientations if orientation["code"] != _DEBT_ADVICE]


_PERSON = ("first_name", "last_name")

FILTERS: Mapping[str, Filter] = {
    "asked": Filter(_asked, ("list",), "boolean"),
    "besides_debt_advice": Filter(_besides_debt_advice, ("list",), SAME, ("code",)),
    "blocking": Filter(_blocking, ("list",), SAME, ("severity",)),
    "budget_related": Filter(_budget_related, ("list",), "boolean", ("severity",)),
    "capital": Filter(_capital, ("text",)),
    "civil_name": Filter(wording.civil_name, ("object",), needs=_PERSON),
    "civil_names": Filter(wording.civil_names, ("list",), needs=_PERSON),
    "clock": Filter(_clock, ("time",)),
    "comparisons": Filter(_comparisons, ("list",), "list:comparisons", ("comparisons",)),
    "count": Filter(len, ("list",), "integer"),
    "default": Filter(_default, ("text",), arguments=("text",)),
    "euros": Filter(_euros, ("money",)),
    "first": Filter(_first, ("list",), ITEM),
    "full_name": Filter(wording.full_name, ("object",), needs=_PERSON),
    "in_words": Filter(_in_words, ("money",)),
    "join": Filter(_join, ("list",), arguments=("text",), items=("text",)),
    "label": Filter(_label, ("code",)),
    "last": Filter(_last, ("list",), ITEM),
    "length": Filter(len, ("list",), "integer"),
    "long_date": Filter(_long_date, ("date",)),
    "long_day": Filter(_long_day, ("date",)),
    "lower": Filter(_lower, ("text",)),
    MARKDOWN: Filter(_markdown, ("text",), "rich"),
    "missing": Filter(_missing, ("list",), SAME, ("status",)),
    "months": Filter(_months, ("integer",)),
    "number": Filter(_number, ("rate",)),
    "percent": Filter(_percent, ("rate",)),
    "phone": Filter(_phone, ("text",)),
    "place_names": Filter(_place_names, ("text",), arguments=("object",)),
    "plain_number": Filter(_plain_number, ("money", "rate")),
    "purpose": Filter(_purpose, ("object",), needs=("category", "label")),
    "round_euros": Filter(_round_euros, ("money",)),
    "short_date": Filter(_short_date, ("date",)),
    "sum": Filter(_sum, ("list",), "money", arguments=("text",)),
    "time_left": Filter(_time_left, ("date",), arguments=("date",)),
    "title": Filter(_title, ("text",)),
    "uncapital": Filter(_uncapital, ("text",)),
    "upper": Filter(_upper, ("text",)),
}
"""Every filter that templates may use, by name."""
"""By name, as templates write them."""
