"""A store of a service, on SQLite or PostgreSQL: transactions, audit, repeated requests, master key.

- `ACCESS_CLOCK`: The purpose of the key that seals the confirmations of the clock of a journal of accesses.
- `ACCESS_KEYS`: The keys that a journal of accesses keeps.
- `AccessFilters`: Which lines are searched; what is empty leaves all.
- `accesses`: The journal of accesses: a database of its own, apart from what a service records of its trade.
- `AccessLine`: Who called, from where, for which act and which case, and how it ended; never what was said.
- `AccessLog`: The lines of a journal, chained; to be opened after the fork only.
- `AccessPlace`: Where a service keeps its journal of accesses, under which master key, for how many months,
  and which keys are in it.
- `Agreement`: What a person asked of an act that takes two: who, with which roles, and until when it holds.
- `accesses_part`: The journal of accesses, which begins with the first server that asks who calls: its head
  is anchored from then on.
- `AnchoredStore`: The chains of a service, those of its journal of accesses too once there is one, which may
  be all that it keeps; and where their heads are anchored.
- `Audit`: The audit of a table of `audit_table`, under the seal of its chain.
- `audit`: Chained audit: each write adds a row, in its own transaction, that seals all the rows before it.
- `audit_chain`: The chain of the audit of a table.
- `AuditEntry`: What a write did to a resource; `before` and `after` hold JSON values without float.
- `audit_table`: The table of an audit chain, for the service's migration and its store.
- `BrokenChainError`: A record is not as it was written, or is missing; `sequence` is its rank.
- `CaseKey`: The key that encrypts what is kept of a case.
- `Chain`: The records of a table, numbered by its primary key; all the columns are sealed but those
  `unsealed`.
- `ChainSeal`: What seals the records that follow `after`: a key, so that whoever writes the database without
  it can make none.
- `CLOCK_CHAIN`: The purpose of the key that seals the confirmations of the clock.
- `clock_tables`: The one row of the clock, and the chained audit of its confirmations.
- `create_clock_tables`: Creates the tables of the clock, for the service's migration.
- `create_key_tables`: Creates those of the two tables that a database lacks, for the service's migration.
- `Database`: A pool of connections, to be opened after the fork only.
- `CONTENTS`: In the place of a case: contents were removed, of cases whose keys still serve.
- `database`: The store of a service, SQLite or PostgreSQL by URL: transactions, migrations, marks of
  change.
- `ERASED`: What a person is told of an erasure that is done.
- `ERASING`: What a person is told of an erasure under way.
- `Erasing`: Carries out the erasures of a store: destroys the keys, ends their epochs, empties the logs of
  SQLite.
- `derives_keys`: Whether an earlier version served this database last: its keys still come from its
  master key.
- `erasure_table`: The table of erasures that are not carried out yet, for a service's migration and its
  store.
- `database_part`: A database, known by a table that no other store has; it exists once it has its tables.
- `DeletionTime`: What a deletion goes by, which only the clock of a store gives.
- `fingerprint`: What tells a request from another one: SHA-256 of its parts.
- `HEAD_SIGNATURES`: The purpose of the key (Ed25519) that signs heads.
- `HeadPlaces`: Where anchored heads go: the file, and elsewhere where a setting says so.
- `heads_part`: The file of anchored heads; a store that has no key to sign them, of an earlier version, has
  none.
- `holds_key`: Whether a database keeps a key of that purpose, whatever else it is.
- `idempotency`: Requests already answered: a write sent again with the same id has the first answer
  (AIP-155).
- `KeyPlan`: The keys that a database must have.
- `KeyRing`: The keys of a database, unwrapped.
- `KeyStore`: The keys of cases; every use reads them anew, so that an erased one is never used.
- `master_key_table`: The table that says which master key a database is tied to.
- `master_key_part`: The master key of a service.
- `open_clock`: The chain of the confirmations, under a seal.
- `open_ring`: The keys of a database that was prepared; StartupError.
- `PAGE_TOKENS`: The purpose of the key that seals page tokens.
- `Part`: A database or a file of a service: its French name with an article, where it is, whether it exists.
- `prepare_keys`: Creates or upgrades the key database; creates the master key and the first epoch if none
  exists yet.
- `prepare_ring`: Ties a database to its master key, which is created for a new one, and makes the keys that
  it lacks.
- `request_table`: The table of answered requests, for the service's migration and its store.
- `refuse_replacement`: Makes SQLite refuse INSERT OR REPLACE in each table that refuses DELETE, for the
  service's migration.
- `reused`: The request id was used for another request.
- `rotate_master_key`: Wraps the keys of databases, by their French names, with a new master key that takes
  the place of the one of the file; gives a French sentence, or StartupError.
- `seal_from_beginning`: Lets the key of a chain seal all its records, for one that is written again.
- `secret_table`: The table of the secrets, which the first migration of a service fills.
- `states`: The states of a store in which a service reads and writes nothing, each with its reason and what
  to do.
- `stored_key_table`: The table of the keys that a database keeps, for the migration and the store.
- `StoreSet`: All that a service keeps; `init` is the operator's word that this is its first start.
- `store_clock`: The clock of a store: its service marks the hour there, and deletes only what has waited
  since its mark.
- `StoreClock`: Marks the hour of a store from one process; `delete` is called while the hour is believed,
  then alone.
- `taken`: When a row to insert would have the key of another one, as SQLite's triggers say it.
- `vault`: The master key of a service: a file kept outside its databases, and what is encrypted or tagged
  with it.
- `verify_audit`: How the audit of a table is verified under a seal.
- `verify_clock`: How the audit of the confirmations of the clock is verified under a seal.
- `write_places`: The threads of this process that may write or wait to: half of them.
"""

from services.kit.store import accesses, audit, database, idempotency, states, store_clock, vault
from services.kit.store.accesses import (
    ACCESS_CLOCK,
    ACCESS_KEYS,
    AccessFilters,
    AccessLine,
    AccessLog,
    AccessPlace,
)
from services.kit.store.anchoring import AnchoredStore
from services.kit.store.append_only import refuse_replacement, taken
from services.kit.store.audit import Audit, AuditEntry, audit_chain, audit_table, verify_audit
from services.kit.store.case_store import Agreement
from services.kit.store.chain import BrokenChainError, Chain, ChainSeal
from services.kit.store.database import Database
from services.kit.store.erasing import CONTENTS, ERASED, ERASING, Erasing, erasure_table
from services.kit.store.head_sending import HeadPlaces
from services.kit.store.heads import HEAD_SIGNATURES
from services.kit.store.idempotency import fingerprint, request_table, reused
from services.kit.store.keys import CaseKey, KeyStore, prepare_keys
from services.kit.store.parts import (
    Part,
    StoreSet,
    accesses_part,
    database_part,
    heads_part,
    holds_key,
    master_key_part,
)
from services.kit.store.ring import (
    PAGE_TOKENS,
    KeyPlan,
    KeyRing,
    create_key_tables,
    derives_keys,
    master_key_table,
    open_ring,
    prepare_ring,
    seal_from_beginning,
    stored_key_table,
)
from services.kit.store.rotation import rotate_master_key
from services.kit.store.secrets import secret_table
from services.kit.store.store_clock import (
    CLOCK_CHAIN,
    DeletionTime,
    StoreClock,
    clock_tables,
    create_clock_tables,
    open_clock,
    verify_clock,
)
from services.kit.store.waits import write_places
