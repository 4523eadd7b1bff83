"""Lists of Carbone: the line of rank `[i]`, and the one of rank `[i+1]` that says that it is repeated."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from services.documents.template.mending.blocks import make_paragraph, make_row
from services.documents.template.normalise import put
from services.documents.template.reading import PARAGRAPH, ROW, enclosing, lines, paragraph_text

_TAG = re.compile(
    r"\{\s*d\.(?P<list>[^\W\d][\w.]*)\[i(?P<next>\s*\+\s*1)?\]\.?(?P<name>[\w.]*)(?P<rest>[^{}\[\]]*)\}"
)
_ITEM = "element"

Node = Any


def repeat_ranks(name: str, root: Node, done: Counter[str]) -> None:
    """Makes a loop of each row or paragraph that is followed by its own with the next rank."""
    for line in lines(name, root):
        first = None if line.paragraph is None else _TAG.search(line.text)
        if first is None or first["next"]:
            continue
        row = enclosing(line.paragraph, ROW)
        repeated: Node = line.paragraph if row is None else row
        following = repeated.getnext()
        if following is None or not _is_next(following, first["list"]):
            continue
        make, prefix = (make_paragraph, "p") if row is None else (make_row, "tr")
        repeated.addprevious(make(f"{{%{prefix} for {_ITEM} in {first['list']} %}}", repeated))
        repeated.addnext(make(f"{{%{prefix} endfor %}}", repeated))
        following.getparent().remove(following)
        _rename(name, repeated, first["list"])
        done["Répétition de Carbone traduite"] += 1


def _is_next(node: Node, listed: str) -> bool:
    text = "\n".join(paragraph_text(one) for one in node.iter(PARAGRAPH))
    found = list(_TAG.finditer(text))
    return bool(found) and all(one["next"] and one["list"] == listed for one in found)


def _rename(name: str, repeated: Node, listed: str) -> None:
    """Names the item in the tags of the line that is repeated; their formatters are left to the signs."""
    for line in lines(name, repeated):
        for found in reversed(list(_TAG.finditer(line.text))):
            if found["list"] == listed:
                path = f"{_ITEM}.{found['name']}" if found["name"] else _ITEM
                put(line, found.start(), found.end(), f"{{d.{path}{found['rest']}}}")
