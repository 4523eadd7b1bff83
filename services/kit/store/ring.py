"""The keys that a database keeps: random, one for each purpose, wrapped by the master key.

The master key wraps them and nothing else: another can take its place without what they seal being sealed
again. A key that an earlier version derived from the master key is kept as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)

from services.kit.canonical import Head, Verification
from services.kit.dates import instant_text
from services.kit.errors import StartupError
from services.kit.store import vault
from services.kit.store.chain import BEGINNING, Chain, ChainSeal
from services.kit.store.database import Database
from services.kit.store.heads import HEAD_SIGNATURES
from services.kit.store.secrets import take_page_key
from services.kit.store.vault import MasterKey

PAGE_TOKENS = "page tokens"
"""The purpose of the key that seals page tokens."""

_WRAPPING = "stored keys"


def master_key_table(metadata: MetaData) -> Table:
    """The table that says which master key a database is tied to, for the migration and the store."""
    return Table(
        "master_key",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("fingerprint", String(64), nullable=False),
        CheckConstraint("id = 1", name="master_key_single"),
    )


def stored_key_table(metadata: MetaData) -> Table:
    """The table of the keys that a database keeps, for the migration and the store.

    `after_…` is the last record of a chain that its key does not seal: those before it have a plain hash.
    """
    return Table(
        "stored_key",
        metadata,
        Column("purpose", String(64), primary_key=True),
        Column("wrapped", LargeBinary, nullable=False),
        Column("after_sequence", BigInteger, nullable=False),
        Column("after_hash", String(64), nullable=False),
        Column("create_time", String(27), nullable=False),
    )


_METADATA = MetaData()
_MASTER = master_key_table(_METADATA)
STORED_KEY = stored_key_table(_METADATA)


def create_key_tables(connection: Connection) -> None:
    """Creates those of the two tables that a database lacks, for the service's migration."""
    _METADATA.create_all(connection)


VerifyPlain = Callable[[Connection, ChainSeal], Verification]


@dataclass(frozen=True)
class KeyPlan:
    """The keys that a database must have.

    `owner` names it in French; `derived` are the purposes whose key an earlier version derived from the
    master key; `chains` gives, for the purpose of the key of a chain, how that chain is verified, and
    `opened` that chain itself.
    """

    owner: str
    purposes: tuple[str, ...]
    derived: tuple[str, ...] = ()
    chains: Mapping[str, VerifyPlain] = field(default_factory=dict)
    opened: Mapping[str, Callable[[ChainSeal], Chain]] = field(default_factory=dict)


class KeyRing:
    """The keys of a database, unwrapped."""

    def __init__(self, seals: Mapping[str, ChainSeal]) -> None:
        self._seals = seals

    def key(self, purpose: str) -> bytes:
        """The key of a purpose; StartupError if the database has lost it."""
        return self.seal(purpose).key or b""

    def seal(self, purpose: str) -> ChainSeal:
        """What seals the records of a chain; StartupError if the database has lost its key."""
        found = self._seals.get(purpose) or self._seals.get(_unused(purpose))
        if found is None:
            raise StartupError(
                f"La clé « {purpose} » a disparu de la base de données : remettez la dernière sauvegarde."
            )
        return found


def derives_keys(database: Database) -> bool:
    """Whether an earlier version served this database last: its keys still come from its master key."""
    with database.read() as connection:
        return _derives(connection)


def _derives(connection: Connection) -> bool:
    tied = connection.scalar(select(_MASTER.c.fingerprint)) is not None
    return tied and not purposes(connection)


def prepare_ring(database: Database, file: Path, plan: KeyPlan, *, derived: bool = False) -> None:
    """Ties a database to its master key, which is created for a new one, and makes the keys that it lacks.

    Keys that an earlier version derived keep their value, in its database and, where `derived`, in a new one
    that serves beside it. StartupError if the master key is missing or another, or if a chain that no key
    sealed yet is not whole.
    """
    with database.write() as connection:
        # Two servers that start at once on an empty base would each create a master key, and one would be
        # lost; SQLite's write transaction is alone already.
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE master_key"))
        known = connection.scalar(select(_MASTER.c.fingerprint))
        if known is None and not file.exists():
            vault.create(file)
        master = _master(connection, file, plan.owner)
        stored = purposes(connection)
        was_derived = plan.derived if derived or _derives(connection) else ()
        if known is None:
            connection.execute(insert(_MASTER).values(id=1, fingerprint=master.fingerprint()))
        for purpose in plan.purposes:
            if not {purpose, _unused(purpose)} & stored:
                key = master.derived(purpose) if purpose in was_derived else _new_key(connection, purpose)
                verify = plan.chains.get(purpose)
                after = _plain_end(connection, verify, plan.owner) if verify else BEGINNING
                name = _unused(purpose) if purpose == HEAD_SIGNATURES else purpose
                _store(connection, master, name, ChainSeal(key, after))


def open_ring(database: Database, file: Path, owner: str = "la base de données") -> KeyRing:
    """The keys of a database that was prepared; StartupError."""
    with database.read() as connection:
        master = _master(connection, file, owner)
        return KeyRing(_unwrapped(connection, master))


class MasterKeyFile:
    """The file of the master key under a service, and the keys that it may hold."""

    def __init__(self, database: Database, file: Path, owner: str) -> None:
        self._database = database
        self._file = file
        self._owner = owner
        self._known = vault.load(file).fingerprint()

    def check(self) -> None:
        """StartupError if the key is lost, cannot be read or is another: neither the one that the service
        opened its keys with nor, after a rotation, the one that its database is tied to."""
        found = vault.load(self._file).fingerprint()
        if found != self._known:
            with self._database.read() as connection:
                _master(connection, self._file, self._owner)
            self._known = found


def say_used(database: Database, file: Path, purpose: str, owner: str) -> None:
    """Says of a key that it has signed: what it signed must be there at each start from now on. Who has no
    master key cannot take that back."""
    name = _unused(purpose)
    with database.read() as connection:
        if name not in purposes(connection):
            return
    with database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE master_key"))
        master = _master(connection, file, owner)
        if seal := _unwrapped(connection, master).get(name):
            _store(connection, master, purpose, seal)
            connection.execute(delete(STORED_KEY).where(STORED_KEY.c.purpose == name))


def rewrap(connection: Connection, file: Path, new: MasterKey, owner: str) -> bool:
    """Wraps every key of a database with a new master key; false when it is that one already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE master_key"))
    if connection.scalar(select(_MASTER.c.fingerprint)) == new.fingerprint():
        return False
    if not purposes(connection):
        raise StartupError(
            f"{owner.capitalize()} vient d’une version plus ancienne : démarrez une fois le service, puis "
            "relancez la même commande."
        )
    for purpose, seal in _unwrapped(connection, _master(connection, file, owner)).items():
        row = {"wrapped": _wrapped(new, purpose, seal)}
        connection.execute(update(STORED_KEY).where(STORED_KEY.c.purpose == purpose).values(row))
    connection.execute(update(_MASTER).values(fingerprint=new.fingerprint()))
    return True


def seal_from_beginning(connection: Connection, file: Path, purpose: str, owner: str) -> ChainSeal:
    """Lets the key of a chain seal all its records, for one that is written again; gives its seal."""
    master = _master(connection, file, owner)
    seal = ChainSeal(_unwrapped(connection, master)[purpose].key)
    row = {
        "wrapped": _wrapped(master, purpose, seal),
        "after_sequence": seal.after.sequence,
        "after_hash": seal.after.hash,
    }
    connection.execute(update(STORED_KEY).where(STORED_KEY.c.purpose == purpose).values(row))
    return seal


def purposes(connection: Connection) -> set[str]:
    """The purposes that a database keeps a key for."""
    return set(connection.scalars(select(STORED_KEY.c.purpose)))


def _unused(purpose: str) -> str:
    """The purpose under which a key is kept until it has served."""
    return f"{purpose}, unused"


def _master(connection: Connection, file: Path, owner: str) -> MasterKey:
    """The master key that a database is tied to: that of the file or, while a rotation is not finished, the
    one that takes its place."""
    known = connection.scalar(select(_MASTER.c.fingerprint))
    for path in (file, vault.successor(file)):
        if path == file or path.exists():
            master = vault.load(path)
            if known in (None, master.fingerprint()):
                return master
    raise StartupError(f"La clé maîtresse {file} n’est pas celle de {owner} : remettez la bonne.")


def _new_key(connection: Connection, purpose: str) -> bytes:
    kept = take_page_key(connection) if purpose == PAGE_TOKENS else None
    return kept or vault.new_key()


def _plain_end(connection: Connection, verify: VerifyPlain, owner: str) -> Head:
    """The end of a chain that no key sealed yet, all of it verified: what is not whole is not adopted."""
    found = verify(connection, ChainSeal(None))
    if found.broken_sequence:
        raise StartupError(
            f"La chaîne de {owner} est rompue à la ligne {found.broken_sequence} : elle ne peut pas être "
            "mise sous clé. Gardez cette base à part, et remettez une sauvegarde entière."
        )
    return found.head


def _store(connection: Connection, master: MasterKey, purpose: str, seal: ChainSeal) -> None:
    row = {
        "purpose": purpose,
        "wrapped": _wrapped(master, purpose, seal),
        "after_sequence": seal.after.sequence,
        "after_hash": seal.after.hash,
        "create_time": instant_text(datetime.now(UTC)),
    }
    connection.execute(insert(STORED_KEY).values(row))


def _unwrapped(connection: Connection, master: MasterKey) -> dict[str, ChainSeal]:
    found: dict[str, ChainSeal] = {}
    for row in connection.execute(select(STORED_KEY)):
        after = Head(row.after_sequence, row.after_hash)
        try:
            key = vault.decrypted(master.derived(_WRAPPING), row.wrapped, _place(row.purpose, after))
        except vault.UnreadableError:
            raise StartupError(
                f"La clé « {row.purpose} » a été altérée dans la base de données : remettez la dernière "
                "sauvegarde."
            ) from None
        found[row.purpose] = ChainSeal(key, after)
    return found


def _wrapped(master: MasterKey, purpose: str, seal: ChainSeal) -> bytes:
    return vault.encrypted(master.derived(_WRAPPING), seal.key or b"", _place(purpose, seal.after))


def _place(purpose: str, after: Head) -> str:
    """What a key is wrapped for. The last plain record of its chain is part of it: who has no master key
    cannot move it, and so pass off records that he hashed himself as older than the key."""
    return f"{purpose} {after.sequence} {after.hash}"
