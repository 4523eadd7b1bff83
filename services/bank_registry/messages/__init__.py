"""All that the registry reads from protobuf and writes to it.

- `changes`: Writes what changed.
- `CheckMessages`: Messages of checks; those of a lender of today are built once, at its first check.
- `edits`: Reads what every edit says: from which day, why, on which state, and whether to write.
- `filters`: Reads the filters of lists and searches.
- `names`: Reads resource names.
- `Options`: How a file is imported.
- `read_agreement`: The terms of an agreement; None comes with a problem.
- `read_bank`: The terms of a lender; None comes with a problem.
- `read_convention`: The terms of a local convention; None comes with a problem.
- `reads`: Writes what a read sees: a lender, an agreement or a convention on a day.
- `records`: Writes what the registry holds as messages.
- `requests`: Reads requests: every absent or wrong field is collected with its proto path.
- `reservations`: Reads requests about reservations.
- `Sight`: The day whose terms are asked for (None = the latest), the instant of knowledge (microseconds,
  None = now), the oldest state_number.
- `transfers`: Messages of imports and exports.
- `Writing`: What every write says of itself; an absent request_id or etag is empty.
"""

from services.bank_registry.messages import (
    changes,
    edits,
    filters,
    names,
    reads,
    records,
    requests,
    reservations,
    transfers,
)
from services.bank_registry.messages.checks import CheckMessages
from services.bank_registry.messages.edits import Writing
from services.bank_registry.messages.entries import read_agreement, read_bank, read_convention
from services.bank_registry.messages.requests import Sight
from services.bank_registry.messages.transfers import Options

__all__ = [
    "CheckMessages",
    "Options",
    "Sight",
    "Writing",
    "changes",
    "edits",
    "filters",
    "names",
    "read_agreement",
    "read_bank",
    "read_convention",
    "reads",
    "records",
    "requests",
    "reservations",
    "transfers",
]
