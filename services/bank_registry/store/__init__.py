"""The store of the registry: append-only, bitemporal, on SQLite or PostgreSQL.

- `AUDIT_CHAIN`: The purpose of the key that seals the audit.
- `auditing`: Reads the audit, and compares every row of the registry with what it says was written.
- `AuditRow`: A row of the audit.
- `changes`: The states from `first` to `last`, both included, in order.
- `changes_of`: The states, up to `last`, that changed a lender or what it holds, latest first; without
  names.
- `Edit`: One write to the registry, in an open transaction.
- `lost_guards`: The guards of the tables that are gone or changed, and the triggers that nobody asked for, by
  name.
- `migrate`: Creates or upgrades the store.
- `Origin`: Who writes, by which operation, and why: kept in the audit.
- `prepare_store`: Creates or upgrades the store and its keys; StartupError.
- `RegistryStore`: Reads come from an immutable snapshot, replaced when the store has changed; writes are
  audited, under the keys of a ring.
- `ReservationChange`: A reservation of a lender before and after; `before` is None for a new one.
- `RowFinding`: A row that is not what was written: of which resource, by which state (0 = none), and which
  column.
- `STORE_KEYS`: The keys that the store keeps.
"""

from services.bank_registry.store import auditing
from services.bank_registry.store.auditing import AuditRow, RowFinding
from services.bank_registry.store.guards import lost_guards
from services.bank_registry.store.loading import changes, changes_of
from services.bank_registry.store.snapshot import (
    AUDIT_CHAIN,
    STORE_KEYS,
    RegistryStore,
    migrate,
    prepare_store,
)
from services.bank_registry.store.writes import Edit, Origin, ReservationChange
