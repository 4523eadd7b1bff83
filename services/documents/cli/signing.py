"""Keys, and the signature of a package: what a server with public keys asks of every publication."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.documents.cli.options import Json
from services.kit.cli import GOOD, USAGE, CommandError, FrenchCommand, Output

if TYPE_CHECKING:
    from services.kit.releases import Statement

Folder = Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier d’un modèle ou d’un profil.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    app.command(cls=FrenchCommand)(keygen)
    app.command(cls=FrenchCommand)(sign)


def keygen(
    key: Annotated[Path, typer.Argument(metavar="FICHIER", help="Où écrire la clé privée.")],
    json: Json = False,
) -> int:
    """Crée une clé de signature : la privée dans FICHIER, la publique dans FICHIER.pub.pem."""
    from services.kit.releases import signature

    out, private_and_public = Output(json), signature.generate_key()
    beside = key.with_suffix(".pub.pem")
    for path, content, mode in zip((key, beside), private_and_public, (0o600, 0o644), strict=True):
        if path.exists():
            raise CommandError(f"« {path} » existe déjà ; rien n’est écrit.", reason="FILE_EXISTS")
        path.touch(mode=mode)
        path.write_bytes(content)
    out.document({"private_key": str(key), "public_key": str(beside)})
    out.line(f"Clé privée : {key} (à garder secrète, hors du dossier des modèles).")
    out.line(f"Clé publique : {beside} (à donner au service informatique, pour le serveur).")
    return GOOD


def sign(
    folder: Folder,
    key: Annotated[Path, typer.Option("--key", metavar="FICHIER", help="La clé privée.")],
    json: Json = False,
) -> int:
    """Signe un modèle ou un profil : met le fichier Word en forme, puis écrit signature.json."""
    from services.kit.releases import SIGNATURE_FILE, signature

    out, statement = Output(json), _statement(folder)
    try:
        signed = signature.sign(statement, key.read_bytes())
    except OSError:
        raise CommandError(f"La clé « {key} » ne peut pas être lue.", exit_code=USAGE) from None
    except signature.KeyFileError:
        raise CommandError(f"« {key} » n’est pas une clé privée Ed25519.", exit_code=USAGE) from None
    (folder / SIGNATURE_FILE).write_bytes(signed)
    out.document({"file": str(folder / SIGNATURE_FILE), "digest": statement.digest})
    out.line(f"{statement.name}, version {statement.version}, signé (empreinte {statement.digest[:12]}…).")
    return GOOD


def _statement(folder: Path) -> Statement:
    """What is signed of a folder, whose Word file is first put in the form that the service keeps."""
    from services.documents.contract import Findings, read_folder
    from services.documents.profile import read_profile
    from services.documents.publishing import PROFILES, TEMPLATES
    from services.documents.template import DOCX_FILE, MANIFEST_FILE, examine, read_template
    from services.kit.releases import SIGNATURE_FILE, digest
    from services.kit.releases import Statement as Signed

    files = {path: content for path, content in read_folder(folder).items() if path != SIGNATURE_FILE}
    findings = Findings()
    if MANIFEST_FILE in files:
        template = read_template(files, findings)
        if template is not None and not findings.errors:
            files[DOCX_FILE] = examine(template, None).docx
            (folder / DOCX_FILE).write_bytes(files[DOCX_FILE])
            return Signed(f"{TEMPLATES}/{template.id}", template.version, digest(files))
    else:
        profile = read_profile(files, findings)
        if profile is not None and not findings.errors:
            return Signed(f"{PROFILES}/{profile.id}", profile.version, digest(files))
    problems = "\n".join(f"  {finding}" for finding in findings.errors)
    raise CommandError(
        f"Le dossier « {folder} » ne peut pas être signé.\n{problems}", reason="PACKAGE_REFUSED"
    )
