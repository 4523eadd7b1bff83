"""Is this file ours, unchanged, from which versions? By its record, or by its seal and its provenance."""

from __future__ import annotations

import hashlib
import re

from microcredit.documents.v1 import document_service_pb2
from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.contract import data_digest
from services.documents.making import Provenance, Seal, Sealing, read_provenance
from services.documents.messages import documents
from services.documents.publishing import PROFILES, TEMPLATES, Deployments
from services.documents.store import DocumentStore, Kept
from services.kit.dates import paris_day
from services.kit.errors import FieldReason, Violations
from services.kit.french import long_date, spaced
from services.kit.releases import Release

_NOT_COMPARED = pb.DATA_COMPARISON_NOT_COMPARED
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
_SAME_DATA = " Il est fait de ces données."
_KEPT = "Ce fichier est celui que ce service a fait et gardé le {day} : {source}."
_FORMER_SOURCE = "une version de modèle que ce service n’a plus"


class Verifier:
    """Answers VerifyDocument."""

    def __init__(self, deployments: Deployments, store: DocumentStore, seal: Seal) -> None:
        self._deployments = deployments
        self._store = store
        self._seal = seal

    def verify(self, request: pb.VerifyDocumentRequest) -> pb.VerifyDocumentResponse:
        """What is known of a file."""
        sha256 = _asked_digest(request)
        given = data_digest(request.data_json) if request.data_json else ""
        kept = self._store.find(sha256)
        return _stored(kept, given) if kept is not None else self._proved(request.content, sha256, given)

    def _proved(self, content: bytes, sha256: str, given: str) -> pb.VerifyDocumentResponse:
        """What its seal and its provenance prove of a file that is not kept; the seal is enough, the template
        that made it may be published here no more."""
        provenance = read_provenance(content) if content else None
        sealing = self._seal.read(content)
        template = self._release(TEMPLATES, provenance.template_sha256) if provenance else None
        profile = self._release(PROFILES, provenance.profile_sha256) if provenance else None
        is_known = template is not None and profile is not None
        if provenance is None or not (is_known or sealing is Sealing.INTACT):
            return pb.VerifyDocumentResponse(
                verification=pb.VERIFICATION_UNKNOWN, summary=_UNKNOWN, sha256=sha256, data=_NOT_COMPARED
            )
        data = _compared(provenance.data_sha256, given) if sealing is Sealing.INTACT else _NOT_COMPARED
        return pb.VerifyDocumentResponse(
            verification=_verdict(_VERDICTS[sealing], data),
            summary=_told(_SENTENCES[sealing], _source(template, provenance), data),
            sha256=sha256,
            template=_template_version(template),
            profile=_profile_version(profile),
            data_sha256=provenance.data_sha256,
            data=data,
        )

    def _release(self, collection: str, digest: str) -> Release | None:
        """The published package of a digest."""
        for release in self._deployments.releases.follower.state().releases:
            if release.digest == digest and release.name.startswith(f"{collection}/"):
                return release
        return None


def _compared(made_of: str, given: str) -> pb.DataComparison.ValueType:
    """Whether the data given, if any, are those of a file."""
    if not given:
        return _NOT_COMPARED
    return pb.DATA_COMPARISON_SAME if given == made_of else pb.DATA_COMPARISON_OTHER


def _verdict(
    found: pb.Verification.ValueType, data: pb.DataComparison.ValueType
) -> pb.Verification.ValueType:
    return pb.VERIFICATION_CHANGED if data == pb.DATA_COMPARISON_OTHER else found


def _told(sentence: str, source: str, data: pb.DataComparison.ValueType) -> str:
    """The sentences of an answer."""
    if data == pb.DATA_COMPARISON_OTHER:
        return spaced(_OTHER_DATA.format(source=source))
    return spaced(sentence.format(source=source) + (_SAME_DATA if data == pb.DATA_COMPARISON_SAME else ""))


def _source(template: Release | None, provenance: Provenance) -> str:
    made_from = f"modèle « {_id(template)} », version {template.version}" if template else _FORMER_SOURCE
    return f"{made_from}, au {long_date(provenance.document_date)}"


def _template_version(release: Release | None) -> document_service_pb2.TemplateVersion | None:
    if release is None:
        return None
    return document_service_pb2.TemplateVersion(
        name=release.name, version=release.version, digest=release.digest
    )


def _profile_version(release: Release | None) -> document_service_pb2.ProfileVersion | None:
    if release is None:
        return None
    return document_service_pb2.ProfileVersion(
        name=release.name, version=release.version, digest=release.digest
    )


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


def _stored(kept: Kept, given: str) -> pb.VerifyDocumentResponse:
    made = kept.origin
    data = _compared(made.data_sha256, given)
    source = f"modèle « {made.template_id} », version {made.template_version}"
    sentence = _KEPT.replace("{day}", long_date(paris_day(kept.create_time)))
    return pb.VerifyDocumentResponse(
        verification=_verdict(pb.VERIFICATION_GENUINE, data),
        summary=_told(sentence, source, data),
        sha256=kept.sha256,
        template=documents.template_version(made),
        profile=documents.profile_version(made),
        data_sha256=made.data_sha256,
        name=f"documents/{kept.id}",
        data=data,
    )


def _id(release: Release) -> str:
    return release.name.partition("/")[2]
