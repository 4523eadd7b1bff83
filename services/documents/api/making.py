"""What every RPC that makes documents does: choose the versions, convert, keep."""

from __future__ import annotations

from services.documents.api.converter import Converter
from services.documents.making import DOCX, PDF, Generated, OutputFile, Seal, Sources, choose, with_provenance
from services.documents.messages import Asked, documents, requests
from services.documents.publishing import Deployment, Deployments
from services.documents.store import DocumentStore, File, Origin
from services.kit.context import actor


class Maker:
    """Makes files for the RPCs of DocumentService."""

    def __init__(
        self,
        deployments: Deployments,
        store: DocumentStore,
        converter: Converter,
        seal: Seal,
        retention_days: int,
    ) -> None:
        self._deployments = deployments
        self._store = store
        self._converter = converter
        self._seal = seal
        self._retention_days = retention_days

    def deployment(self, asked: Asked) -> Deployment:
        """What governs, once what is asked can be done here."""
        requests.check_storage(asked, self._retention_days)
        if asked.pdf:
            self._converter.check()
        return self._deployments.current(asked.min_state_number)

    def sources(self, deployment: Deployment, asked: Asked, template_id: str) -> Sources:
        """The versions that make a document."""
        return choose(
            deployment, self._deployments.packages, template_id, asked.profile_id, asked.document_date
        )

    def file(self, content: bytes, filename: str, asked: Asked) -> OutputFile:
        """A .docx, or its PDF if that is what is asked, sealed."""
        media_type = DOCX
        if asked.pdf:
            content = with_provenance(self._converter.pdf(content), content)
            filename, media_type = f"{filename.removesuffix('.docx')}.pdf", PDF
        return OutputFile(filename, media_type, self._seal.sealed(content, media_type))

    def keep(self, file: OutputFile, generated: Generated, asked: Asked) -> str:
        """Keeps the file of a document, and gives its name; empty when that is not asked."""
        return self.keep_file(
            file, generated.title, generated.case_reference, documents.origin(generated), asked
        )

    def keep_file(self, file: OutputFile, title: str, reference: str, origin: Origin, asked: Asked) -> str:
        """Keeps a file, and gives its name; empty when that is not asked, and the one of the first time for a
        request sent again, whose PDF has other bytes."""
        if not asked.store:
            return ""
        kept = File(file.content, file.filename, file.sha256, file.media_type, title, origin)
        (document_id,) = self._store.keep(
            [(reference, kept)], actor=actor(), request_id=asked.request_id, mark=asked.fingerprint
        )
        return f"documents/{document_id}"
