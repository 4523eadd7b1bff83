"""The order in which a file is mended: fields of Word, signs, names, dashes, then the place of the blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from services.documents.render import WORD_PART, is_rendered, opc, parser
from services.documents.template.fields import Field
from services.documents.template.mending.blocks import place_blocks
from services.documents.template.mending.dashes import drop_dashes
from services.documents.template.mending.names import Naming
from services.documents.template.mending.ranks import repeat_ranks
from services.documents.template.mending.signs import mend_signs
from services.documents.template.mending.word_fields import replace_fields
from services.documents.template.normalise import normalise
from services.documents.template.opening import open_docx
from services.kit.findings import Finding


@dataclass(frozen=True)
class Asked:
    """What a person decides: a name of the file that no field has, with the nearest one."""

    name: str
    times: int
    nearest: str


@dataclass(frozen=True)
class Mended:
    """A mended file: what was done, by sentence and how many times; what is asked, once per name.

    With `refusals` the file could not be opened, and nothing was done.
    """

    docx: bytes
    done: Mapping[str, int]
    asked: tuple[Asked, ...] = ()
    refusals: tuple[Finding, ...] = ()


def mend(
    docx: bytes, fields: Mapping[str, Field], requires: Sequence[str], names: Mapping[str, str]
) -> Mended:
    """The file with all that can be mended without a person, what was done, and what is asked of one.

    `requires` are the paths that the data always has; `names` gives the field that stands for a name of the
    file, or the filter that stands for `|name`.
    """
    opened = open_docx(docx)
    if not opened.parts:
        return Mended(docx, {}, refusals=tuple(opened.findings))
    done: Counter[str] = Counter()
    naming = Naming(fields, requires, names, done)
    parts = {name: _part(name, content, naming, done) for name, content in opened.parts.items()}
    asked = (Asked(name, times, naming.nearest(name)) for name, times in naming.asked.items())
    return Mended(opc.write(normalise(parts)), done, tuple(asked))


def _part(name: str, content: bytes, naming: Naming, done: Counter[str]) -> bytes:
    if not is_rendered(name):
        return content
    root = etree.fromstring(content, parser())
    word = WORD_PART.fullmatch(name) is not None
    if word:
        replace_fields(root, done)
    root = _normal(name, root)
    if word:
        repeat_ranks(name, root, done)
    mend_signs(name, root, naming.knows, done)
    root = _normal(name, root)
    naming.rename(name, root)
    if word:
        root = _normal(name, root)
        drop_dashes(name, root, done)
        place_blocks(name, root, done)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def _normal(name: str, root: etree._Element) -> etree._Element:
    """The part with whole tags, which what was just done may have left in several runs."""
    return etree.fromstring(normalise({name: etree.tostring(root)})[name], parser())
