"""The store of the documents service: its releases, the documents that it keeps, its secret.

- `CaseKeys`: What stands for case references and request ids, and encrypts the documents of a case.
- `document_not_found`: No document has that name, for who asks.
- `DocumentStore`: Keeps documents for a number of days; only their encrypted bytes say whom they are about.
- `File`: A file to keep.
- `Kept`: A document in the store, without its content.
- `migrate`: Creates or upgrades the store.
- `Origin`: Where a document comes from: the versions and the data that made it.
- `prepare_master_key`: Creates the master key of a database that has none; StartupError if it is missing,
  or another.
"""

from services.documents.store.documents import DocumentStore, File, Kept, Origin, document_not_found
from services.documents.store.keys import CaseKeys, prepare_master_key
from services.documents.store.tables import migrate
