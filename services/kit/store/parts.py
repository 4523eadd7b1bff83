"""What a service keeps, described once: nothing of it is created by accident."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from sqlalchemy import URL, inspect
from sqlalchemy.exc import DBAPIError

from services.kit.errors import FailedPrecondition, StartupError, Unavailable
from services.kit.french import join
from services.kit.store import states, vault
from services.kit.store.accesses import ACCESS_CHAIN
from services.kit.store.database import Database
from services.kit.store.engine import connect_sqlite, is_damage, parse_url
from services.kit.store.heads import HEAD_SIGNATURES, HeadsFile
from services.kit.store.ring import STORED_KEY, purposes

_REVISIONS = "alembic_version"


@dataclass(frozen=True)
class Part:
    """A database or a file of a service: its French name with an article, where it is, whether it exists.

    `exists` raises StartupError for a part that is there and cannot be this one; `began` says of one that is
    not there whether it ever was. A part whose loss the operator has accepted by a setting is created again
    beside the others. `answered_by` is the act by which a named person answers for a loss, which does without
    the part.
    """

    label: str
    place: str
    exists: Callable[[], bool]
    loss_accepted: bool = False
    began: Callable[[], bool] = lambda: True
    answered_by: Callable[[], str] = str

    def __str__(self) -> str:
        return f"{self.label} ({self.place})"


def master_key_part(path: Path, *, loss_accepted: bool = False) -> Part:
    """The master key of a service."""

    def exists() -> bool:
        if path.exists():
            return True
        vault.refuse_old_place(path)
        return False

    return Part("la clé maîtresse", str(path.absolute()), exists, loss_accepted)


def database_part(label: str, url: str, table: str, *, loss_accepted: bool = False) -> Part:
    """A database, known by a table that no other store has; it exists once it has its tables."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database)).absolute()
        return Part(label, str(path), lambda: _sqlite_exists(parsed, path, table), loss_accepted)
    server = f"{parsed.host or 'local'}{f':{parsed.port}' if parsed.port else ''}"
    place = f"base {parsed.database} du serveur {server}"
    return Part(label, place, lambda: _postgresql_exists(url, parsed, table), loss_accepted)


def heads_part(path: Path, url: str) -> Part:
    """The file of anchored heads; a store that has no key to sign them, of an earlier version, has none."""
    return Part(
        "le fichier des empreintes",
        str(path.absolute()),
        HeadsFile(path).has_lines,
        began=lambda: holds_key(url, HEAD_SIGNATURES),
        answered_by=lambda: "acknowledge-head absent",
    )


def accesses_part(url: str, heads: Path) -> Part:
    """The journal of accesses, which begins with the first server that asks who calls: its head is anchored
    from then on."""

    def began() -> bool:
        last = HeadsFile(heads).last()
        return last is not None and ACCESS_CHAIN in last.heads

    def act() -> str:
        last = HeadsFile(heads).last()
        return f"acknowledge-head {last.id}" if last else ""

    return replace(database_part("le journal des accès", url, "access"), began=began, answered_by=act)


def holds_key(url: str, purpose: str) -> bool:
    """Whether a database keeps a key of that purpose; a store of an earlier version does not yet."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return False
    database = Database(url)
    try:
        with database.read() as connection:
            return inspect(connection).has_table(STORED_KEY.name) and purpose in purposes(connection)
    except (Unavailable, FailedPrecondition, DBAPIError):
        return False  # the part of the database itself says what is wrong
    finally:
        database.dispose()


@dataclass(frozen=True)
class StoreSet:
    """All that a service keeps; `init` is the operator's word that this is its first start."""

    parts: tuple[Part, ...] = ()
    init: bool = False

    def check(self, *, act: bool = False) -> None:
        """Lets a start go on where the set is whole, or wholly absent and `init` was given: StartupError. An
        `act` creates nothing, and does without the parts whose loss an act answers for."""
        for first, second in combinations(self.parts, 2):
            if first.place == second.place:
                raise StartupError(
                    f"{first.label} et {second.label} sont au même endroit ({first.place}) : donnez à "
                    "chacune le sien."
                )
        found = [part for part in self.parts if part.exists()]
        absent = [part for part in self.parts if part not in found and part.began()]
        if absent and not found:
            if act or not self.init:
                raise StartupError(_nothing(absent))
            return
        lost = [part for part in absent if not part.loss_accepted and not (act and part.answered_by())]
        if lost:
            raise StartupError(_incomplete(lost, found))

    def places(self) -> dict[str, str]:
        """Where each part is, by its French name."""
        return {part.label: part.place for part in self.parts}


def _nothing(absent: list[Part]) -> str:
    return (
        f"Rien de ce que garde ce service n’existe encore : {join([str(part) for part in absent])}. "
        "Si c’est son premier démarrage, relancez-le une fois avec --init ; sinon, un réglage ou un montage "
        "est à corriger, ou une sauvegarde à remettre."
    )


def _incomplete(lost: list[Part], present: list[Part]) -> str:
    missing, found = (join([str(part) for part in parts]) for parts in (lost, present))
    acts = [act for part in lost if (act := part.answered_by())]
    for_good = f" Si c’est perdu pour de bon, une personne en répond : {acts[0]} --by NOM." if acts else ""
    return (
        f"Il manque {missing}, alors qu’il existe {found} : "
        "le service ne démarre pas, avec ou sans --init. Corrigez le réglage, ou remettez la dernière "
        "sauvegarde de ce qui manque ; si un premier démarrage a été interrompu, supprimez ce qu’il a créé "
        f"et relancez avec --init.{for_good}"
    )


def _sqlite_exists(url: URL, path: Path, table: str) -> bool:
    log = path.with_name(f"{path.name}-wal")
    if not path.exists():
        if log.exists():
            raise StartupError(states.orphaned(path, log))
        return False
    try:
        with closing(connect_sqlite(path)) as file:
            tables = {row[0] for row in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except sqlite3.Error as error:
        sentence = f"{path} : {states.damaged().message}" if is_damage(error) else states.unusable(url)
        raise StartupError(sentence) from error
    if not tables:
        raise StartupError(states.empty(path))
    return _known(table, tables, str(path))


def _postgresql_exists(url: str, parsed: URL, table: str) -> bool:
    database = Database(url)
    try:
        with database.read() as connection:
            tables = set(inspect(connection).get_table_names())
    except (Unavailable, FailedPrecondition) as error:
        raise StartupError(states.unusable(parsed)) from error
    finally:
        database.dispose()
    return bool(tables & {table, _REVISIONS}) and _known(table, tables, f"Base {parsed.database}")


def _known(table: str, tables: set[str], place: str) -> bool:
    if table not in tables:
        raise StartupError(f"{place} : {states.of_another_service().message}")
    return True
