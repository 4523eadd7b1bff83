"""What LibreOffice drops when it saves a file, put back from the version that was edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from services.documents.render import WORD_PART, opc, parser
from services.documents.template.opening import open_docx
from services.documents.template.reading import ROW, TABLE, W, paragraph_text

_PROPERTIES = f"{W}tblPr"
# In the order of the schema, which wants them last but for a change that is followed.
_TOLD = (f"{W}tblCaption", f"{W}tblDescription")
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"

Node = Any


def restored(docx: bytes, before: bytes) -> bytes:
    """The file with the titles of tables and the alternative texts of pictures that it lost: a table is known
    by its first row, a picture by its name."""
    parts, known = open_docx(docx).parts, open_docx(before).parts
    changed = {
        name: content
        for name in parts
        if WORD_PART.fullmatch(name) and name in known and (content := _part(parts[name], known[name]))
    }
    return opc.write({**parts, **changed}) if changed else docx


def _part(content: bytes, before: bytes) -> bytes:
    """The part with what it lost; empty when it lost nothing."""
    root, known = etree.fromstring(content, parser()), etree.fromstring(before, parser())
    lost = [*_titles(root, known), *_texts(root, known)]
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written if lost else b""


def _titles(root: Node, known: Node) -> Iterator[Node]:
    told = {first: table for table in reversed(list(known.iter(TABLE))) if (first := _first_row(table))}
    for table in root.iter(TABLE):
        properties, source = table.find(_PROPERTIES), told.get(_first_row(table))
        if properties is None or source is None or properties.find(_TOLD[0]) is not None:
            continue
        for name in _TOLD:
            if (one := source.find(f"{_PROPERTIES}/{name}")) is not None:
                properties.append(deepcopy(one))
                yield one


def _texts(root: Node, known: Node) -> Iterator[Node]:
    told: Mapping[str, str] = {
        one.get("name", ""): one.get("descr", "") for one in known.iter(_DRAWING) if one.get("descr")
    }
    for one in root.iter(_DRAWING):
        if not one.get("descr", "").strip() and (text := told.get(one.get("name", ""))):
            one.set("descr", text)
            yield one


def _first_row(table: Node) -> str:
    row = next(table.iter(ROW), None)
    return "" if row is None else " ".join(paragraph_text(row).split())
