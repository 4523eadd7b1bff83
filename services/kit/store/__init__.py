"""A store of a service, on SQLite or PostgreSQL: transactions, audit, repeated requests, master key.

- `AccessFilters`: Which lines are searched; what is empty leaves all.
- `accesses`: The journal of accesses: a database of its own, apart from what a service records of its trade.
- `AccessLine`: Who called, from where, for which act and which case, and how it ended; never what was said.
- `AccessLog`: The lines of a journal, chained; to be opened after the fork only.
- `AccessPlace`: Where a service keeps its journal of accesses, under which master key, and for how many
  months.
- `Agreement`: What a person asked of an act that takes two: who, with which roles, and until when it holds.
- `append`: Adds a row in the caller's write transaction; `before` and `after` hold JSON values without
  float.
- `audit`: Hash-chained audit: each write adds a row, in its own transaction, that seals all the rows before
  it.
- `audit_table`: The table of an audit chain, for the service's migration and its store.
- `BrokenChainError`: A record is not as it was written, or is missing; `sequence` is its rank.
- `CaseKey`: The key that encrypts what is kept of a case.
- `Chain`: The records of a table, numbered by its primary key; all the columns are sealed but those
  `unsealed`.
- `clock_tables`: The one row of the clock, and the chained audit of its confirmations.
- `create_clock_tables`: Creates the tables of the clock, for the service's migration.
- `Database`: A pool of connections, to be opened after the fork only.
- `CONTENTS`: In the place of a case: contents were removed, of cases whose keys still serve.
- `database`: The store of a service, SQLite or PostgreSQL by URL: transactions, migrations, marks of
  change.
- `ERASED`: What a person is told of an erasure that is done.
- `ERASING`: What a person is told of an erasure under way.
- `Erasing`: Carries out the erasures of a store: destroys the keys, ends their epochs, empties the logs of
  SQLite.
- `erasure_table`: The table of erasures that are not carried out yet, for a service's migration and its
  store.
- `database_part`: A database, known by a table that no other store has; it exists once it has its tables.
- `DeletionTime`: What a deletion goes by, which only the clock of a store gives.
- `fingerprint`: What tells a request from another one: SHA-256 of its parts.
- `idempotency`: Requests already answered: a write sent again with the same id has the first answer
  (AIP-155).
- `KeyStore`: The keys of cases; every use reads them anew, so that an erased one is never used.
- `master_key_table`: The table that says which master key a database is tied to.
- `master_key_part`: The master key of a service.
- `MasterKey`: A master key; a key derived from it for one purpose betrays neither another nor the master
  key.
- `page_key`: The key that seals page tokens, the same for every worker and restart.
- `prepare_keys`: Creates or upgrades the key database; creates the master key and the first epoch if none
  exists yet.
- `request_table`: The table of answered requests, for the service's migration and its store.
- `reused`: The request id was used for another request.
- `secret_table`: The table of the secrets, which the first migration of a service fills.
- `states`: The states of a store in which a service reads and writes nothing, each with its reason and what
  to do.
- `StoreSet`: All that a service keeps; `init` is the operator's word that this is its first start.
- `store_clock`: The clock of a store: its service marks the hour there, and deletes only what has waited
  since its mark.
- `StoreClock`: Marks the hour of a store from one process; `delete` is called while the hour is believed,
  then alone.
- `tie`: Ties the first master key to a database, and creates it; afterwards no other is accepted.
- `vault`: The master key of a service: a file kept outside its databases, and what is encrypted or tagged
  with it.
- `write_places`: The threads of this process that may write or wait to: half of them.
"""

from services.kit.store import accesses, audit, database, idempotency, states, store_clock, vault
from services.kit.store.accesses import AccessFilters, AccessLine, AccessLog, AccessPlace, Agreement
from services.kit.store.audit import append, audit_table
from services.kit.store.chain import BrokenChainError, Chain
from services.kit.store.database import Database
from services.kit.store.erasing import CONTENTS, ERASED, ERASING, Erasing, erasure_table
from services.kit.store.idempotency import fingerprint, request_table, reused
from services.kit.store.key_tables import master_key_table
from services.kit.store.keys import CaseKey, KeyStore, prepare_keys, tie
from services.kit.store.parts import StoreSet, database_part, master_key_part
from services.kit.store.secrets import page_key, secret_table
from services.kit.store.store_clock import DeletionTime, StoreClock, clock_tables, create_clock_tables
from services.kit.store.vault import MasterKey
from services.kit.store.waits import write_places
