"""All that the registry reads from protobuf and writes to it.

- `Answers`: Messages about the lenders of a registry; what no application changes is built only once.
- `BANK_PREFIX`: What the resource name of a lender begins with.
- `Entries`: Reads messages; `problems` forbid the edit, `advice` is to be looked at.
- `Options`: How a file is imported.
- `Sight`: The day whose terms are asked for (None = the latest), the instant of knowledge (microseconds,
  None = now), the oldest state_number.
- `Writing`: What every write says of itself; an absent request_id or etag is empty.
- `changes`: Writes what changed.
- `edits`: Reads what every edit says: from which day, why, on which state, and whether to write.
- `filters`: Reads the filters of lists and searches.
- `names`: Reads resource names.
- `quick`: Reads the usual application fast; leaves to the full reader all that it would refuse, or explain.
- `reads`: Writes what a read sees: a lender, an agreement or a convention on a day.
- `records`: Writes what the registry holds as messages.
- `requests`: Reads requests: every absent or wrong field is collected with its proto path.
- `reservations`: Reads requests about reservations.
- `transfers`: Messages of imports and exports.
"""

from services.bank_registry.messages import (
    changes,
    edits,
    filters,
    names,
    quick,
    reads,
    records,
    requests,
    reservations,
    transfers,
)
from services.bank_registry.messages.checks import Answers
from services.bank_registry.messages.edits import Writing
from services.bank_registry.messages.entries import Entries
from services.bank_registry.messages.names import BANK_PREFIX
from services.bank_registry.messages.requests import Sight
from services.bank_registry.messages.transfers import Options

__all__ = [
    "BANK_PREFIX",
    "Answers",
    "Entries",
    "Options",
    "Sight",
    "Writing",
    "changes",
    "edits",
    "filters",
    "names",
    "quick",
    "reads",
    "records",
    "requests",
    "reservations",
    "transfers",
]
