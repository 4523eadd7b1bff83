"""A file of lenders, whatever its form: a table in text, a workbook, JSON."""

from __future__ import annotations

from services.bank_registry.files.columns import find
from services.bank_registry.files.csv_table import read_csv
from services.bank_registry.files.items import Content, UnreadableFile
from services.bank_registry.files.json_items import read_json
from services.bank_registry.files.lender_rows import content_of
from services.bank_registry.files.xlsx_table import read_xlsx

MAX_BYTES = 32 * 1024 * 1024
_OTHER = (
    (
        b"\xd0\xcf\x11\xe0",
        "Le fichier est un classeur .xls ancien, ou protégé par un mot de passe ; enregistrez-le en .xlsx.",
    ),
    (b"%PDF", "Le fichier est un PDF ; il faut le tableau lui-même, en CSV ou en .xlsx."),
)


def read_content(data: bytes) -> Content:
    """The lenders that a file states; raises UnreadableFile, in French, if it is not one of lenders."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"Le fichier dépasse {MAX_BYTES // 1024 // 1024} Mio.")
    for magic, sentence in _OTHER:
        if data.startswith(magic):
            raise UnreadableFile(sentence)
    if data.startswith(b"PK\x03\x04"):
        return content_of(read_xlsx(data))
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return read_json(data)
    return content_of(read_csv(data, lambda name: find(name) is not None))
