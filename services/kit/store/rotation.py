"""Another master key takes the place of the one in use: the keys of every database are wrapped anew.

Nothing that they sealed changes, and a service that runs goes on: it holds its keys already. Stopped
anywhere, the same command goes on from there; meanwhile each database opens with the key that it is tied to.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from services.kit.errors import DomainError, StartupError
from services.kit.french import plural
from services.kit.store import vault
from services.kit.store.accesses import ACCESS_CHAIN, ACCESS_KEYS
from services.kit.store.database import Database
from services.kit.store.parts import holds_key
from services.kit.store.ring import rewrap


def rotate_master_key(databases: Mapping[str, str], accesses: str, file: Path, by: str) -> str:
    """Wraps the keys of databases, by their French names, with a new master key that takes the place of the
    one of the file; gives a French sentence, or StartupError. The journal of accesses follows if there is
    one."""
    if holds_key(accesses, ACCESS_CHAIN):
        databases = {**databases, ACCESS_KEYS.owner: accesses}
    following = vault.successor(file)
    if not following.exists():
        vault.load(file)
        vault.create(following)
    new = vault.load(following)
    for owner, url in databases.items():
        _rewrap(owner, url, file, new)
    # The former key opens the backups of before: it is not destroyed, but put aside.
    former = file.with_name(f"{file.name}.previous")
    try:
        vault.write_whole(former, file.read_bytes())
        os.replace(following, file)
        vault.keep_name(file)
    except OSError:
        raise StartupError(
            f"La nouvelle clé maîtresse {following} ne peut pas être mise à la place de {file} : corrigez "
            "les droits du dossier, et relancez la même commande."
        ) from None
    followed = plural(len(databases), "base la suit", "bases la suivent")
    return (
        f"{by} a changé la clé maîtresse {file} : {followed}. L’ancienne est dans {former} : gardez-la au "
        "coffre tant qu’une sauvegarde d’avant ce jour existe, puis détruisez-la."
    )


def _rewrap(owner: str, url: str, file: Path, new: vault.MasterKey) -> None:
    database = Database(url)
    try:
        with database.write() as connection:
            rewrap(connection, file, new, owner)
    except DomainError as error:
        raise StartupError(f"{owner} : {error.message}") from error
    finally:
        database.dispose()
