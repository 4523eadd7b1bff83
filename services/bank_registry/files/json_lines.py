"""One JSON object a line, one line a lender, with the fields of the JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from services.bank_registry.files.columns import AGREEMENT, CONVENTION, LENDER, Column
from services.bank_registry.files.lender_rows import gather_address
from services.bank_registry.registry import BankRecord
from services.kit.tables import guarded


def json_lines_bytes(records: Iterable[BankRecord]) -> bytes:
    """The whole file."""
    lines = (json.dumps(object_of(record), ensure_ascii=False) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()


def object_of(record: BankRecord) -> dict[str, object]:
    """A lender in the JSON form."""
    *earlier, last = (fields_of(LENDER, bank) for bank in record.banks)
    lists = {
        "earlier_terms": [{key: value for key, value in terms.items() if key != "id"} for terms in earlier],
        "agreements": [fields_of(AGREEMENT, agreement) for agreement in record.agreements],
        "local_conventions": [fields_of(CONVENTION, convention) for convention in record.conventions],
    }
    return last | {name: found for name, found in lists.items() if found}


def fields_of(columns: Sequence[Column], fact: object) -> dict[str, object]:
    """The fields of a fact that are not empty."""
    cells = ((column, column.show(fact)) for column in columns)
    return gather_address(
        {
            column.field: column.form.read(guarded(cell) if isinstance(cell, str) else cell)
            for column, cell in cells
            if cell not in (None, "")
        }
    )
