"""A store of a service, on SQLite or PostgreSQL: transactions, audit, repeated requests, master key.

- `append`: Adds a row in the caller's write transaction; `before` and `after` hold JSON values without
  float.
- `audit`: Hash-chained audit: each write adds a row, in its own transaction, that seals all the rows before
  it.
- `audit_table`: The table of an audit chain, for the service's migration and its store.
- `Chain`: The records of a table, numbered by its primary key; all the columns are sealed but those
  `unsealed`.
- `Database`: A pool of connections, to be opened after the fork only.
- `database`: The store of a service, SQLite or PostgreSQL by URL: transactions, migrations, marks of
  change.
- `fingerprint`: What tells a request from another one: SHA-256 of its parts.
- `idempotency`: Requests already answered: a write sent again with the same id has the first answer
  (AIP-155).
- `MasterKey`: A master key; a key derived from it for one purpose betrays neither another nor the master
  key.
- `request_table`: The table of answered requests, for the service's migration and its store.
- `reused`: The request id was used for another request.
- `SQLITE_BUSY_SECONDS`: How long a statement waits for another writer of a SQLite file.
- `vault`: The master key of a service: a file kept outside its databases, and what is encrypted or tagged
  with it.
"""

from services.kit.store import audit, database, idempotency, vault
from services.kit.store.audit import append, audit_table
from services.kit.store.chain import Chain
from services.kit.store.database import Database
from services.kit.store.engine import SQLITE_BUSY_SECONDS
from services.kit.store.idempotency import fingerprint, request_table, reused
from services.kit.store.vault import MasterKey

__all__ = [
    "SQLITE_BUSY_SECONDS",
    "Chain",
    "Database",
    "MasterKey",
    "append",
    "audit",
    "audit_table",
    "database",
    "fingerprint",
    "idempotency",
    "request_table",
    "reused",
    "vault",
]
