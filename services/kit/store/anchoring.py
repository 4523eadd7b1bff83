"""Anchoring: the last heads of the chains of a service leave its databases by themselves, after each write.

It runs beside the answers: nothing waits for it. What is committed in the last seconds before a kill is not
anchored yet: it is at the next start. The same thread looks every second whether each chain still ends as the
service left it: on a store that an older one replaced, nothing more is read or written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import structlog
from sqlalchemy import Connection

from services.kit import context
from services.kit.canonical import Head, Verification, is_hash
from services.kit.dates import instant_of, instant_text, paris_text
from services.kit.errors import DomainError, StartupError
from services.kit.french import join, plural, spaced
from services.kit.store import states
from services.kit.store.accesses import ACCESS_CHAIN, ACCESS_CLOCK, ACCESS_KEYS
from services.kit.store.chain import BEGINNING, Chain
from services.kit.store.database import Database, say_missing
from services.kit.store.head_sending import HeadPlaces, HeadSender
from services.kit.store.heads import (
    HEAD_SIGNATURES,
    HeadError,
    Heads,
    HeadsFile,
    HeadSigner,
    add_line,
    lost,
    read_signed,
)
from services.kit.store.parts import holds_key
from services.kit.store.ring import KeyPlan, KeyRing, MasterKeyFile, open_ring, prepare_ring, say_used

_NO_HEAD = "Ce fichier n’est pas une empreinte que cette base a signée : donnez une ligne de publish-head."

LOOK_SECONDS = 1.0
"""How often each process looks at the ends of the chains."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Opened:
    """A database, its keys and its chains."""

    database: Database
    ring: KeyRing
    plan: KeyPlan

    @cached_property
    def chains(self) -> Mapping[str, Chain]:
        """The chains, by the purpose of their keys."""
        return {name: opened(self.ring.seal(name)) for name, opened in self.plan.opened.items()}


class Anchor:
    """Anchors the heads of the chains of a service, from one process; its first store keeps the key that
    signs them."""

    def __init__(
        self, stores: Sequence[Opened], places: HeadPlaces, master_key: MasterKeyFile, *, begun: bool
    ) -> None:
        """Once `begun`, the file of heads is a part of the store: it is never created again by itself."""
        self._master_key = master_key
        self._stores = stores
        self._places = places
        self._file = HeadsFile(places.file)
        self._sender = HeadSender(places)
        self._signer = HeadSigner(stores[0].ring.key(HEAD_SIGNATURES))
        self._seen: dict[str, Head] = {}
        self._answered_for: Mapping[str, Head] = {}
        self._marks: list[bytes] = []
        self._failures = 0
        self._begun = begun
        self._lost = ""

    def start(self) -> None:
        """Starts the thread that looks, and anchors what was written, at most once in `seconds`."""
        self._remember()
        threading.Thread(target=self._loop, name="anchor", daemon=True).start()

    def check(self) -> None:
        """StartupError if a database is not one that follows the last anchored heads, or ends altered.

        Heads that were never anchored are.
        """
        last = self._remember()
        for store in self._stores:
            with store.database.read(any_text=True) as connection:
                known = [(name, chain) for name, chain in store.chains.items() if self._seen.get(name)]
                wrong = [name for name, chain in known if not chain.goes_on(connection, self._seen[name])]
            if last and wrong:
                raise StartupError(self._behind(last, wrong))
            self.look(store)
        if not last:  # at once: a first start that is refused later on can be tried again
            self.anchor()

    def say_begun(self, master_key_file: Path) -> None:
        """Heads are anchored: from now on the file is a part of the store, which does not start without."""
        first = self._stores[0]
        say_used(first.database, master_key_file, HEAD_SIGNATURES, first.plan.owner)
        self._begun = True

    def check_files(self) -> None:
        """StartupError if the master key, or the file of heads once it is a part of the store, is lost,
        unreadable or another."""
        self._master_key.check()
        if self._begun and not self._file.has_lines():
            raise lost(self._file.path)

    def look(self, store: Opened) -> None:
        """Refuses a database whose chains no longer have the end of the last look: FailedPrecondition.

        It is the cheap part of a verification: two records of each chain.
        """
        with store.database.read(any_text=True, fresh=True) as connection:
            for name, chain in store.chains.items():
                head = chain.head(connection)
                if not chain.holds(connection, self._seen.get(name, BEGINNING)):
                    log.error("store_behind", chain=name, sequence=head.sequence)
                    raise store.database.refuse(states.behind())
                # An end that a person answered for stays as it is.
                if head != self._answered_for.get(name) and not chain.ends_whole(connection):
                    log.error("store_altered", chain=name, sequence=head.sequence)
                    raise store.database.refuse(states.altered())
                self._seen[name] = head

    def verify(self, line: str = "") -> str:
        """What became of every chain since its beginning, the last anchored heads and those of a signed line:
        a French text; StartupError with it if anything is not as it was written."""
        try:
            kept = [read_signed(line, self._signer.public_key)] if line else []
        except HeadError:
            raise StartupError(_NO_HEAD) from None
        kept += filter(None, [self._file.last(self._signer.public_key)])
        opened = {name for store in self._stores for name in store.chains}
        gone = sorted({name for heads in kept for name in heads.heads} - opened)
        said, whole = [f"Une base ancrée manque ({name})." for name in gone], not gone
        for store in self._stores:
            with store.database.read(any_text=True) as connection:
                for name, chain in store.chains.items():
                    heads = [heads.heads.get(name, BEGINNING) for heads in kept]
                    found = store.plan.chains[name](connection, store.ring.seal(name))
                    fault = _fault(connection, chain, found, heads)
                    count = plural(found.record_count, "ligne")
                    said.append(f"Table {chain.name} : {fault or 'entière'} ({count}).")
                    whole = whole and not fault
        since = join([f"celles du {paris_text(instant_of(heads.time))}" for heads in kept])
        if not whole:
            raise StartupError("\n".join(said))
        return "\n".join([*said, *([f"Les empreintes signées sont dans la base : {since}."] if kept else [])])

    def anchor(self, *, acknowledged: Mapping[str, str] | None = None, every: float = 0.0) -> str:
        """Adds the present heads to the file unless they are there, then sends them; gives the last line."""
        create = not self._begun or bool(acknowledged)
        with self._file.turn(self._signer.public_key, create=create) as (last, stream):
            now = datetime.now(UTC)
            known = dict(last.heads) if last else {}
            heads, behind = self._heads(known)
            altered = [name for name, head in heads.items() if not is_hash(head.hash)]
            if altered:  # an end that is no seal proves nothing; the file keeps the last one that did
                log.error("head_altered", chains=altered)
                return ""
            if last and not acknowledged:
                if behind:
                    log.error("store_behind_heads", chains=behind, file=str(self._places.file))
                    return ""
                heads = known | heads
                if heads == known:
                    return self._signer.signed(last)
                if (now - instant_of(last.time)).total_seconds() < every:
                    return ""
            found = Heads(self._stores[0].plan.owner, instant_text(now), heads, acknowledged or {})
            line = self._signer.signed(found)
            add_line(stream, line)
        log.info("head_anchored", heads={name: [head.sequence, head.hash] for name, head in heads.items()})
        self._sender.send(line)
        return line

    def acknowledge(self, lost: str, by: str) -> str:
        """Anchors a store that is behind, in the name of a person who names the heads that are lost; gives a
        French sentence, or StartupError."""
        last = self._file.last(self._signer.public_key)
        known = last.id if last else "absent"
        if lost != known:
            raise StartupError(
                f"Ce n’est pas la dernière empreinte ancrée : c’est {known}. Rien n’est reconnu."
            )
        self.anchor(acknowledged={"by": by, "lost": lost})
        return f"{by} répond de ce qui suivait l’empreinte {lost} : la base repart de ce qu’elle contient."

    def replace(self, by: str) -> None:
        """Anchors chains that were sealed anew, in the name of the service that did."""
        last = self._file.last(self._signer.public_key)
        self.anchor(acknowledged={"by": by, "lost": last.id if last else "absent"})

    def _remember(self) -> Heads | None:
        """The last anchored heads, from which the first look goes."""
        last = self._file.last(self._signer.public_key)
        if last:
            self._seen = dict(last.heads)
            self._answered_for = last.heads if last.acknowledged else {}
        return last

    def _heads(self, known: Mapping[str, Head]) -> tuple[dict[str, Head], list[str]]:
        """The present heads, and the chains that no longer have the known one."""
        heads, behind = {}, []
        for store in self._stores:
            with store.database.read(any_text=True) as connection:
                for name, chain in store.chains.items():
                    heads[name] = chain.head(connection)
                    if not chain.holds(connection, known.get(name, BEGINNING)):
                        behind.append(name)
        return heads, behind

    def _behind(self, last: Heads, wrong: list[str]) -> str:
        names = {name: chain.name for store in self._stores for name, chain in store.chains.items()}
        ranks = ", ".join(f"{names[name]} {last.heads[name].sequence}" for name in wrong)
        return (
            f"La base n’a plus ce qui a été ancré le {last.time} dans {self._places.file} ({ranks}) : elle "
            "vient d’une sauvegarde plus ancienne, ou sa fin a été réécrite. Remettez la base d’aujourd’hui. "
            "Si la perte est voulue, une personne en répond : "
            f"acknowledge-head {last.id} --by NOM, puis redémarrez."
        )

    def _loop(self) -> None:
        pause, due = threading.Event(), 0.0
        while not context.stopping():
            pause.wait(min(LOOK_SECONDS, self._places.seconds))
            if not self._finds_its_files():
                continue
            with suppress(DomainError), context.limit(LOOK_SECONDS):
                for store in self._stores:
                    self.look(store)
            if time.monotonic() < due:
                continue
            due = time.monotonic() + self._places.seconds
            try:
                self._anchor_changes()
            except (DomainError, StartupError, OSError) as error:
                self._failures += 1
                log.error("head_not_anchored", error=type(error).__name__, failures=self._failures)

    def _finds_its_files(self) -> bool:
        """Whether the files beside the databases are there: without them this process reads and writes
        nothing."""
        before = self._lost
        try:
            with context.limit(LOOK_SECONDS):
                self.check_files()
            self._lost = ""
        except StartupError as error:
            self._lost = str(error)
        except DomainError:
            pass  # the database does not answer: what was known of the files still holds
        if self._lost != before:
            say_missing(states.incomplete() if self._lost else None)
            if self._lost:
                log.error("store_incomplete", sentence=spaced(self._lost))
            else:
                log.warning("store_complete")
        return not self._lost

    def _anchor_changes(self) -> None:
        marks = [store.database.data_version() for store in self._stores]
        if marks != self._marks and self.anchor(every=self._places.seconds):
            self._marks = marks


@dataclass(frozen=True)
class AnchoredStore:
    """The chains of a service, those of its journal of accesses too once there is one, which may be all that
    it keeps; and where their heads are anchored. Each act may raise StartupError."""

    url: str
    accesses_url: str
    master_key_file: Path
    plan: KeyPlan
    places: HeadPlaces

    def anchor(self) -> None:
        """Anchors the heads that nobody else writes: before the store serves, and once it has stopped."""
        with self._opened() as anchor:
            anchor.anchor()
            anchor.say_begun(self.master_key_file)

    def check(self) -> None:
        """Refuses databases that are not those that follow their last anchored heads."""
        with self._opened() as anchor:
            anchor.check()
            anchor.say_begun(self.master_key_file)

    def check_parts(self) -> None:
        """Refuses a master key or a file of heads that a process could not open."""
        with self._opened() as anchor:
            anchor.check_files()

    def publish(self) -> str:
        """The last heads, signed: one line of JSON for third parties."""
        with self._opened() as anchor:
            anchor.check()
            return anchor.anchor()

    def verify(self, file: Path | None) -> str:
        """What became of every chain, and of the signed heads that a file keeps; a French text."""
        try:
            lines = file.read_text(encoding="utf-8").split("\n") if file else []
        except (OSError, UnicodeError):
            raise StartupError(f"Le fichier {file} ne peut pas être lu.") from None
        if file and not any(lines):
            raise StartupError(_NO_HEAD)
        with self._opened() as anchor:
            return anchor.verify(next(filter(None, reversed(lines)), ""))

    def acknowledge(self, lost: str, by: str) -> str:
        """Lets a store that is behind its anchored heads start, in the name of a person; gives a French
        sentence."""
        with self._opened() as anchor:
            return anchor.acknowledge(lost, by)

    def replace(self, by: str) -> None:
        """Anchors chains that the service itself, which checked them before, has sealed anew."""
        with self._opened() as anchor:
            anchor.replace(by)

    def start(self) -> None:
        """Looks and anchors from a process that serves, to its end."""
        self._open([]).start()

    @contextmanager
    def _opened(self) -> Iterator[Anchor]:
        databases: list[Database] = []
        try:
            yield self._open(databases)
        except DomainError as error:
            raise StartupError(error.message) from error
        finally:
            for database in databases:
                database.dispose()

    def _open(self, opened: list[Database]) -> Anchor:
        """The anchor; what it opens is added to `opened`, to be closed."""
        has_accesses = self.accesses_url != self.url and holds_key(self.accesses_url, ACCESS_CHAIN)
        plans = {self.url: self.plan, **({self.accesses_url: ACCESS_KEYS} if has_accesses else {})}
        stores = []
        for url, plan in plans.items():
            opened.append(Database(url, pool_size=1))
            if has_accesses and url == self.accesses_url and not holds_key(url, ACCESS_CLOCK):
                prepare_ring(opened[-1], self.master_key_file, plan)  # it is of an earlier version
            ring = open_ring(opened[-1], self.master_key_file, plan.owner)
            stores.append(Opened(opened[-1], ring, plan))
        master_key = MasterKeyFile(stores[0].database, self.master_key_file, self.plan.owner)
        return Anchor(stores, self.places, master_key, begun=holds_key(self.url, HEAD_SIGNATURES))


def _fault(connection: Connection, chain: Chain, found: Verification, heads: Sequence[Head]) -> str:
    """What is wrong with a chain that was verified; empty when it is whole and has the heads."""
    if found.broken_sequence:
        return f"rompue à la ligne {found.broken_sequence}"
    lost = max((head.sequence - found.head.sequence for head in heads), default=0)
    if lost > 0:
        return f"il manque {plural(lost, 'ligne')} à la fin"
    others = [head.sequence for head in heads if not chain.holds(connection, head)]
    return f"réécrite : la ligne {others[0]} n’est pas celle de l’empreinte" if others else ""
