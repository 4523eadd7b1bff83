"""Files of lenders, read and written: what an export writes, an import reads back as it was.

- `BankReader`: Reads lenders; `problems` forbid the import, `advice` is to be looked at.
- `csv_bytes`: The CSV that a French spreadsheet opens as it is.
- `Fields`: Reads one object; null and the empty text mean absent.
- `Finding`: Something about a place of a file: a stable code, a French sentence, the lender if it has a
  name.
- `json_lines_bytes`: The whole file.
- `Kind`: What happens to a lender.
- `make_plan`: Compares a file with the registry; `complete` ends on a day the lenders that the file does
  not name.
- `Outcome`: A lender that changes, and its first line in the file (None if the file does not name it).
- `Plan`: The whole difference: what changes, what does not, what is refused.
- `Progress`: Lenders read, of all those of the file.
- `read`: Reads a file, whatever the registry holds; raises UnreadableFile if it is not one of lenders.
- `read_whole`: Reads a file without announcing progress.
- `Reading`: What a file states, what forbids some of it, and what is to be looked at.
- `xlsx_bytes`: The Excel workbook, with lists of what may be chosen; the same lenders give the same bytes.
"""

from services.bank_registry.files.banks import BankReader
from services.bank_registry.files.items import Finding
from services.bank_registry.files.json_lines import json_lines_bytes
from services.bank_registry.files.objects import Fields
from services.bank_registry.files.plan import Kind, Outcome, Plan, make_plan
from services.bank_registry.files.reading import Progress, Reading, read, read_whole
from services.bank_registry.files.rows import csv_bytes, xlsx_bytes

__all__ = [
    "BankReader",
    "Fields",
    "Finding",
    "Kind",
    "Outcome",
    "Plan",
    "Progress",
    "Reading",
    "csv_bytes",
    "json_lines_bytes",
    "make_plan",
    "read",
    "read_whole",
    "xlsx_bytes",
]
