"""Protobuf of the documents service: requests read, answers written.

- `annotated_docx`: A Word file with a comment at each finding.
- `data_as_sent`: Writes the object of a request as the JSON that all the rest reads; what is refused in the
  dossier is said at the field that was sent, the request being at `root`.
- `DocumentOptions`: What every request for documents says: when, for which organisation, as what, kept or
  not.
- `DOMAIN`: The domain of ErrorInfo.
- `documents`: Documents and files as messages.
- `requests`: Reads requests for documents: every absent or wrong field is collected with its proto path.
- `template_field`: A value that a template may print, with the tag to copy.
- `text_change`: A paragraph that differs.
"""

from services.documents.messages import documents, requests
from services.documents.messages.data import data_as_sent
from services.documents.messages.requests import DocumentOptions
from services.documents.messages.templates import annotated_docx, template_field, text_change

DOMAIN = "documents.microcredit"
