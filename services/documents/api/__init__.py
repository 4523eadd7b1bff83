"""The servicers of the documents service, and what needs gRPC or drives a call.

- `Converter`: Turns documents into PDF, if a worker is configured.
- `DocumentServicer`: Makes documents, batches and dossiers; `max_bytes` is what a unary answer may carry.
- `DocumentStoreServicer`: Finds, gives, deletes and verifies documents; `page_key` seals the tokens of its
  lists.
- `Maker`: Makes files for the RPCs of DocumentService.
- `package_kinds`: Templates and profiles, as kinds of packages deployed without the code.
- `Stored`: Reads the documents kept; FailedPrecondition on a server that keeps none.
- `TemplateServicer`: Compares templates and lists the fields that they may print.
- `Verifier`: Answers VerifyDocument.
"""

from services.documents.api.document_service import DocumentServicer
from services.documents.api.making import Converter, Maker
from services.documents.api.releases import package_kinds
from services.documents.api.store_service import DocumentStoreServicer, Stored
from services.documents.api.template_service import TemplateServicer
from services.documents.api.verifying import Verifier
