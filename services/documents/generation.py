"""Generation of one document: choice of the versions, check of the data, rendering, provenance."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.documents import opc
from services.documents.context import make_context
from services.documents.contract.dossier import CONTRACT_FILE, CONTRACT_VERSION, read_dossier
from services.documents.contract.schema import Schema
from services.documents.folders import Findings
from services.documents.profile import Profile, load_profiles
from services.documents.render.document import render
from services.documents.template.package import Template, load_templates
from services.documents.versions import Versions
from services.kit.context import check_deadline
from services.kit.errors import FailedPrecondition, NotFound, ResourceExhausted, Violations
from services.kit.french import long_date


@dataclass(frozen=True)
class Request:
    """What a caller asks for; an empty `profile_id` means the only one published."""

    template_id: str
    document_date: date
    data_json: bytes
    profile_id: str


@dataclass(frozen=True)
class Generated:
    """A document and where it comes from."""

    content: bytes
    filename: str
    sha256: str
    title: str
    template: Template
    profile: Profile
    data_sha256: str


class Library:
    """The templates, the profiles and the contract: immutable, shared by every thread."""

    def __init__(self, templates: Path, profiles: Path, max_document_bytes: int) -> None:
        """Loads everything; raises StartupError with all that is wrong."""
        findings = Findings()
        self._contract = Schema.load(CONTRACT_FILE)
        self._templates = Versions(load_templates(templates, self._contract, findings))
        self._profiles = Versions(load_profiles(profiles, findings))
        for sentence in self._templates.overlaps():
            findings.add(templates, sentence)
        for sentence in self._profiles.overlaps():
            findings.add(profiles, sentence)
        findings.raise_if_any()
        self._max_document_bytes = max_document_bytes

    def generate(self, request: Request) -> Generated:
        """The document; the same request gives the same bytes."""
        template = self._template(request.template_id, request.document_date)
        profile = self._profile(request.profile_id, request.document_date)
        dossier = read_dossier(
            request.data_json, self._contract, template.requirement, template.checks, request.document_date
        )
        context = make_context(dossier.data, template, profile, request.document_date)
        check_deadline()
        content = _document(context, template, profile, dossier.sha256)
        if len(content) > self._max_document_bytes:
            raise ResourceExhausted(
                "DOCUMENT_TOO_LARGE",
                "Le document dépasse la taille qu’une réponse peut porter.",
                metadata={"bytes": str(len(content)), "limit": str(self._max_document_bytes)},
            )
        return Generated(
            content=content,
            filename=_filename(template.id, dossier.data["case"]["reference"]),
            sha256=_sha256(content),
            title=template.title,
            template=template,
            profile=profile,
            data_sha256=dossier.sha256,
        )

    def _template(self, template_id: str, day: date) -> Template:
        metadata = {"template_id": template_id}
        if template_id not in self._templates:
            raise NotFound("TEMPLATE_NOT_FOUND", "Aucun modèle ne porte cet identifiant.", metadata=metadata)
        template = self._templates.in_force(template_id, day)
        if template is None:
            raise FailedPrecondition(
                "TEMPLATE_NOT_IN_FORCE",
                f"Ce modèle n’a pas de version en vigueur le {long_date(day)}.",
                metadata={**metadata, "document_date": day.isoformat()},
            )
        return template

    def _profile(self, profile_id: str, day: date) -> Profile:
        if not profile_id and len(self._profiles) > 1:
            violations = Violations()
            violations.add("profile_id", "REQUIRED", "Plusieurs profils sont publiés\u00a0: indiquez lequel.")
            violations.raise_if_any()
        chosen = profile_id or next(iter(self._profiles))
        profile = self._profiles.in_force(chosen, day) if chosen in self._profiles else None
        if profile is None:
            raise NotFound(
                "PROFILE_NOT_FOUND",
                f"Aucun profil d’organisation de ce nom n’est en vigueur le {long_date(day)}.",
                metadata={"profile_id": chosen, "document_date": day.isoformat()},
            )
        return profile


def _document(context: Mapping[str, Any], template: Template, profile: Profile, data_sha256: str) -> bytes:
    parts = render(template.docx, context, profile.logo.image if profile.logo else None)
    title = f"{template.title} – dossier {context['case']['reference']}"
    creator = profile.content["organisation"]["short_name"]
    parts["docProps/core.xml"] = opc.core_properties(title, creator, context["document"]["date"])
    parts["docProps/custom.xml"] = opc.custom_properties(
        {
            "template_id": template.id,
            "template_version": template.version,
            "template_sha256": template.digest,
            "profile_id": profile.id,
            "profile_version": profile.version,
            "profile_sha256": profile.digest,
            "contract_version": CONTRACT_VERSION,
            "data_sha256": data_sha256,
        }
    )
    return opc.write(parts)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _filename(template_id: str, reference: str) -> str:
    return f"{template_id}_{re.sub(r'[^A-Za-z0-9-]+', '-', reference)}.docx"
