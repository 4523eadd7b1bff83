"""A template seen before it is published: the document that it would make, as pages."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.documents.cli.client import ADDRESS
from services.documents.cli.making import DocumentDate
from services.kit.cli import (
    GOOD,
    Call,
    CommandError,
    Detail,
    ReleaseClient,
    add_commands,
    destination,
    read_file,
    write_file,
)
from services.kit.findings import Findings

if TYPE_CHECKING:
    from services.documents.profile import Profile
    from services.documents.template import Template
    from services.kit.releases import Contents

_SECONDS = 120.0
_DOTS_PER_INCH, _POINTS_PER_INCH = 110, 72
_NO_OFFICE = (
    "LibreOffice n’est pas installé sur cette machine : installez-le, ou prenez le .docx (-o essai.docx)."
)


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    add_commands(app, ADDRESS, preview)


def preview(
    call: Call,
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Un dossier de modèle, ou un .docx avec --template.")
    ],
    data: Annotated[Path, typer.Option("--data", metavar="DONNÉES", help="Les données d’essai (JSON).")],
    day: DocumentDate,
    template: Annotated[
        str, typer.Option("--template", metavar="MODÈLE", help="Le modèle dont le fichier Word est la suite.")
    ] = "",
    profile: Annotated[
        str, typer.Option("--profile", metavar="PROFIL", help="Le profil d’organisation.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="CHEMIN", help="Le PDF ; ses pages en PNG à côté.")
    ] = None,
) -> int:
    """Montre, en PDF et en PNG, le document que ferait un modèle pas encore publié ; il n’est pas scellé."""
    found, organisation = _template(call, source, template), _profile(call, profile, day)
    docx = _document(found, organisation, day, read_file(data))
    path = destination(out, f"{source.stem}-apercu.pdf")
    written = [path]
    if path.suffix == ".docx":
        write_file(path, docx)
    else:
        pdf = _pdf(docx)
        write_file(path, pdf)
        for rank, image in enumerate(_pages(pdf), 1):
            written.append(path.with_name(f"{path.stem}-{rank}.png"))
            write_file(written[-1], image)
    call.out.document({"paths": [str(one) for one in written]})
    call.out.lines(map(str, written))
    return GOOD


def _template(call: Call, source: Path, continued: str) -> Template:
    """The template as the server would take it; CommandError with what refuses it."""
    from services.documents.contract import read_folder
    from services.documents.template import DOCX_FILE, MANIFEST_FILE, examine, read_template

    if source.is_dir():
        contents: Contents = read_folder(source)
    elif continued:
        manifest = ReleaseClient(call.remote, "templates").version(continued, "", MANIFEST_FILE).file
        contents = {MANIFEST_FILE: manifest, DOCX_FILE: read_file(source)}
    else:
        raise typer.BadParameter("dites de quel modèle ce fichier est la suite : --template.")
    findings = Findings()
    found = read_template(contents, findings)
    if found is not None and not findings.errors:
        verdict = examine(found, None)
        for one in verdict.findings:
            findings.add(one)
        found = replace(found, docx=verdict.docx)
    if found is None or findings.errors:
        details = tuple(Detail(str(one.place), one.sentence) for one in findings.errors)
        raise CommandError(
            f"« {source} » ne peut pas être montré.", reason="PACKAGE_REFUSED", details=details
        )
    return found


def _profile(call: Call, identifier: str, day: date) -> Profile:
    from services.documents.profile import read_profile

    client = ReleaseClient(call.remote, "profiles")
    findings = Findings()
    version = client.in_force(identifier, day)
    found = read_profile(client.files(client.version(identifier, version)), findings) if version else None
    if found is None:
        raise CommandError("Aucun profil n’est en vigueur ce jour-là.", reason="PACKAGE_NOT_FOUND")
    return found


def _document(template: Template, profile: Profile, day: date, data: bytes) -> bytes:
    from services.documents.making import Sources, fill, render
    from services.documents.render import LOGO_PART, compile_template
    from services.kit.errors import DomainError

    plan = compile_template(template.docx, {LOGO_PART: profile.logo.image if profile.logo else None})
    try:
        return render(fill(Sources(template, profile, plan, day, 0), data)).content
    except DomainError as error:
        details = tuple(Detail(one.field, one.description) for one in error.violations)
        raise CommandError(error.message, reason=error.reason, details=details) from None


def _pdf(docx: bytes) -> bytes:
    """The PDF of a document, by the LibreOffice of this machine."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise CommandError(_NO_OFFICE, reason="PDF_UNAVAILABLE")
    with tempfile.TemporaryDirectory(prefix="microcredit-") as folder:
        source = Path(folder, "apercu.docx")
        source.write_bytes(docx)
        command = [office, f"-env:UserInstallation={Path(folder, 'profile').as_uri()}", "--headless"]
        command += ["--convert-to", "pdf", "--outdir", folder, str(source)]
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603 - ours
            return source.with_suffix(".pdf").read_bytes()
        except (OSError, subprocess.SubprocessError):
            raise CommandError("LibreOffice n’a pas pu convertir ce document.", reason="PDF_FAILED") from None


def _pages(pdf: bytes) -> Iterator[bytes]:
    """Each page of a PDF, as a PNG."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            yield _png(page.render(scale=_DOTS_PER_INCH / _POINTS_PER_INCH, rev_byteorder=True))


def _png(bitmap: Any) -> bytes:
    """A bitmap of red, green and blue bytes, in the simplest PNG."""
    width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    raw = bytes(bitmap.buffer)
    rows = b"".join(b"\0" + raw[row * stride : row * stride + 3 * width] for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
        for kind, held in chunks
    )
