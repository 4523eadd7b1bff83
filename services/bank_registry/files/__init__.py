"""Files of lenders, read and written: what an export writes, an import reads back as it was.

- `Bad`: A cell that cannot be read, with the French sentence that says why.
- `BankReader`: Reads lenders; `problems` forbid the import, `advice` is to be looked at.
- `csv_bytes`: The whole file.
- `Fields`: Reads one object; null and the empty text mean absent.
- `Finding`: Something about a place of a file: a stable code, a French sentence, the lender if it has a
  name.
- `json_lines_bytes`: The whole file.
- `Kind`: What happens to a lender.
- `make_plan`: Compares a file with the registry; `complete` ends on a day the lenders that the file does
  not name.
- `MAX_BYTES`: The largest file that is read.
- `Outcome`: A lender that changes, and its first line in the file (None if the file does not name it).
- `Plan`: The whole difference: what changes, what does not, what is refused.
- `Progress`: Lenders read, of all those of the file.
- `read`: Reads a file, whatever the registry holds; raises UnreadableFile if it is not one of lenders.
- `read_whole`: Reads a file without announcing progress.
- `Reading`: What a file states, what forbids some of it, and what is to be looked at.
- `UnreadableFile`: Nothing of the file can be read: one French sentence.
- `xlsx_bytes`: The whole file; the same lenders give the same bytes.
"""

from services.bank_registry.files.banks import BankReader
from services.bank_registry.files.content import MAX_BYTES
from services.bank_registry.files.csv_file import csv_bytes
from services.bank_registry.files.items import Finding, UnreadableFile
from services.bank_registry.files.json_lines import json_lines_bytes
from services.bank_registry.files.objects import Fields
from services.bank_registry.files.plan import Kind, Outcome, Plan, make_plan
from services.bank_registry.files.reading import Progress, Reading, read, read_whole
from services.bank_registry.files.table import Bad
from services.bank_registry.files.xlsx_file import xlsx_bytes

__all__ = [
    "MAX_BYTES",
    "Bad",
    "BankReader",
    "Fields",
    "Finding",
    "Kind",
    "Outcome",
    "Plan",
    "Progress",
    "Reading",
    "UnreadableFile",
    "csv_bytes",
    "json_lines_bytes",
    "make_plan",
    "read",
    "read_whole",
    "xlsx_bytes",
]
