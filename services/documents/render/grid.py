"""Columns looped over or merged: the grid of each table follows its widest row, as docxtpl has it."""

from __future__ import annotations

import io
from typing import Any

from docxtpl.template import DocxTemplate
from lxml import etree

from services.documents.render.errors import Reason, RenderError

_DOCXTPL: Any = DocxTemplate(io.BytesIO())


def repair_grids(xml: str) -> str:
    """The same part with as many `w:gridCol` as columns, the total width kept."""
    content = xml.encode()
    try:
        etree.fromstring(content)  # docxtpl's own reader repairs in silence what is broken
    except etree.XMLSyntaxError as error:
        raise RenderError(Reason.NOT_WELL_FORMED, "word/document.xml") from error
    return str(etree.tostring(_DOCXTPL.fix_tables(content), encoding="unicode"))
