"""What changes from one version of a template to another: its text, the data that it reads, its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from services.documents.template import Paragraph, Template, outline
from services.kit.french import long_date, plural, spaced

_TAG = re.compile(r"\{[{%](.*?)[}%]\}")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_LOOP = re.compile(r"\bfor\s+(\w+)\s+in\s+([\w.]+)")
_PATH = re.compile(r"(?<![\w.|])(?<!\|\s)[a-z_]\w*(?:\.\w+)*")
_WORDS = frozenset(
    (
        *("p", "tr", "tc", "r", "if", "elif", "else", "endif", "for", "in", "endfor", "set", "endset"),
        *("and", "or", "not", "is", "defined", "none", "true", "false"),
    )
)
_LABELS = {
    "title": "titre",
    "kind": "nature",
    "effective_from": "premier jour d’effet",
    "effective_until": "dernier jour d’effet",
    "legal_basis": "textes appliqués",
    "mentions": "mentions",
    "recipient": "destinataire",
    "signatory": "signataire",
    "requires": "données exigées",
    "checks": "contrôles",
    "contract": "contrat de données",
}


@dataclass(frozen=True)
class TextChange:
    """A paragraph that differs: empty before when it is new, after when it is gone."""

    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """Everything that a candidate changes."""

    text: tuple[TextChange, ...]
    added_fields: tuple[str, ...]
    removed_fields: tuple[str, ...]
    manifest: tuple[str, ...]

    def summary(self) -> str:
        """A French sentence that sums it up."""
        said = [
            plural(len(self.text), "paragraphe") if self.text else "",
            f"{plural(len(self.added_fields), 'donnée')} de plus" if self.added_fields else "",
            f"{plural(len(self.removed_fields), 'donnée')} de moins" if self.removed_fields else "",
            plural(len(self.manifest), "point") + " du manifeste" if self.manifest else "",
        ]
        found = [one for one in said if one]
        return spaced(f"Ce qui change : {', '.join(found)}.") if found else "Rien ne change."


def compare(base: Template, candidate: Template) -> Comparison:
    """What a candidate changes; both were accepted by the gate."""
    before, after = outline(base.docx), outline(candidate.docx)
    read_before, read_after = fields_read(before), fields_read(after)
    return Comparison(
        tuple(_text_changes(before, after)),
        tuple(sorted(read_after - read_before)),
        tuple(sorted(read_before - read_after)),
        tuple(_manifest_changes(base.manifest, candidate.manifest)),
    )


def fields_read(paragraphs: list[Paragraph]) -> set[str]:
    """The paths of the data that the tags of a template read; "[]" after a list."""
    code = [_STRING.sub("", tag) for paragraph in paragraphs for tag in _TAG.findall(paragraph.text)]
    loops = {"loop": "", **dict(found for text in code for found in _LOOP.findall(text))}
    names = {name for text in code for name in _PATH.findall(text)} - _WORDS
    return {path for name in names if (path := _resolved(name, loops))}


def _resolved(name: str, loops: Mapping[str, str], depth: int = 0) -> str:
    """A path from the root of the data; the item of a loop stands for its list."""
    head, dot, rest = name.partition(".")
    if head not in loops or depth > len(loops):
        return name
    listed = _resolved(loops[head], loops, depth + 1) if loops[head] else ""
    return f"{listed}[]{dot}{rest}" if listed else ""


def _text_changes(before: list[Paragraph], after: list[Paragraph]) -> Iterator[TextChange]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            continue
        for old, new in zip_longest(before[first:last], after[start:end]):
            shown = new or old
            yield TextChange(shown.place, old.text if old else "", new.text if new else "")


def _manifest_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new or name in ("id", "version"):
            continue
        label = _LABELS.get(name, name)
        yield spaced(f"{label} : {_shown(new)} au lieu de {_shown(old)}")


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "rien"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return long_date(value) if hasattr(value, "isoformat") else f"« {value} »"
