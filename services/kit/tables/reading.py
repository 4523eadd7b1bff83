"""A table of a file, whatever its form: text, Excel or OpenDocument workbook."""

from __future__ import annotations

from collections.abc import Callable

from services.kit.tables.csv_table import read_csv
from services.kit.tables.ods import read_ods
from services.kit.tables.safety import MEBIBYTE, check_workbook, is_open_document
from services.kit.tables.table import MAX_COLUMNS, Sheet, UnreadableFile, from_header
from services.kit.tables.xlsx import read_xlsx

MAX_BYTES = 32 * MEBIBYTE

_ZIP = b"PK\x03\x04"
_SAVE = "enregistrez le tableau en .xlsx, en .ods ou en « CSV UTF-8 »"
_OTHER = (
    ((b"\xd0\xcf\x11\xe0",), "un classeur .xls ancien, ou protégé par un mot de passe"),
    ((b"\x09\x08\x10\x00", b"\x09\x00\x04\x00", b"\x09\x02\x06\x00"), "un classeur .xls ancien"),
    ((b"%PDF",), "un PDF"),
    ((b"{\\rtf",), "un document de traitement de texte (.rtf)"),
    ((b"<",), "une page HTML ou du XML, que des logiciels appellent .xls"),
    ((b"{", b"["), "du JSON"),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "une image"),
    ((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"PK\x05\x06", b"PK\x07\x08"), "une archive"),
)
"""How other files begin, spaces and the mark of UTF-8 left out, and what they are."""


def read_table(
    data: bytes,
    is_column: Callable[[str], bool],
    *,
    sheet: str = "",
    columns: int = MAX_COLUMNS,
    formulas: bool = False,
) -> Sheet:
    """The rows that are not empty, the first one being the header; raises UnreadableFile in one sentence.

    `is_column` tells the names of columns, from which the header and the separator of a CSV are known. Of a
    workbook, the sheet named `sheet` is read, else the first one that is not hidden; with `formulas`, their
    last values stand for them.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"Le fichier dépasse {MAX_BYTES // MEBIBYTE} Mio.")
    if data.startswith(_ZIP):
        check_workbook(data)
        read = read_ods if is_open_document(data) else read_xlsx
        found = read(data, sheet, columns, formulas=formulas)
        if not found.rows:
            raise UnreadableFile("La feuille lue du classeur est vide.")
        return Sheet(from_header(found.rows, is_column), found.notes)
    start = data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip(b" \r\n")
    for magics, what in _OTHER:
        if start.startswith(magics):
            raise UnreadableFile(f"Le fichier est {what} ; {_SAVE}.")
    return Sheet(read_csv(data, is_column, columns))
