"""The jinja2 environment of templates: nothing absent, nothing unformatted, nothing executable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from services.documents import wording
from services.documents.contract.strict_json import has_illegal_character
from services.documents.contract.values import Code, Money
from services.kit import french

_LINE_BREAK = Markup('</w:t><w:br/><w:t xml:space="preserve">')
# docxtpl rewrites `{_{` after rendering, in the data too: braces of the data travel as character references.
_BRACES = {"{": "&#123;", "}": "&#125;"}
_COMPILED_PARTS = 256
_KEPT_FILTERS = ("join", "length")
# The lender may not hold health data (loi 78-17, article 6 I): a health project shows its category only.
_HEALTH = "SANTE"
_HEALTH_PURPOSE = "dépenses de soins"
_DEBT_ADVICE = "POINT_CONSEIL_BUDGET"

Item = Mapping[str, Any]


class Environment(ImmutableSandboxedEnvironment):
    """A sandbox where `a.b` is the key `b` of the data, never a method, and where nothing can be called."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined, finalize=_finalize)
        self.globals.clear()
        self._kept = lru_cache(maxsize=_COMPILED_PARTS)(super().from_string)
        self.filters = {name: self.filters[name] for name in _KEPT_FILTERS} | _FILTERS

    def from_string(self, source: Any, *_: Any, **__: Any) -> Template:
        """The compiled source, kept: the XML of a template never changes, jinja2 templates may be shared."""
        return self._kept(source)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key `attribute` of a mapping; the attributes of a loop; nothing of any other object."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        """Templates call nothing."""
        return False


def _finalize(value: Any) -> Any:
    """Every printed value passes here: text and counts only, the rest needs the filter of its type."""
    if isinstance(value, Undefined | Markup):
        return value
    if isinstance(value, bool | Code) or not isinstance(value, str | int):
        raise TypeError(f"a template prints a {type(value).__name__} without the filter of its type")
    text = str(value)
    if has_illegal_character(text):
        raise ValueError("a template prints an illegal character")
    escaped = str(escape(text))
    for brace, reference in _BRACES.items():
        escaped = escaped.replace(brace, reference)
    return _LINE_BREAK.join(Markup(line) for line in escaped.split("\n"))  # noqa: S704 (escaped above)


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"filter for {kind.__name__} given a {type(value).__name__}")
    return value


def _euros(value: Money) -> str:
    return french.euros(_expect(value, Money).cents)


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


def _label(value: Code) -> str:
    return str(_expect(value, Code).label)


def _phone(text: str) -> str:
    """`02 61 91 00 00`, which never breaks."""
    return re.sub("[ .]", french.NO_BREAK_SPACE, text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _purpose(project: Item) -> str:
    """What the loan pays for; a health project says nothing of the person's health."""
    return _HEALTH_PURPOSE if project["category"] == _HEALTH else str(project["label"])


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


_FILTERS: dict[str, Any] = {
    "besides_debt_advice": _besides_debt_advice,
    "blocking": _blocking,
    "budget_related": _budget_related,
    "capital": _capital,
    "civil_name": wording.civil_name,
    "civil_names": wording.civil_names,
    "comparisons": _comparisons,
    "euros": _euros,
    "full_name": wording.full_name,
    "label": _label,
    "long_date": _long_date,
    "long_day": _long_day,
    "missing": _missing,
    "months": _months,
    "number": _number,
    "percent": _percent,
    "phone": _phone,
    "purpose": _purpose,
    "short_date": _short_date,
    "time_left": _time_left,
}

ENVIRONMENT = Environment()
"""The only one: immutable, shared by every thread."""
