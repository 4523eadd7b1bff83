"""Keys, and the signature of a package: what a server with public keys asks of every publication."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.kit.cli.commands import add_commands
from services.kit.cli.outcome import GOOD, USAGE, CommandError
from services.kit.cli.output import Output
from services.kit.cli.target import Address

if TYPE_CHECKING:
    from services.kit.releases import Statement


def register(
    app: typer.Typer,
    address: Address,
    statement: Callable[[Path], Statement],
    packages: Callable[[Path], Sequence[Path]] = lambda folder: [folder],
) -> None:
    """Adds the commands to a program; `statement` says what is signed of a package, or refuses it, and
    `packages` which folders of a folder are packages."""

    def sign(
        out: Output,
        folder: Annotated[
            Path, typer.Argument(metavar="DOSSIER", help="Le dossier du paquet, ou de plusieurs.")
        ],
        key: Annotated[Path, typer.Option("--key", metavar="FICHIER", help="La clé privée.")],
        copy: Annotated[
            Path | None,
            typer.Option("--out", "-o", metavar="DOSSIER", help="Signe une copie, écrite dans ce dossier."),
        ] = None,
    ) -> int:
        """Signe un dossier : écrit signature.json, à refaire à chaque modification."""
        signed = [_signed(package, key, statement(package)) for package in packages(_copied(folder, copy))]
        if not signed:
            raise CommandError(f"Le dossier « {folder} » ne contient aucun paquet.", exit_code=USAGE)
        out.document({"signed": signed})
        for one in signed:
            out.line(f"{one['file']} : version {one['version']} signée (empreinte {one['digest'][:12]}…).")
        return GOOD

    add_commands(app, address, keygen, sign)


def _copied(folder: Path, copy: Path | None) -> Path:
    """The folder to sign: itself, or its copy."""
    if copy is None:
        return folder
    try:
        shutil.copytree(folder, copy)
    except FileExistsError:
        raise CommandError(f"« {copy} » existe déjà ; rien n’est écrit.", reason="FILE_EXISTS") from None
    except OSError:
        raise CommandError(f"« {folder} » ne peut pas être copié dans « {copy} ».") from None
    return copy


def _signed(folder: Path, key: Path, stated: Statement) -> dict[str, str]:
    """Writes the signature of a package."""
    from services.kit.releases import SIGNATURE_FILE, signature

    file = folder / SIGNATURE_FILE
    try:
        signed = signature.sign(stated, key.read_bytes())
    except OSError:
        raise CommandError(f"La clé « {key} » ne peut pas être lue.", exit_code=USAGE) from None
    except signature.KeyFileError:
        raise CommandError(f"« {key} » n’est pas une clé privée Ed25519.", exit_code=USAGE) from None
    try:
        file.write_bytes(signed)
    except OSError:
        raise CommandError(f"« {file} » ne peut pas être écrit.") from None
    return {"file": str(file), "version": stated.version, "digest": stated.digest}


def keygen(
    out: Output,
    key: Annotated[Path, typer.Argument(metavar="FICHIER", help="La clé privée à créer, secrète.")],
) -> int:
    """Crée une clé de signature : la privée dans FICHIER, la publique dans FICHIER.pub.pem."""
    from services.kit.releases import signature

    beside = key.with_suffix(".pub.pem")
    for path in (key, beside):
        if path.exists():
            raise CommandError(f"« {path} » existe déjà ; rien n’est écrit.", reason="FILE_EXISTS")
    private, public = signature.generate_key()
    try:
        key.touch(mode=0o600, exist_ok=False)
        key.write_bytes(private)
        beside.write_bytes(public)
    except OSError as error:
        raise CommandError(f"« {error.filename} » ne peut pas être écrit.") from None
    out.document({"private_key": str(key), "public_key": str(beside)})
    out.line(f"Clé privée : {key} (à garder secrète, hors du dossier des paquets).")
    out.line(f"Clé publique : {beside} (à donner au service informatique, pour le serveur).")
    return GOOD
