"""Generation of one document: choice of the versions, check of the data, rendering, provenance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.documents.contract import (
    CONTRACT,
    CONTRACT_VERSION,
    ROOT,
    Letters,
    document_reference,
    read_dossier,
)
from services.documents.profile import Profile
from services.documents.publishing import Deployment, Packages
from services.documents.render import Piece, Plan, Reason, RenderError, TemplateError, assemble, opc
from services.documents.template import Template, all_checks, make_context
from services.kit.context import check_deadline
from services.kit.errors import FailedPrecondition, FieldReason, InvalidArgument, Violations

ADDED_BY_PROFILE = frozenset({"logo", "profile", "signatory"})
"""Names of the context that come from the organisation profile."""


@dataclass(frozen=True)
class Request:
    """What a caller asks for; an empty `profile_id` means the only one published."""

    template_id: str
    document_date: date
    data_json: bytes
    profile_id: str


@dataclass(frozen=True)
class Sources:
    """What a document is made from, besides the data."""

    template: Template
    profile: Profile
    plan: Plan
    day: date
    state_number: int
    letters: Letters = lambda year: {}
    """The letters kept in a year, for a report."""


@dataclass(frozen=True)
class Filled:
    """Checked data, ready to be rendered; `reference` names what the document is about, a case or not."""

    sources: Sources
    context: dict[str, Any]
    reference: str
    case_reference: str
    data_sha256: str


@dataclass(frozen=True)
class Generated:
    """A document and where it comes from."""

    content: bytes
    filename: str
    title: str
    sources: Sources
    case_reference: str
    data_sha256: str


def choose(
    deployment: Deployment,
    packages: Packages,
    template_id: str,
    profile_id: str,
    day: date,
    letters: Letters = lambda year: {},
) -> Sources:
    """The versions in force on a day; NotFound, FailedPrecondition or InvalidArgument."""
    template = deployment.template(template_id, day)
    profile = deployment.profile(profile_id, day)
    plan = packages.plan(template, profile.logo)
    return Sources(template, profile, plan, day, deployment.state_number, letters)


def fill(sources: Sources, data_json: bytes, dossier: Mapping[str, Any] | None = None) -> Filled:
    """The data, checked against the contract and the template; InvalidArgument with every violation.

    `dossier` lists the pieces of a dossier, for their summary alone.
    """
    template, day = sources.template, sources.day
    names = sources.plan.names
    checks = all_checks(template, sources.profile, names)
    read = read_dossier(data_json, CONTRACT, template.requirement, checks, day)
    return Filled(
        sources,
        make_context(read.data, template, sources.profile, day, dossier, names, sources.letters),
        document_reference(read.data, template.requires),
        str(read.data.get("case", {}).get("reference", "")),
        read.sha256,
    )


def render(filled: Filled) -> Generated:
    """The document; the same data and versions give the same bytes; InvalidArgument if it would be wrong."""
    check_deadline()
    sources = filled.sources
    try:
        content = sources.plan.render(
            filled.context, properties(sources, filled.reference, filled.data_sha256)
        )
    except RenderError as error:
        raise refused(error) from error
    return Generated(
        content=content,
        filename=filename(sources.template.id, filled.reference),
        title=sources.template.title,
        sources=sources,
        case_reference=filled.case_reference,
        data_sha256=filled.data_sha256,
    )


def join(pieces: Sequence[Piece], parts: Mapping[str, bytes]) -> bytes:
    """Several documents in one file; InvalidArgument if one would be wrong, FailedPrecondition if they
    cannot be joined."""
    try:
        return assemble(pieces, parts)
    except RenderError as error:
        raise refused(error) from error
    except TemplateError as error:
        raise FailedPrecondition(
            "PIECES_NOT_JOINED",
            f"{error.sentence} Demandez-les dans un zip.",
        ) from error


def properties(sources: Sources, reference: str, data_sha256: str) -> dict[str, bytes]:
    """The parts of a document that say what it is and where it comes from; no personal data."""
    template, profile = sources.template, sources.profile
    title = f"{template.title} – dossier {reference}" if reference else template.title
    creator = profile.content["organisation"]["short_name"]
    return {
        "docProps/core.xml": opc.core_properties(title, creator, sources.day),
        "docProps/custom.xml": opc.custom_properties(
            {
                "template_id": template.id,
                "template_version": template.version,
                "template_sha256": template.digest,
                "profile_id": profile.id,
                "profile_version": profile.version,
                "profile_sha256": profile.digest,
                "contract_version": CONTRACT_VERSION,
                "document_date": sources.day.isoformat(),
                "data_sha256": data_sha256,
            }
        ),
    }


# Of the data; every other one is of the template, whatever it was reading.
_FIELD_REASONS = {
    Reason.ABSENT: FieldReason.REQUIRED,
    Reason.NULL: FieldReason.REQUIRED,
    Reason.ILLEGAL_CHARACTER: FieldReason.NOT_PRINTABLE,
    Reason.NOT_AN_ADDRESS: FieldReason.MALFORMED,
}


def refused(error: RenderError) -> InvalidArgument:
    """What a caller is told of a document that would be wrong: the field in cause, never its value."""
    violations = Violations()
    reason = _FIELD_REASONS.get(error.reason)
    top = re.split(r"[.\[]", error.field, maxsplit=1)[0]
    if reason is None:
        place = " : ".join(filter(None, (error.part, error.tag)))
        violations.add("template", FieldReason.MALFORMED, f"{error.sentence} ({place})")
    elif CONTRACT.knows(top):
        violations.add(f"{ROOT}.{error.field}", reason, error.sentence)
    elif top in ADDED_BY_PROFILE:
        violations.add("profile", reason, f"{error.sentence} (profil : {error.field})")
    else:
        violations.add("template", reason, f"{error.sentence} ({error.part} : {error.tag})")
    return violations.error()


def filename(template_id: str, reference: str, extension: str = "docx") -> str:
    """A file name made of the template and the file reference, without personal data."""
    safe = re.sub(r"[^A-Za-z0-9-]+", "-", reference)
    return f"{template_id}_{safe}.{extension}" if safe else f"{template_id}.{extension}"
