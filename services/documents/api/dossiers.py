"""The dossier of a file: which pieces belong, and their files as one, or in a zip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.api.making import Maker
from services.documents.api.store_service import Stored
from services.documents.contract import CONTRACT, ROOT, Requirement, read_dossier
from services.documents.dossier import Purpose, enclosures, not_allowed, obstacles, select
from services.documents.making import Filled, OutputFile, filename, fill, join, properties, render, zipped
from services.documents.messages import DocumentOptions, documents
from services.documents.publishing import Deployment
from services.documents.render import Piece as Assembled
from services.documents.template import durations
from services.kit.access import act_on_case
from services.kit.context import check_deadline
from services.kit.errors import FailedPrecondition, InvalidArgument, Violations

COVER = "00-sommaire"
"""The template of the first piece: table of contents and enclosures."""

_PURPOSES = {
    pb.DOSSIER_PURPOSE_UNSPECIFIED: Purpose.FILE,
    pb.DOSSIER_PURPOSE_FILE: Purpose.FILE,
    pb.DOSSIER_PURPOSE_BANK: Purpose.BANK,
    pb.DOSSIER_PURPOSE_APPLICANT: Purpose.APPLICANT,
}
Part = pb.GenerateDossierResponse


@dataclass(frozen=True)
class Dossier:
    """The pieces of a dossier, filled, the cover first; why each belongs; what is added on paper."""

    pieces: Sequence[Filled]
    because: Sequence[str]
    enclosures: Sequence[str]

    @property
    def cover(self) -> Filled:
        """The first piece."""
        return self.pieces[0]


def run(
    request: pb.GenerateDossierRequest, asked: DocumentOptions, maker: Maker, stored: Stored
) -> Iterator[Part]:
    """What the dossier is made of, then its file."""
    deployment = maker.deployment(asked)
    maker.earlier(asked)  # a request_id used for something else is refused before any work
    dossier = _filled(request, asked, maker, deployment)
    act_on_case(dossier.cover.case_reference, tries=asked.validate_only)
    in_zip = request.output == pb.DOSSIER_OUTPUT_ZIP
    summary = _summary(dossier, deployment, in_zip=in_zip, pdf=asked.pdf)
    if request.validate_only:
        yield Part(summary=summary)
        return
    file = _zip(dossier, asked, maker) if in_zip else _merged(dossier, asked, maker)
    cover = dossier.cover
    title = cover.sources.template.title
    summary.name = maker.keep_file(file, title, cover.case_reference, documents.origin(cover), asked)
    if asked.request_id and summary.name:
        kept = stored.get(summary.name, with_content=True).document
        file = OutputFile(kept.filename, kept.media_type, kept.content)
    yield Part(summary=summary)
    yield Part(file=documents.file_info(file))
    for chunk in documents.chunks(file.content):
        check_deadline()
        yield Part(chunk=chunk)


def _filled(
    request: pb.GenerateDossierRequest, asked: DocumentOptions, maker: Maker, deployment: Deployment
) -> Dossier:
    """The pieces that belong, their data checked: InvalidArgument with the violations of all of them."""
    day = asked.document_date
    data = read_dossier(request.data_json, CONTRACT, Requirement((), ""), (), day).data
    purpose = _PURPOSES[request.purpose]
    violations = Violations()
    violations.extend(obstacles(data, purpose, ROOT))
    violations.raise_if_any()
    cover_sources = maker.sources(deployment, asked, COVER)
    months = durations(cover_sources.profile)
    chosen = select(data, purpose, day, months)
    if not chosen:
        raise FailedPrecondition("DOSSIER_EMPTY", "Aucune pièce n’entre dans ce dossier.")
    sources = [maker.sources(deployment, asked, piece.template_id) for piece in chosen]
    titles = [one.template.title for one in sources]
    violations.extend(not_allowed(data, purpose, day, months, titles, ROOT))
    pieces: list[Filled] = []
    for one in sources:
        try:
            pieces.append(fill(one, request.data_json))
        except InvalidArgument as error:
            violations.extend([found for found in error.violations if found not in violations])
    violations.raise_if_any()
    added = list(enclosures(titles, data))
    linked = request.output != pb.DOSSIER_OUTPUT_ZIP
    contents = _contents(pieces, added, linked=linked)
    cover = fill(cover_sources, request.data_json, contents)
    return Dossier([cover, *pieces], ["Sommaire du dossier.", *(one.because for one in chosen)], added)


def _contents(pieces: Sequence[Filled], added: Sequence[str], *, linked: bool) -> Mapping[str, Any]:
    """What the cover lists; `linked` when the pieces are in the same file."""
    listed = [
        {"number": number, "title": piece.sources.template.title, "template_id": piece.sources.template.id}
        for number, piece in enumerate(pieces, start=1)
    ]
    return {"pieces": listed, "enclosures": list(added), "linked": linked}


def _summary(dossier: Dossier, deployment: Deployment, *, in_zip: bool, pdf: bool) -> pb.DossierSummary:
    profile = dossier.cover.sources.profile
    return pb.DossierSummary(
        pieces=[
            pb.DossierPiece(
                template=pb.TemplateVersion(
                    name=f"templates/{piece.sources.template.id}",
                    version=piece.sources.template.version,
                    digest=piece.sources.template.digest,
                ),
                title=piece.sources.template.title,
                because=because,
                filename=_member(piece, pdf=pdf) if in_zip else "",
            )
            for piece, because in zip(dossier.pieces, dossier.because, strict=True)
        ],
        enclosures=dossier.enclosures,
        profile=pb.ProfileVersion(
            name=f"profiles/{profile.id}", version=profile.version, digest=profile.digest
        ),
        state_number=deployment.state_number,
    )


def _member(piece: Filled, *, pdf: bool) -> str:
    return filename(piece.sources.template.id, piece.reference, "pdf" if pdf else "docx")


def _zip(dossier: Dossier, asked: DocumentOptions, maker: Maker) -> OutputFile:
    members = []
    for piece in dossier.pieces:
        check_deadline()
        made = render(piece)
        file = maker.file(made.content, made.filename, asked)
        members.append((file.filename, file.content))
    return zipped(filename("dossier", dossier.cover.reference, "zip"), members)


def _merged(dossier: Dossier, asked: DocumentOptions, maker: Maker) -> OutputFile:
    cover = dossier.cover
    parts = properties(cover.sources, cover.reference, cover.data_sha256)
    first, *others = dossier.pieces
    joined = [Assembled(first.sources.plan, first.context)]
    joined += [Assembled(piece.sources.plan, piece.context, piece.sources.template.title) for piece in others]
    content = join(joined, parts)
    check_deadline()
    return maker.file(content, filename("dossier", cover.reference), asked)
