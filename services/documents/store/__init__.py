"""The store of the documents service: its releases, the documents that it keeps, its keys.

- `AUDIT_CHAIN`: The purpose of the key that seals the audit.
- `check_keys`: StartupError when the key database has never had the key of the last document kept.
- `document_not_found`: No document has that name, for who asks.
- `DocumentStore`: Keeps documents for a number of days; only their encrypted bytes say whom they are about.
- `encrypt_anew`: Gives a random key to each document kept before keys were.
- `File`: A file to keep.
- `Kept`: A document in the store, without its content.
- `migrate`: Creates or upgrades the store.
- `Origin`: Where a document comes from: the versions and the data that made it.
- `SEALS`: The purpose of the key that seals files.
- `SEALS_NAME`: The purpose of what names that key in them.
- `STORE_KEYS`: The keys that the store keeps.
- `uses_keys`: Whether a document that is kept has a key in the key database.
"""

from services.documents.store.documents import DocumentStore, File, Kept, Origin, document_not_found
from services.documents.store.keys import (
    AUDIT_CHAIN,
    SEALS,
    SEALS_NAME,
    STORE_KEYS,
    check_keys,
    encrypt_anew,
    uses_keys,
)
from services.documents.store.tables import migrate
