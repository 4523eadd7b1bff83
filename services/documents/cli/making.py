"""What the commands that make files do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.cli.client import Client
from services.kit.cli import GOOD, Output, Target, as_json, destination, read_file, to_date, write_file
from services.kit.french import plural

STREAM_SECONDS = 600.0


@dataclass(frozen=True)
class MakingOptions:
    """What every command that makes files is told."""

    day: date
    profile: str
    pdf: bool
    store: bool

    @property
    def format(self) -> pb.OutputFormat.ValueType:
        """The format of the files."""
        return pb.OUTPUT_FORMAT_PDF if self.pdf else pb.OUTPUT_FORMAT_DOCX


def generate(
    template: str, data: Path, asked: MakingOptions, where: Path | None, target: Target, out: Output
) -> int:
    """Makes one document."""
    client = Client(target)
    request = pb.GenerateDocumentRequest(
        template_id=template,
        document_date=to_date(asked.day),
        data_json=read_file(data),
        profile_id=asked.profile,
        format=asked.format,
        store=asked.store,
        request_id=str(uuid4()) if asked.store else "",
    )
    document, content = pb.Document(), bytearray()
    download = pb.DownloadDocumentRequest(generate=request)
    for part in client.stream(client.documents.DownloadDocument, download, STREAM_SECONDS):
        document.MergeFrom(part.document)
        content += part.chunk.data
    path = destination(where, document.filename)
    write_file(path, bytes(content))
    out.document({"document": as_json(document), "path": str(path)})
    version = document.template.version
    out.line(f"{path} ({document.title}, version {version}, empreinte {document.sha256[:12]}…)", "green")
    if document.name:
        out.line(f"Gardé par le serveur : {document.name}")
    return GOOD


def dossier(
    data: Path,
    purpose: str,
    as_zip: bool,
    asked: MakingOptions,
    where: Path | None,
    target: Target,
    out: Output,
) -> int:
    """Makes a whole dossier."""
    client = Client(target)
    request = pb.GenerateDossierRequest(
        document_date=to_date(asked.day),
        data_json=read_file(data),
        profile_id=asked.profile,
        purpose=pb.DossierPurpose.Value(f"DOSSIER_PURPOSE_{purpose.upper()}"),
        output=pb.DOSSIER_OUTPUT_ZIP if as_zip else pb.DOSSIER_OUTPUT_MERGED,
        format=asked.format,
        store=asked.store,
        request_id=str(uuid4()) if asked.store else "",
    )
    summary, info, content = pb.DossierSummary(), pb.FileInfo(), bytearray()
    for part in client.stream(client.documents.GenerateDossier, request, STREAM_SECONDS):
        summary.MergeFrom(part.summary)
        info.MergeFrom(part.file)
        content += part.chunk.data
    path = destination(where, info.filename)
    write_file(path, bytes(content))
    out.document({"summary": as_json(summary), "file": as_json(info), "path": str(path)})
    out.table(
        ("pièce", "version", "pourquoi"),
        ((one.title, one.template.version, one.because) for one in summary.pieces),
    )
    out.lines(f"À joindre : {title}" for title in summary.enclosures)
    out.line(f"{path} ({plural(len(summary.pieces), 'pièce')})", "green")
    return GOOD
