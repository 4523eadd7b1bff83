"""HTML without a template: every text is escaped and spaced as French asks, by construction."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from services.kit import french

_VOID = frozenset({"link", "meta"})


class Html(str):
    """Markup that is written as it is; any other text is escaped."""

    __slots__ = ()


Child = Html | str | None | Iterable[Any]


@lru_cache(50_000)
def _text(words: str) -> str:
    """A text as it is written; the pages of communes repeat the same ones."""
    return escape(french.spaced(words))


def join(children: Child) -> Html:
    """The markup of children one after the other; None is nothing."""
    match children:
        case None:
            return Html()
        case Html():
            return children
        case str():
            return Html(_text(children))
    return Html("".join(map(join, children)))


def element(name: str, /, *children: Child, **attributes: object) -> Html:
    """An element; `class_` is the attribute class, `aria_label` aria-label; None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def link(address: str, text: Child) -> Html:
    """A link."""
    return element("a", text, href=address)


def items(children: Iterable[Child], class_: str | None = None) -> Html:
    """A list without order; nothing if it is empty."""
    lines = [element("li", child) for child in children]
    return element("ul", lines, class_=class_) if lines else Html()


def table(
    caption: str, head: Iterable[str], rows: Iterable[tuple[Child, ...]], ids: Iterable[str] = ()
) -> Html:
    """A table whose first column names each row; `ids` are those of the rows, in order."""
    names = iter(ids)
    body = [
        element(
            "tr",
            element("th", first, scope="row"),
            [element("td", cell) for cell in cells],
            id=next(names, None),
        )
        for first, *cells in rows
    ]
    header = element("tr", [element("th", title, scope="col") for title in head])
    inner = element("table", element("caption", caption), element("thead", header), element("tbody", body))
    # What is wider than a small screen scrolls, and can be scrolled by keyboard.
    return element("div", inner, class_="large", role="region", aria_label=caption, tabindex="0")


def terms(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Names and values, those without value left out."""
    return element("dl", [(element("dt", name), element("dd", value)) for name, value in pairs if value])
