"""Files of lenders, read and written: what an export writes, an import reads back as it was.

- `COLUMNS`: The columns of a table, in order: their titles, what they are about, how their cells are read.
- `csv_bytes`: The CSV that a French spreadsheet opens as it is.
- `find`: The column of a header, whatever its accents, case, spaces and punctuation.
- `FileFinding`: Something about a place of a file: a stable code, a French sentence, the lender if it has a
  name.
- `FilePlace`: A line of the file from 1 (0 in a JSON document, which has no lines), and a column or a path.
- `ImportPlan`: The whole difference: what changes, what does not, what is refused.
- `json_lines_bytes`: One JSON object a line, one line a lender, with the fields of the JSON form.
- `Group`: What a column is about; its value is the list that holds it in the statement of a lender.
- `Kind`: What happens to a lender.
- `LenderOutcome`: A lender that changes, and its first line in the file (None if the file does not name
  it).
- `make_plan`: Compares a file with the registry; `complete` ends on a day the lenders that the file does
  not name.
- `Progress`: Lenders read, of all those of the file.
- `read`: Reads a file, whatever the registry holds; raises UnreadableFile if it is not one of lenders.
- `read_whole`: Reads a file without announcing progress.
- `Reading`: What a file states, what forbids some of it, and what is to be looked at.
- `xlsx_bytes`: The Excel workbook, with lists of what may be chosen; the same lenders give the same bytes.
"""

from services.bank_registry.files.columns import COLUMNS, Group, find
from services.bank_registry.files.items import FileFinding, FilePlace
from services.bank_registry.files.plan import ImportPlan, Kind, LenderOutcome, make_plan
from services.bank_registry.files.reading import Progress, Reading, read, read_whole
from services.bank_registry.files.rows import csv_bytes, json_lines_bytes, xlsx_bytes
