"""The store of the registry: append-only, bitemporal, on SQLite or PostgreSQL.

- `AUDIT_CHAIN`: The purpose of the key that seals the audit.
- `auditing`: Reads the audit, and compares every row of the registry with what it says was written.
- `AuditRow`: A row of the audit.
- `Edit`: One write to the registry, in an open transaction.
- `free_texts`: The free texts of a version, each with its field; none is empty.
- `key_of`: The key of a text that is kept.
- `lost_guards`: The guards of the tables that are gone or changed, and the triggers that nobody asked for, by
  name.
- `migrate`: Creates or upgrades the store.
- `Origin`: Who writes, by which operation, and why: kept in the audit.
- `Places`: Where the registry is, and the keys of its texts; `accept_lost_keys` does without those that are
  lost.
- `prepare_store`: Creates or upgrades the store and its keys, once it is found to follow its anchored heads;
  StartupError.
- `REDATING`: The method of a write that gives other instants to the states before it.
- `RegistryStore`: Reads come from an immutable snapshot, replaced when the store has changed; writes are
  audited, under the keys of a ring.
- `ReservationChange`: A reservation of a lender before and after; `before` is None for a new one.
- `RowFinding`: A row that is not what was written: of which resource, by which state (0 = none), and which
  column.
- `STORE_KEYS`: The keys that the store keeps.
- `uses_keys`: Whether a registry has texts under keys: one of an earlier version has its key database begun
  beside it.
"""

from services.bank_registry.store import auditing
from services.bank_registry.store.auditing import AuditRow, RowFinding
from services.bank_registry.store.guards import lost_guards
from services.bank_registry.store.loading import REDATING
from services.bank_registry.store.preparing import STORE_KEYS, Places, migrate, prepare_store, uses_keys
from services.bank_registry.store.rows import free_texts
from services.bank_registry.store.snapshot import AUDIT_CHAIN, RegistryStore
from services.bank_registry.store.texts import key_of
from services.bank_registry.store.writes import Edit, Origin, ReservationChange
