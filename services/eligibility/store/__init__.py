"""The stores of eligibility: published rulesets, journal of decisions, shadow runs; and the keys of cases.

- `Journal`: The decisions of all the processes that share a store, in one chain.
- `KeyStore`: The keys of cases; every use reads them anew, so that an erased one is never used.
- `migrate`: Creates or upgrades the store of rulesets, decisions and shadows.
- `page_key`: The key that seals page tokens, the same for every worker and restart.
- `prepare_keys`: Creates or upgrades the key database; creates the master key if neither exists yet.
- `ShadowStore`: The shadow runs of all the processes that share a store.
"""

from services.eligibility.store.journal import Journal
from services.eligibility.store.keys import KeyStore, prepare_keys
from services.eligibility.store.secrets import page_key
from services.eligibility.store.shadows import ShadowStore
from services.eligibility.store.tables import migrate

__all__ = ["Journal", "KeyStore", "ShadowStore", "migrate", "page_key", "prepare_keys"]
