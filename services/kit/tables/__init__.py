"""Tables written by French people, read and written: CSV, Excel, OpenDocument; cells are exact or refused.

- `as_text`: A text without the apostrophe that keeps a spreadsheet from reading it as a formula.
- `Bad`: A cell that cannot be read: a stable code, and the French sentence that says why.
- `boolean`: `oui` or `non`, or a boolean of a spreadsheet.
- `Cell`: What a writer puts in a cell.
- `choice`: One of the French labels, whatever its case and accents; as its code.
- `code`: A code whose spaces do not count and whose leading zeros do: `200 066 777`, `01000`.
- `codes`: A list of codes separated by commas, semicolons, bars or spaces.
- `csv_bytes`: A CSV in UTF-8 with its mark, `;`, French days and decimals.
- `day`: `31/12/2026` or `2026-12-31`, or a date of a spreadsheet.
- `guarded`: A text that no spreadsheet takes for a formula: with one apostrophe more where it would.
- `integer`: A whole number, not negative.
- `is_blank`: Whether a cell holds nothing but spaces.
- `MAX_BYTES`: The longest file that is read.
- `MAX_ROWS`: The most rows that are read.
- `money`: `1 234,56 €`, in cents: 123456; a third decimal is refused, not rounded.
- `Parse`: From a cell that is not blank to its value, or Bad.
- `percent`: `1,5 %`, as 1.5; at most six decimals.
- `printed`: A cell as text: `31/12/2026`, `1234,56`.
- `read_cell`: The value of a cell; None if it is blank or beyond its row, Bad if it cannot be read.
- `read_table`: The rows of a file that are not empty, the first one being the header, and what to look at.
- `Row`: A row and its line in the file, from 1.
- `Sheet`: The rows of a file that are not empty, and what a reader could not see of it.
- `SheetColumn`: A column of a workbook to write.
- `signed_money`: As `money`, a debt being negative: `-50,00`.
- `text`: A text; Bad if the spreadsheet made a date of it.
- `UnreadableFile`: Nothing of the file can be read: one French sentence, which says what to do.
- `xlsx_bytes`: An Excel workbook with real days and numbers, everything else as text.
"""

from services.kit.tables.cells import (
    Parse,
    as_text,
    boolean,
    choice,
    code,
    codes,
    day,
    guarded,
    integer,
    money,
    percent,
    read_cell,
    signed_money,
    text,
)
from services.kit.tables.reading import MAX_BYTES, read_table
from services.kit.tables.table import (
    MAX_ROWS,
    Bad,
    Cell,
    Row,
    Sheet,
    SheetColumn,
    UnreadableFile,
    is_blank,
)
from services.kit.tables.writing import csv_bytes, printed, xlsx_bytes
