"""All that the registry reads from protobuf and writes to it.

- `CheckMessages`: Messages of checks; those of a lender of today are built once, at its first check.
- `edits`: Reads what every write says: from which day, why, on which state; what a reservation asks for.
- `names`: Reads resource names.
- `Options`: How a file is imported.
- `Questions`: Checks made in the past: the id of a lender, empty for every one, and what it was asked.
- `read_agreement`: The terms of an agreement; None comes with a problem.
- `read_bank`: The terms of a lender; None comes with a problem.
- `read_convention`: The terms of a local convention; None comes with a problem.
- `reads`: Writes what a read sees: lenders, agreements and conventions on a day, communes, what changed.
- `records`: Writes what the registry holds as messages.
- `requests`: Reads requests and filters: every absent or wrong field is collected with its proto path.
- `Sight`: The day whose terms are asked for (None = the latest), the instant of knowledge (microseconds,
  None = now), the oldest state_number.
- `transfers`: Messages of imports and exports.
- `Writing`: What every write says of itself; an absent request_id or etag is empty.
"""

from services.bank_registry.messages import edits, names, reads, records, requests, transfers
from services.bank_registry.messages.answers import Questions
from services.bank_registry.messages.checks import CheckMessages
from services.bank_registry.messages.edits import Writing
from services.bank_registry.messages.entries import read_agreement, read_bank, read_convention
from services.bank_registry.messages.requests import Sight
from services.bank_registry.messages.transfers import Options
