"""Is this file ours, unchanged, from which versions? By its digest, its provenance, or generation again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from microcredit.documents.v1 import document_service_pb2
from microcredit.documents.v1 import store_service_pb2 as pb
from services.documents.deployment import Deployments
from services.documents.edge import documents
from services.documents.findings import PackageError
from services.documents.generation import Sources, fill, render
from services.documents.packages import PROFILES, TEMPLATES
from services.documents.provenance import Provenance, read_provenance
from services.documents.render.errors import TemplateError
from services.documents.store.documents import DocumentStore, Kept
from services.kit.errors import DomainError, Violations
from services.kit.french import long_date
from services.kit.releases.timeline import Release

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNKNOWN = "Ce fichier n’est pas connu de ce service."


@dataclass(frozen=True)
class _Verdict:
    """What is known of a file, in a word and in French."""

    verification: pb.Verification.ValueType
    summary: str


class Verifier:
    """Answers VerifyDocument."""

    def __init__(self, deployments: Deployments, store: DocumentStore) -> None:
        self._deployments = deployments
        self._store = store

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
        verdict = self._judged(request, provenance, template)
        return pb.VerifyDocumentResponse(
            verification=verdict.verification,
            summary=verdict.summary,
            sha256=sha256,
            template=document_service_pb2.TemplateVersion(
                template_id=_id(template), version=template.version, digest=template.digest
            ),
            profile=document_service_pb2.ProfileVersion(
                profile_id=_id(profile), version=profile.version, digest=profile.digest
            ),
            data_sha256=provenance.data_sha256,
        )

    def _release(self, collection: str, digest: str) -> Release | None:
        """The published package of a digest."""
        for release in self._deployments.follower.state().releases:
            if release.digest == digest and release.name.startswith(f"{collection}/"):
                return release
        return None

    def _judged(
        self, request: pb.VerifyDocumentRequest, provenance: Provenance, template: Release
    ) -> _Verdict:
        says = (
            f"Ce fichier dit venir du modèle «\u00a0{_id(template)}\u00a0», version {template.version}, "
            f"au {long_date(provenance.document_date)}"
        )
        if not request.data_json:
            return _Verdict(
                pb.VERIFICATION_UNPROVED,
                f"{says}\u00a0; rien ne prouve qu’il n’a pas été modifié (donnez les données du dossier).",
            )
        content, data_sha256 = self._again(provenance, request.data_json)
        if content == request.content:
            return _Verdict(pb.VERIFICATION_GENUINE, f"{says}\u00a0: refait à l’identique, octet pour octet.")
        cause = "il a été modifié" if data_sha256 == provenance.data_sha256 else "il porte d’autres données"
        return _Verdict(pb.VERIFICATION_CHANGED, f"{says}, mais {cause}.")

    def _again(self, provenance: Provenance, data_json: bytes) -> tuple[bytes, str]:
        """The document generated again, and the digest of its data; empty if its versions cannot make it."""
        packages, contents = self._deployments.packages, self._deployments.contents
        try:
            template = packages.template(provenance.template_sha256, contents)
            profile = packages.profile(provenance.profile_sha256, contents)
            plan = packages.plan(template, profile.logo)
        except (PackageError, TemplateError):
            return b"", provenance.data_sha256
        filled = fill(Sources(template, profile, plan, provenance.document_date, 0), data_json)
        try:
            return render(filled).content, filled.data_sha256
        except DomainError:
            return b"", filled.data_sha256


def _asked_digest(request: pb.VerifyDocumentRequest) -> str:
    """The digest of the file in question; InvalidArgument."""
    violations = Violations()
    if not (request.content or request.sha256):
        violations.add("subject", "REQUIRED", "Donnez le fichier, ou son empreinte.")
    elif not request.content and not _DIGEST.fullmatch(request.sha256.lower()):
        violations.add("sha256", "DIGEST_MALFORMED", "Une empreinte SHA-256 compte 64 chiffres hexadécimaux.")
    violations.raise_if_any()
    return hashlib.sha256(request.content).hexdigest() if request.content else request.sha256.lower()


def _stored(kept: Kept) -> pb.VerifyDocumentResponse:
    made = kept.origin
    summary = (
        f"Ce fichier est celui que ce service a fait et gardé le {long_date(kept.create_time.date())}, "
        f"du modèle «\u00a0{made.template_id}\u00a0», version {made.template_version}."
    )
    return pb.VerifyDocumentResponse(
        verification=pb.VERIFICATION_GENUINE,
        summary=summary,
        sha256=kept.sha256,
        template=documents.template_version(made),
        profile=documents.profile_version(made),
        data_sha256=made.data_sha256,
        name=f"documents/{kept.id}",
    )


def _id(release: Release) -> str:
    return release.name.partition("/")[2]
