"""Protobuf of the documents service: requests read, answers written.

- `DocumentOptions`: What every request for documents says: when, for which organisation, as what, kept or
  not.
- `DOMAIN`: The domain of ErrorInfo.
- `documents`: Documents and files as messages.
- `package_messages`: Packages, their revisions, their events and their check, as messages.
- `package_requests`: Reads requests about packages: every absent or wrong field is collected with its proto
  path.
- `requests`: Reads requests for documents: every absent or wrong field is collected with its proto path.
"""

from services.documents.messages import documents, package_messages, package_requests, requests
from services.documents.messages.requests import DocumentOptions

__all__ = ["DOMAIN", "DocumentOptions", "documents", "package_messages", "package_requests", "requests"]

DOMAIN = "documents.microcredit"
