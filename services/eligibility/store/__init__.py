"""The stores of eligibility: published rulesets, journal of decisions, shadow runs.

- `Journal`: The decisions of all the processes that share a store, in one chain.
- `migrate`: Creates or upgrades the store of rulesets, decisions and shadows.
- `ShadowStore`: The shadow runs of all the processes that share a store.
"""

from services.eligibility.store.journal import Journal
from services.eligibility.store.shadows import ShadowStore
from services.eligibility.store.tables import migrate
