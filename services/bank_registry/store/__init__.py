"""The store of the registry: append-only, bitemporal, on SQLite or PostgreSQL."""

from services.bank_registry.store.snapshot import RegistryStore, migrate
from services.bank_registry.store.writes import Edit, Origin, ReservationChange, edit

__all__ = ["Edit", "Origin", "RegistryStore", "ReservationChange", "edit", "migrate"]
