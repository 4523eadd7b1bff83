"""The command that writes the open register: a static site, its feed and its open data."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1 import exchange_pb2
from services.bank_registry.cli.client import ADDRESS, PREFIX, Client, On, bank_name
from services.bank_registry.cli.files import exported
from services.kit import french
from services.kit.cli import GOOD, USAGE, Call, CommandError, add_commands
from services.kit.dates import today

if TYPE_CHECKING:
    from datetime import date

    from services.bank_registry.publish import Event, Publication
    from services.bank_registry.registry import Geography

Folder = Annotated[
    Path, typer.Argument(metavar="DOSSIER", help="Le dossier du site, créé ou remplacé d’un coup.")
]
Key = Annotated[
    Path | None, typer.Option("--key", metavar="FICHIER", help="La clé privée Ed25519 qui signe (keygen).")
]
Since = Annotated[
    int | None,
    typer.Option(
        "--since", metavar="ÉTAT", min=0, help="Écrit aussi les données changées depuis cet état, exclu."
    ),
]
Url = Annotated[
    str, typer.Option("--url", metavar="ADRESSE", help="L’adresse publique du site, pour le flux Atom.")
]


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    add_commands(app, ADDRESS, publish)


def publish(
    call: Call, folder: Folder, on: On = None, key: Key = None, since: Since = None, url: Url = ""
) -> int:
    """Écrit le registre ouvert : site sans script, flux Atom et données, sans contact ni motif."""
    from services.bank_registry.publish import site
    from services.bank_registry.registry import Geography

    _check(folder)
    private = _private(key)
    client = Client(call)
    publication = _publication(client, Geography.load(), on=on, url=url)
    if since is not None and since > publication.state_number:
        raise CommandError(
            f"Le registre n’en est qu’à l’état n° {publication.state_number}.", exit_code=USAGE
        )
    public = _signed(b"", private)[1] if private else b""
    files = site(publication, Geography.load(), since=since, public_key=public)
    _write(folder, _sealed(files, private))
    call.out.document(
        {
            "folder": str(folder),
            "state_number": publication.state_number,
            "bank_count": len(publication.records),
            "file_count": len(files),
            "signed": bool(private),
        }
    )
    count = french.plural(len(publication.records), "prêteur")
    signed = "signé" if private else "sans signature (--key)"
    call.out.line(f"{folder} : {count}, état n° {publication.state_number}, {len(files)} fichiers, {signed}.")
    return GOOD


def _publication(client: Client, geography: Geography, *, on: date | None, url: str) -> Publication:
    """The open part of what the server holds, at the state of its export."""
    from services.bank_registry.files import read_whole
    from services.bank_registry.publish import Publication, opened

    asked = exchange_pb2.ExportBanksRequest(format=exchange_pb2.BANK_FILE_FORMAT_JSONL)
    header, data = exported(client, asked)
    reading = read_whole(data, geography)
    if reading.refusals:
        first = reading.refusals[0]
        raise CommandError(
            f"Le registre ne se relit pas : {first.bank}, {first.message}", reason="FILE_DAMAGED"
        )
    records = [opened(entry.record) for entry in reading.entries.values()]
    return Publication(records, _events(client, header.state_number), header.state_number, on or today(), url)


def _events(client: Client, state_number: int) -> dict[str, list[Event]]:
    """What happened openly to each lender, up to a state."""
    from services.bank_registry.publish import Event, open_sentences

    request = pb.ListBankEventsRequest(parent=bank_name("-"), min_state_number=state_number)
    found: dict[str, list[Event]] = defaultdict(list)
    for page in client.pages(client.registry.ListBankEvents, request):
        for one in page.events:
            told = open_sentences(one.sentences)
            if told and one.state_number <= state_number:
                event = Event(one.state_number, one.record_time.ToDatetime(UTC), told)
                found[one.bank.removeprefix(PREFIX)].append(event)
    return found


def _private(key: Path | None) -> bytes:
    try:
        return key.read_bytes() if key else b""
    except OSError:
        raise CommandError(f"La clé « {key} » ne peut pas être lue.", exit_code=USAGE) from None


def _signed(content: bytes, private: bytes) -> tuple[bytes, bytes]:
    """The signature of a content, and the public key."""
    from services.kit.releases import signature

    try:
        return signature.sign_bytes(content, private)
    except signature.KeyFileError:
        raise CommandError("Le fichier de --key n’est pas une clé privée Ed25519.", exit_code=USAGE) from None


def _sealed(files: Mapping[str, bytes], private: bytes) -> Mapping[str, bytes]:
    """The files, with the signature of their sums if there is a key."""
    from services.bank_registry.publish import SIGNATURE, SUMS

    return {**files, SIGNATURE: _signed(files[SUMS], private)[0]} if private else files


def _check(folder: Path) -> None:
    """Refuses to replace what this command did not write."""
    from services.bank_registry.publish import SUMS

    if folder.exists() and not (folder / SUMS).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        text = f"« {folder} » contient autre chose qu’un registre publié ; donnez un autre dossier."
        raise CommandError(text, reason="FILE_EXISTS")


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """The whole new site or the one that was there before."""
    target = folder.absolute()
    new, old = (target.with_name(f".{target.name}.{word}.{os.getpid()}") for word in ("new", "old"))
    try:
        for path, content in files.items():
            file = new / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if target.exists():
            target.rename(old)
        new.rename(target)
    except OSError:
        if old.exists() and not target.exists():
            old.rename(target)
        raise CommandError(f"Le dossier {folder} ne peut pas être écrit.", reason="FILE_UNWRITABLE") from None
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
