"""The servicers of the documents service, and what needs gRPC or drives a call.

- `Converter`: Turns documents into PDF, if a worker is configured.
- `DocumentServicer`: Makes documents, batches and dossiers; `max_bytes` is what a unary answer may carry.
- `DocumentStoreServicer`: Finds, gives, deletes and verifies documents; `page_key` seals the tokens of its
  lists.
- `Maker`: Makes files for the RPCs of DocumentService.
- `ProfileServicer`: Checks, publishes, activates and rolls back organisation profiles.
- `Stored`: Reads the documents kept; FailedPrecondition on a server that keeps none.
- `TemplateServicer`: Checks, compares, publishes, activates and rolls back templates.
- `Verifier`: Answers VerifyDocument.
"""

from services.documents.api.document_service import DocumentServicer
from services.documents.api.making import Converter, Maker
from services.documents.api.profile_service import ProfileServicer
from services.documents.api.store_service import DocumentStoreServicer, Stored
from services.documents.api.template_service import TemplateServicer
from services.documents.api.verifying import Verifier

__all__ = [
    "Converter",
    "DocumentServicer",
    "DocumentStoreServicer",
    "Maker",
    "ProfileServicer",
    "Stored",
    "TemplateServicer",
    "Verifier",
]
