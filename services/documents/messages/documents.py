"""Documents and files as messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1 import store_service_pb2
from services.documents.contract import CONTRACT_VERSION
from services.documents.making import Filled, Generated, OutputFile, SignaturePlace
from services.documents.store import Kept, Origin
from services.kit import wire
from services.kit.errors import ResourceExhausted
from services.kit.french import spaced
from services.kit.store import ERASED, ERASING


def document_pb(generated: Generated, file: OutputFile, *, with_content: bool = True) -> pb.Document:
    """A generated document, in its file: the .docx or its PDF."""
    sources = generated.sources
    return pb.Document(
        content=file.content if with_content else b"",
        media_type=file.media_type,
        filename=file.filename,
        sha256=file.sha256,
        title=generated.title,
        template=pb.TemplateVersion(
            name=f"templates/{sources.template.id}",
            version=sources.template.version,
            digest=sources.template.digest,
        ),
        profile=pb.ProfileVersion(
            name=f"profiles/{sources.profile.id}",
            version=sources.profile.version,
            digest=sources.profile.digest,
        ),
        contract_version=CONTRACT_VERSION,
        data_sha256=generated.data_sha256,
        state_number=sources.state_number,
        size_bytes=len(file.content),
        signature_places=map(_signature_place, file.signature_places),
    )


def tried_pb(filled: Filled) -> pb.Document:
    """A document that was only checked: what it would be made from."""
    made = origin(filled)
    return pb.Document(
        title=filled.sources.template.title,
        template=template_version(made),
        profile=profile_version(made),
        contract_version=CONTRACT_VERSION,
        data_sha256=filled.data_sha256,
        state_number=filled.sources.state_number,
    )


def _signature_place(place: SignaturePlace) -> pb.SignaturePlace:
    return pb.SignaturePlace(
        name=place.name,
        page=place.page,
        left_mm=wire.decimal_pb(place.left_mm),
        top_mm=wire.decimal_pb(place.top_mm),
    )


def origin(made: Generated | Filled) -> Origin:
    """Where a document comes from, as the store keeps it."""
    template, profile = made.sources.template, made.sources.profile
    return Origin(
        template_id=template.id,
        template_version=template.version,
        template_digest=template.digest,
        profile_id=profile.id,
        profile_version=profile.version,
        profile_digest=profile.digest,
        contract_version=CONTRACT_VERSION,
        data_sha256=made.data_sha256,
    )


def kept_pb(kept: Kept, filename: str = "", content: bytes = b"") -> pb.Document:
    """A stored document."""
    made = kept.origin
    return pb.Document(
        content=content,
        media_type=kept.media_type,
        filename=filename,
        sha256=kept.sha256,
        title=kept.title,
        template=template_version(made),
        profile=profile_version(made),
        contract_version=made.contract_version,
        data_sha256=made.data_sha256,
        name=f"documents/{kept.id}",
        size_bytes=kept.size,
    )


def template_version(made: Origin) -> pb.TemplateVersion:
    """The template of a stored document."""
    return pb.TemplateVersion(
        name=f"templates/{made.template_id}", version=made.template_version, digest=made.template_digest
    )


def profile_version(made: Origin) -> pb.ProfileVersion:
    """The profile of a stored document."""
    return pb.ProfileVersion(
        name=f"profiles/{made.profile_id}", version=made.profile_version, digest=made.profile_digest
    )


def file_info(file: OutputFile) -> pb.FileInfo:
    """What is said of a file before its bytes."""
    return pb.FileInfo(
        filename=file.filename,
        media_type=file.media_type,
        size_bytes=len(file.content),
        sha256=file.sha256,
    )


def file_of_dossier(parts: Iterable[pb.GenerateDossierResponse]) -> pb.Document:
    """The file that the answers of GenerateDossier hold, whole; empty when nothing was made."""
    document, content = pb.Document(), bytearray()
    for part in parts:
        if part.HasField("file"):
            document.filename, document.media_type = part.file.filename, part.file.media_type
        content += part.chunk.data
    document.content = bytes(content)
    return document


def check_size(file: OutputFile, limit: int) -> None:
    """ResourceExhausted if a file is larger than one message may carry."""
    if len(file.content) > limit:
        raise ResourceExhausted(
            "DOCUMENT_TOO_LARGE",
            "Le document dépasse la taille d’une réponse : demandez-le par DownloadDocument.",
            metadata={"bytes": str(len(file.content)), "limit": str(limit)},
        )


def chunks(content: bytes) -> Iterator[pb.FileChunk]:
    """The bytes of a file, at most 256 KiB at a time."""
    for rank, data in enumerate(wire.chunks(content)):
        yield pb.FileChunk(offset=rank * wire.CHUNK_BYTES, data=data)


def deletion_pb(
    deleted: int, since: datetime | None, *, validate_only: bool
) -> store_service_pb2.DeleteCaseResponse:
    """What became of a deletion, the oldest erasure under way being of that instant."""
    if validate_only:
        return store_service_pb2.DeleteCaseResponse(deleted_count=deleted, summary="Rien n’est effacé.")
    status = erasure_status_pb(since)
    return store_service_pb2.DeleteCaseResponse(
        deleted_count=deleted, state=status.state, summary=status.summary
    )


def erasure_status_pb(since: datetime | None) -> store_service_pb2.GetErasureStatusResponse:
    """How far the erasures are, the oldest of which was asked for then."""
    done = since is None
    return store_service_pb2.GetErasureStatusResponse(
        state=store_service_pb2.ERASURE_STATE_DONE if done else store_service_pb2.ERASURE_STATE_IN_PROGRESS,
        pending_time=wire.timestamp(since),
        summary=spaced(ERASED if done else ERASING),
    )
