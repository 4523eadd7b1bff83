"""Is this file ours, unchanged, from which versions? By its record, or by its seal and its provenance."""

from __future__ import annotations

import hashlib
import re

from microcredit.documents.v1 import document_service_pb2
from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.contract import CONTRACT, Requirement, read_dossier
from services.documents.making import Provenance, Seal, Sealing, read_provenance
from services.documents.messages import documents
from services.documents.publishing import PROFILES, TEMPLATES, Deployments
from services.documents.store import DocumentStore, Kept
from services.kit.errors import FieldReason, Violations
from services.kit.french import long_date, spaced
from services.kit.releases import Release

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNKNOWN = "Ce fichier n’est pas connu de ce service."
_VERDICTS = {
    Sealing.INTACT: pb.VERIFICATION_GENUINE,
    Sealing.BROKEN: pb.VERIFICATION_CHANGED,
    Sealing.ABSENT: pb.VERIFICATION_CHANGED,
    Sealing.FOREIGN: pb.VERIFICATION_UNPROVED,
}
_SAYS = "Ce fichier dit venir de ce service ({source}), mais "
_SENTENCES = {
    Sealing.INTACT: "Ce service a fait ce fichier, qui n’a pas changé depuis : {source}.",
    Sealing.BROKEN: f"{_SAYS}il a été modifié depuis.",
    Sealing.ABSENT: f"{_SAYS}il n’en a pas le sceau : il a été modifié, ou enregistré de nouveau.",
    Sealing.FOREIGN: f"{_SAYS}son sceau est celui d’une autre clé : rien ne prouve qu’il est intact.",
}
_OTHER_DATA = "Ce service a fait ce fichier ({source}), mais avec d’autres données que celles-ci."


class Verifier:
    """Answers VerifyDocument."""

    def __init__(self, deployments: Deployments, store: DocumentStore, seal: Seal) -> None:
        self._deployments = deployments
        self._store = store
        self._seal = seal

    def verify(self, request: pb.VerifyDocumentRequest) -> pb.VerifyDocumentResponse:
        """What is known of a file."""
        sha256 = _asked_digest(request)
        kept = self._store.find(sha256)
        if kept is not None:
            return _stored(kept)
        provenance = read_provenance(request.content) if request.content else None
        template = self._release(TEMPLATES, provenance.template_sha256) if provenance else None
        profile = self._release(PROFILES, provenance.profile_sha256) if provenance else None
        if provenance is None or template is None or profile is None:
            return pb.VerifyDocumentResponse(
                verification=pb.VERIFICATION_UNKNOWN, summary=_UNKNOWN, sha256=sha256
            )
        sealing = self._seal.read(request.content)
        verification, sentence = _VERDICTS[sealing], _SENTENCES[sealing]
        if sealing is Sealing.INTACT and _is_of_other_data(provenance, request.data_json):
            verification, sentence = pb.VERIFICATION_CHANGED, _OTHER_DATA
        source = (
            f"modèle « {_id(template)} », version {template.version}, "
            f"au {long_date(provenance.document_date)}"
        )
        return pb.VerifyDocumentResponse(
            verification=verification,
            summary=spaced(sentence.format(source=source)),
            sha256=sha256,
            template=document_service_pb2.TemplateVersion(
                name=template.name, version=template.version, digest=template.digest
            ),
            profile=document_service_pb2.ProfileVersion(
                name=profile.name, version=profile.version, digest=profile.digest
            ),
            data_sha256=provenance.data_sha256,
        )

    def _release(self, collection: str, digest: str) -> Release | None:
        """The published package of a digest."""
        for release in self._deployments.releases.follower.state().releases:
            if release.digest == digest and release.name.startswith(f"{collection}/"):
                return release
        return None


def _is_of_other_data(provenance: Provenance, data_json: bytes) -> bool:
    """Whether data are given that are not those of the file; InvalidArgument if they cannot be read."""
    if not data_json:
        return False
    read = read_dossier(data_json, CONTRACT, Requirement((), ""), (), provenance.document_date)
    return read.sha256 != provenance.data_sha256


def _asked_digest(request: pb.VerifyDocumentRequest) -> str:
    """The digest of the file in question; InvalidArgument."""
    violations = Violations()
    if not (request.content or request.sha256):
        violations.add("subject", FieldReason.REQUIRED, "Donnez le fichier, ou son empreinte.")
    elif not request.content and not _DIGEST.fullmatch(request.sha256.lower()):
        violations.add(
            "sha256", FieldReason.MALFORMED, "Une empreinte SHA-256 compte 64 chiffres hexadécimaux."
        )
    violations.raise_if_any()
    return hashlib.sha256(request.content).hexdigest() if request.content else request.sha256.lower()


def _stored(kept: Kept) -> pb.VerifyDocumentResponse:
    made = kept.origin
    summary = (
        f"Ce fichier est celui que ce service a fait et gardé le {long_date(kept.create_time.date())}, "
        f"du modèle « {made.template_id} », version {made.template_version}."
    )
    return pb.VerifyDocumentResponse(
        verification=pb.VERIFICATION_GENUINE,
        summary=spaced(summary),
        sha256=kept.sha256,
        template=documents.template_version(made),
        profile=documents.profile_version(made),
        data_sha256=made.data_sha256,
        name=f"documents/{kept.id}",
    )


def _id(release: Release) -> str:
    return release.name.partition("/")[2]
