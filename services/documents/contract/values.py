"""Typed values that a template may print only through the filter of their type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.kit.french import unbroken


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in euros, in whole cents."""

    cents: int

    @classmethod
    def parse(cls, text: str) -> Money:
        """Reads `1500.00`, the form that the contract checks."""
        money = _new(cls)
        _put_cents(money, int(text.replace(".", "")))
        return money


# A dossier has hundreds of amounts: what a frozen class does for each costs as much as all the rest.
_new = object.__new__
_put_cents = Money.__dict__["cents"].__set__


class Code(str):
    """A code of the contract: comparable in a template, printed only by its French label."""

    __slots__ = ("label",)
    label: str

    def __new__(cls, text: str, label: str) -> Code:
        """Makes a code with the label that stands for it."""
        code = super().__new__(cls, text)
        code.label = label
        return code

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.label


class Typeset(str):
    """A text whose lines end where they may: it is printed as it is."""

    __slots__ = ()


def typeset_once(value: Any) -> Any:
    """The same value, its texts made ready to print: what is printed many times is typeset once."""
    if isinstance(value, dict):
        return {name: typeset_once(below) for name, below in value.items()}
    if isinstance(value, list):
        return [typeset_once(item) for item in value]
    return Typeset(unbroken(value)) if type(value) is str else value


class NotAsked(list[Any]):
    """A list that is absent: empty as one that says « aucun », and told from it."""

    __slots__ = ()
