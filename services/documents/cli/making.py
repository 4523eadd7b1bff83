"""The commands that make files: generate, dossier, merge, columns."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1 import template_service_pb2 as rpc
from services.documents.cli.client import ADDRESS, STREAM_SECONDS, Client, named
from services.kit.cli import (
    GOOD,
    USAGE,
    Call,
    CommandError,
    DryRun,
    add_commands,
    as_json,
    destination,
    parse_day,
    read_file,
    to_date,
    write_file,
)
from services.kit.french import plural

TemplateId = Annotated[str, typer.Argument(metavar="MODÈLE", help="L’identifiant du modèle.")]
DocumentDate = Annotated[
    date,
    typer.Option("--date", metavar="DATE", parser=parse_day, help="La date écrite sur le document."),
]
Profile = Annotated[
    str, typer.Option("--profile", metavar="PROFIL", help="Le profil d’organisation, s’il y en a plusieurs.")
]
Pdf = Annotated[bool, typer.Option("--pdf", help="En PDF balisé, si le serveur a un convertisseur.")]
Store = Annotated[bool, typer.Option("--store", help="Fait garder le document par le serveur.")]
Data = Annotated[Path, typer.Argument(metavar="DONNÉES", help="Les données du dossier (JSON).")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="CHEMIN", help="Où écrire ; sinon ici, sous son nom.")
]
Images = Annotated[
    list[str] | None,
    typer.Option(
        "--image",
        metavar="NOM=FICHIER",
        help="Une image du dossier : stamp=tampon.png ; ce que dit un code QR : qr_code=https://…",
    ),
]
Alts = Annotated[
    list[str] | None,
    typer.Option("--alt", metavar="NOM=TEXTE", help="Le texte de remplacement d’une image : obligatoire."),
]
PURPOSES = ("file", "bank", "applicant")


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, generate, dossier, merge, columns)


def generate(
    call: Call,
    template: TemplateId,
    data: Data,
    day: DocumentDate,
    profile: Profile = "",
    image: Images = None,
    alt: Alts = None,
    pdf: Pdf = False,
    store: Store = False,
    out: Out = None,
) -> int:
    """Fait un document à partir des données d’un dossier."""
    request = pb.GenerateDocumentRequest(
        template=named("templates", template),
        data_json=with_images(read_file(data), image or [], alt or []),
        request_id=str(uuid4()) if store else "",
        **asked(day, profile, pdf=pdf, store=store),
    )
    client = Client(call.target)
    document, content = pb.Document(), bytearray()
    download = pb.DownloadDocumentRequest(generate=request)
    for part in client.stream(client.documents.DownloadDocument, download, STREAM_SECONDS):
        document.MergeFrom(part.document)
        content += part.chunk.data
    path = destination(out, document.filename)
    write_file(path, bytes(content))
    told = {"document": as_json(document), "path": str(path)}
    if document.signature_places:
        beside = path.with_suffix(".signature.json")
        write_file(beside, _signature(document))
        told["signature"] = str(beside)
    call.out.document(told)
    version = document.template.version
    made = f"{path} ({document.title}, version {version}, empreinte {document.sha256[:12]}…)"
    call.out.line(made, "green")
    if document.name:
        call.out.line(f"Gardé par le serveur : {document.name}")
    return GOOD


def _signature(document: pb.Document) -> bytes:
    """What a service of electronic signatures reads beside the PDF."""
    places = [
        {
            "name": one.name,
            "page": one.page,
            "left_mm": float(one.left_mm.value),
            "top_mm": float(one.top_mm.value),
        }
        for one in document.signature_places
    ]
    told = {"file_sha256": document.sha256, "places": places}
    return f"{json.dumps(told, ensure_ascii=False, indent=2)}\n".encode()


def with_images(data: bytes, images: Sequence[str], alts: Sequence[str]) -> bytes:
    """The data with these images, `NAME=FILE`, and their alternative texts, `NAME=TEXT`."""
    if not (images or alts):
        return data
    try:
        read = json.loads(data)
        held = read.setdefault("images", {})
        for name, _, source in (image.partition("=") for image in images):
            drawn = {"text": source} if name == "qr_code" else {"content": _encoded(Path(source))}
            held.setdefault(name, {}).update(drawn)
        for name, _, text in (alt.partition("=") for alt in alts):
            held.setdefault(name, {})["alt"] = text
    except (ValueError, AttributeError, TypeError):
        raise CommandError("Les données ne sont pas un objet JSON.", exit_code=USAGE, reason="FILE") from None
    return json.dumps(read, ensure_ascii=False).encode()


def _encoded(path: Path) -> str:
    return base64.b64encode(read_file(path)).decode()


def parse_purpose(text: str) -> str:
    """For whom a dossier is made."""
    if text not in PURPOSES:
        raise typer.BadParameter(f"« {text} » n’est ni file, ni bank, ni applicant.")
    return text


def dossier(
    call: Call,
    data: Data,
    day: DocumentDate,
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            metavar="file|bank|applicant",
            parser=parse_purpose,
            help="Le dossier du service (par défaut), ce qui part au prêteur, ce que reçoit la personne.",
        ),
    ] = "file",
    as_zip: Annotated[bool, typer.Option("--zip", help="Un zip des pièces, avec un sommaire.")] = False,
    profile: Profile = "",
    pdf: Pdf = False,
    store: Store = False,
    out: Out = None,
) -> int:
    """Fait tout le dossier d’une personne : le service décide, d’après les données, de ses pièces."""
    request = pb.GenerateDossierRequest(
        data_json=read_file(data),
        purpose=pb.DossierPurpose.Value(f"DOSSIER_PURPOSE_{purpose.upper()}"),
        output=pb.DOSSIER_OUTPUT_ZIP if as_zip else pb.DOSSIER_OUTPUT_MERGED,
        request_id=str(uuid4()) if store else "",
        **asked(day, profile, pdf=pdf, store=store),
    )
    client = Client(call.target)
    summary, info, content = pb.DossierSummary(), pb.FileInfo(), bytearray()
    for part in client.stream(client.documents.GenerateDossier, request, STREAM_SECONDS):
        summary.MergeFrom(part.summary)
        info.MergeFrom(part.file)
        content += part.chunk.data
    path = destination(out, info.filename)
    write_file(path, bytes(content))
    call.out.document({"summary": as_json(summary), "file": as_json(info), "path": str(path)})
    call.out.table(
        ("pièce", "version", "pourquoi"),
        ((one.title, one.template.version, one.because) for one in summary.pieces),
    )
    call.out.lines(f"À joindre : {title}" for title in summary.enclosures)
    call.out.line(f"{path} ({plural(len(summary.pieces), 'pièce')})", "green")
    return GOOD


def merge(
    call: Call,
    template: TemplateId,
    recipients: Annotated[
        Path, typer.Argument(metavar="DESTINATAIRES", help="Un tableau : CSV, .xlsx ou .ods.")
    ],
    day: DocumentDate,
    common: Annotated[
        Path | None,
        typer.Option("--common", metavar="DONNÉES", help="Ce que tous partagent (JSON)."),
    ] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Un seul fichier, à imprimer.")] = False,
    as_zip: Annotated[bool, typer.Option("--zip", help="Un zip, avec un sommaire.")] = False,
    profile: Profile = "",
    pdf: Pdf = False,
    store: Store = False,
    dry_run: DryRun = False,
    out: Out = None,
) -> int:
    """Publipostage : un courrier pour chaque ligne d’un tableau ; une ligne fausse ne perd qu’elle-même."""
    # The tables and the engine of templates, which say what a column may hold, take a second to import.
    from services.documents.cli import mailing

    if merged and as_zip:
        raise typer.BadParameter("choisissez --merged ou --zip.")
    job = mailing.Mailing(
        template=named("templates", template),
        recipients=recipients,
        common=common,
        merged=merged,
        zipped=as_zip,
        where=out,
        tried=dry_run,
        asked=asked(day, profile, pdf=pdf, store=store),
    )
    return mailing.run(job, call)


def columns(call: Call, template: TemplateId) -> int:
    """Liste les colonnes qu’un tableau de destinataires peut avoir pour un modèle."""
    client = Client(call.target)
    request = rpc.GetTemplateFieldsRequest(name=named("templates", template))
    answer = client.call(client.templates.GetTemplateFields, request)
    needed = [one for one in answer.fields if one.used and one.type_label not in ("groupe", "image", "liste")]
    call.out.document({"columns": [as_json(one) for one in needed]})
    call.out.table(
        ("colonne", "type", "sens"),
        ((one.path.replace("[]", "[0]"), one.type_label, one.label) for one in needed),
    )
    call.out.line(
        "Une colonne « clé » nomme chaque ligne. Un titre suivi de « ? » dit qu’une cellule peut être vide. "
        "Ce que tous partagent va dans --common."
    )
    return GOOD


def asked(day: date, profile: str, *, pdf: bool, store: bool) -> dict[str, Any]:
    """The fields that every request for files has."""
    return {
        "document_date": to_date(day),
        "profile": named("profiles", profile) if profile else "",
        "format": pb.OUTPUT_FORMAT_PDF if pdf else pb.OUTPUT_FORMAT_DOCX,
        "store": store,
    }
