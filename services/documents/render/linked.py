"""What a datum becomes in the target of a link: encoded, or an address that leads where links may."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from services.documents.contract import Typeset

LINK = re.compile(r"https://|mailto:|tel:")
"""What the target of a link begins with."""
LINKED = "linked_"
"""The filter that the compiler adds to the tags of a link."""

_ADDRESS = re.compile(
    r"(?:https://)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#][^\s\"<>\\\\{}|^`]*)?"
    r"|mailto:[^\s\"<>\\\\{}|^`@:]+@[\w.-]+|tel:\+?[\d.-]+"
)


class LinkError(ValueError):
    """A datum is no address that a link may have."""


def _linked(value: Any, scheme: str) -> Typeset:
    """A value as a piece of a link, or the whole of one without scheme; LinkError."""
    if type(value) not in (str, Typeset, int):
        raise TypeError("a link holds a value without the filter of its type")
    text = str(value)
    if not scheme:
        return Typeset(_address(text.strip()))
    if scheme == "tel":
        return Typeset(re.sub(r"[^\d+]", "", text))
    return Typeset(quote(text, safe="@" if scheme == "mailto" else ""))


def _address(text: str) -> str:
    if _ADDRESS.fullmatch(text) is None:
        raise LinkError
    return text if LINK.match(text) else f"https://{text}"


LINK_FILTERS: Mapping[str, Callable[..., Any]] = {LINKED: _linked}
"""By name, as the compiler writes it."""
