"""A file of lenders, whatever its form: a table in text, a workbook, JSON."""

from __future__ import annotations

from services.bank_registry.files.columns import SHEET, find
from services.bank_registry.files.items import Content
from services.bank_registry.files.json_items import read_json
from services.bank_registry.files.lender_rows import content_of
from services.kit.tables import MAX_BYTES, read_table


def read_content(data: bytes) -> Content:
    """The lenders that a file states; raises UnreadableFile, in French, if it is not one of lenders."""
    if len(data) <= MAX_BYTES and data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return read_json(data)
    return content_of(read_table(data, lambda name: find(name) is not None, sheet=SHEET))
