"""The stores of eligibility: published rulesets, journal of decisions, shadow runs.

- `decision_not_found`: No decision has that name, for who asks.
- `Journal`: The decisions of all the processes that share a store, in one chain under a seal.
- `JOURNAL_CHAIN`: The purpose of the key that seals the journal.
- `migrate`: Creates or upgrades the store of rulesets, decisions and shadows.
- `ShadowStore`: The shadow runs of all the processes that share a store.
- `STORE_KEYS`: The keys that the store of rulesets and decisions keeps.
"""

from services.eligibility.store.journal import Journal, decision_not_found
from services.eligibility.store.journal_chain import JOURNAL_CHAIN, STORE_KEYS
from services.eligibility.store.shadows import ShadowStore
from services.eligibility.store.tables import migrate
