"""What other engines, and habit, write otherwise: the same thing as a template here writes it."""

from __future__ import annotations

import re

from services.documents.render import FILTERS

_SUBSCRIPT = re.compile(r"(?<=[\w\])])\[\s*(?P<quote>['\"])(?P<name>[^\W\d]\w*)(?P=quote)\s*\]")
_AMONG = re.compile(
    r"(?P<path>[^\W\d][\w.]*)\s+(?P<no>not\s+)?in\s+[\[(]\s*"
    r"(?P<values>(?:'[^'\[\]()]*'|\"[^\"\[\]()]*\"|\d+)(?:\s*,\s*(?:'[^'\[\]()]*'|\"[^\"\[\]()]*\"|\d+))*)\s*,?\s*[\])]"
)
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_APART = re.compile(r"^(?P<path>[^\W\d][\w.]*)\s+(?P<name>[a-z_]+)$")
_BRACES = re.compile(r"^\{{2,}(?P<inside>[^{}]*)\}{2,}$")


def as_here(source: str) -> str:
    """A tag as it is written here: `x['y']` is `x.y`, `x in [1, 2]` is `(x == 1 or x == 2)`, `x euros` is
    `x | euros`, and two braces are enough."""
    braces = _BRACES.match(source)
    if braces is not None:
        inside = braces["inside"].strip()
        apart = _APART.match(inside)
        if apart is not None and apart["name"] in FILTERS:
            inside = f"{apart['path']} | {apart['name']}"
        if inside != braces["inside"].strip() or source.startswith("{{{"):
            source = f"{{{{ {inside} }}}}"
    return _AMONG.sub(_compared, _SUBSCRIPT.sub(r".\g<name>", source))


def _compared(found: re.Match[str]) -> str:
    sign, word = ("!=", "and") if found["no"] else ("==", "or")
    pieces = [f"{found['path']} {sign} {one}" for one in _VALUE.findall(found["values"])]
    return pieces[0] if len(pieces) == 1 else f"({f' {word} '.join(pieces)})"
