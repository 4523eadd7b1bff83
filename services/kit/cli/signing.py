"""Keys, and the signature of a package: what a server with public keys asks of every publication."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.kit.cli.commands import add_commands
from services.kit.cli.outcome import GOOD, USAGE, CommandError
from services.kit.cli.output import Output
from services.kit.cli.target import Address

if TYPE_CHECKING:
    from services.kit.releases import Statement


def register(app: typer.Typer, address: Address, statement: Callable[[Path], Statement]) -> None:
    """Adds the commands to a program; `statement` says what is signed of a folder, or refuses it."""

    def sign(
        out: Output,
        folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier du paquet.")],
        key: Annotated[Path, typer.Option("--key", metavar="FICHIER", help="La clé privée.")],
    ) -> int:
        """Signe un dossier : écrit signature.json, à refaire à chaque modification."""
        from services.kit.releases import SIGNATURE_FILE, signature

        stated = statement(folder)
        try:
            signed = signature.sign(stated, key.read_bytes())
        except OSError:
            raise CommandError(f"La clé « {key} » ne peut pas être lue.", exit_code=USAGE) from None
        except signature.KeyFileError:
            raise CommandError(f"« {key} » n’est pas une clé privée Ed25519.", exit_code=USAGE) from None
        try:
            (folder / SIGNATURE_FILE).write_bytes(signed)
        except OSError:
            raise CommandError(f"« {folder / SIGNATURE_FILE} » ne peut pas être écrit.") from None
        out.document({"file": str(folder / SIGNATURE_FILE), "digest": stated.digest})
        out.line(f"Version {stated.version} signée (empreinte {stated.digest[:12]}…).")
        return GOOD

    add_commands(app, address, keygen, sign)


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
