"""The jinja2 environment of templates: nothing absent, nothing unformatted, nothing executable."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.documents.contract import ILLEGAL
from services.documents.render.filters import FILTERS

TESTS = ("defined", "even", "odd", "undefined")
"""The tests that templates may use."""

FLAT = "flat_"
"""Filter that the compiler adds where a line break has no place: attributes, properties, charts."""

_LINE_BREAK = '</w:t><w:br/><w:t xml:space="preserve">'
# Braces travel as character references: what looks like a tag after rendering is one, never the data.
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "{": "&#123;", "}": "&#125;", "\n": _LINE_BREAK}
)
_needs_care = re.compile(f'[&<>"{{}}\n{ILLEGAL}]').search
_is_illegal = re.compile(f"[{ILLEGAL}]").search


class IllegalCharacterError(ValueError):
    """A text holds a character that XML or a reader cannot bear."""


def printed(value: Any) -> Any:
    """Every printed value passes here and comes out as XML: text and integers, the rest needs a filter."""
    kind = type(value)
    if kind is str:
        return value if _needs_care(value) is None else _escaped(value)
    if kind is int:
        return value
    raise TypeError("a template prints a value without the filter of its type")


def _escaped(text: str) -> str:
    if _is_illegal(text):
        raise IllegalCharacterError
    return text.translate(_ESCAPES)


def _flat(value: Any) -> Any:
    return value.replace("\n", " ") if type(value) is str else value


class Environment(ImmutableSandboxedEnvironment):
    """A sandbox where `a.b` is the key `b` of the data, never a method, and where nothing can be called.

    Escaping is the work of `finalize`: jinja2's own, with two kinds of text, costs more than all the rest.
    """

    def __init__(
        self, finalize: Callable[[Any], Any] = printed, undefined: type[StrictUndefined] = StrictUndefined
    ) -> None:
        super().__init__(autoescape=False, undefined=undefined, finalize=finalize)
        self.globals.clear()
        self.filters = {name: known.function for name, known in FILTERS.items()} | {FLAT: _flat}
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key `attribute` of a dictionary; the attributes of a loop; nothing of any other object."""
        try:
            return obj[attribute]
        except KeyError:
            return self.undefined(obj=obj, name=attribute)
        except TypeError:
            return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        """Templates call nothing."""
        return False


ENVIRONMENT = Environment()
"""The one of every plan: immutable, shared by every thread."""
