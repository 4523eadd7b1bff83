"""Anchoring: the last heads of the chains of a store leave its database by themselves, after each write.

It runs beside the answers: nothing waits for it. What is committed in the last seconds before a kill is not
anchored yet: it is at the next start.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from services.kit import context
from services.kit.canonical import Head, is_hash
from services.kit.dates import instant_of, instant_text
from services.kit.errors import DomainError, StartupError
from services.kit.store.chain import BEGINNING
from services.kit.store.database import Database
from services.kit.store.head_sending import HeadPlaces, HeadSender
from services.kit.store.heads import HEAD_SIGNATURES, Heads, HeadsFile, HeadSigner, add_line
from services.kit.store.ring import KeyPlan, KeyRing, open_ring

log = structlog.get_logger()


class Anchor:
    """Anchors the heads of the chains of one store, from one process."""

    def __init__(self, database: Database, ring: KeyRing, plan: KeyPlan, places: HeadPlaces) -> None:
        self._database = database
        self._ring = ring
        self._plan = plan
        self._places = places
        self._file = HeadsFile(places.file)
        self._sender = HeadSender(places)
        self._signer = HeadSigner(ring.key(HEAD_SIGNATURES))
        self._mark = b""
        self._failures = 0

    @property
    def public_key(self) -> str:
        """What verifies the signature of heads (Ed25519, base64)."""
        return self._signer.public_key

    def start(self) -> None:
        """Starts the thread that anchors what was written, at most once in `seconds`."""
        threading.Thread(target=self._loop, name="anchor", daemon=True).start()

    def check(self) -> None:
        """StartupError if the store is not one that follows the last anchored heads."""
        last = self._file.last(self.public_key)
        if last is not None:
            wrong = [name for name, head in last.heads.items() if not self._follows(name, head)]
            if wrong:
                raise StartupError(self._behind(last, wrong))

    def anchor(self, *, acknowledged: Mapping[str, str] | None = None, every: float = 0.0) -> str:
        """Adds the present heads to the file unless they are there, then sends them; gives the last line."""
        with self._file.turn(self.public_key) as (last, stream):
            now = datetime.now(UTC)
            heads = self._heads()
            altered = [name for name, head in heads.items() if not is_hash(head.hash)]
            if altered:  # an end that is no seal proves nothing; the file keeps the last one that did
                log.error("head_altered", chains=altered)
                return ""
            known = dict(last.heads) if last else {}
            if last and not acknowledged:
                if known == heads:
                    return self._signer.signed(last)
                if (now - instant_of(last.time)).total_seconds() < every:
                    return ""
                if any(head.sequence < known.get(name, BEGINNING).sequence for name, head in heads.items()):
                    log.error("store_behind_heads", file=str(self._places.file))
                    return ""
            found = Heads(self._plan.owner, instant_text(now), heads, acknowledged or {})
            line = self._signer.signed(found)
            add_line(stream, line)
        log.info("head_anchored", heads={name: [head.sequence, head.hash] for name, head in heads.items()})
        self._sender.send(line)
        return line

    def acknowledge(self, lost: str, by: str) -> str:
        """Anchors a store that is behind, in the name of a person who names the heads that are lost; gives a
        French sentence, or StartupError."""
        last = self._file.last(self.public_key) if self._places.file.exists() else None
        known = last.id if last else "absent"
        if lost != known:
            raise StartupError(
                f"Ce n’est pas la dernière empreinte ancrée : c’est {known}. Rien n’est reconnu."
            )
        self.anchor(acknowledged={"by": by, "lost": lost})
        return f"{by} répond de ce qui suivait l’empreinte {lost} : la base repart de ce qu’elle contient."

    def _follows(self, name: str, head: Head) -> bool:
        """Whether a chain has an anchored head where it was, and is whole from there on."""
        open_chain = self._plan.opened.get(name)
        if open_chain is None or not head.sequence:
            return True
        with self._database.read(any_text=True) as connection:
            return open_chain(self._ring.seal(name)).goes_on(connection, head)

    def _heads(self) -> dict[str, Head]:
        with self._database.read(any_text=True) as connection:
            chains = {
                name: open_chain(self._ring.seal(name)) for name, open_chain in self._plan.opened.items()
            }
            return {name: chain.head(connection) for name, chain in chains.items()}

    def _behind(self, last: Heads, wrong: list[str]) -> str:
        ranks = ", ".join(f"{name} {last.heads[name].sequence}" for name in wrong)
        return (
            f"La base n’a plus ce qui a été ancré le {last.time} dans {self._places.file} ({ranks}) : elle "
            "vient d’une sauvegarde plus ancienne, ou sa fin a été réécrite. Remettez la base d’aujourd’hui. "
            "Si la perte est voulue, une personne en répond : "
            f"acknowledge-head {last.id} --by NOM, puis redémarrez."
        )

    def _loop(self) -> None:
        pause = threading.Event()
        while not context.stopping():
            pause.wait(self._places.seconds)
            try:
                mark = self._database.data_version()
                if mark != self._mark and self.anchor(every=self._places.seconds):
                    self._mark = mark
            except (DomainError, StartupError, OSError) as error:
                self._failures += 1
                log.error("head_not_anchored", error=type(error).__name__, failures=self._failures)


@dataclass(frozen=True)
class AnchoredStore:
    """A store whose heads are anchored, for a process that does not serve it; each act may raise
    StartupError."""

    url: str
    master_key_file: Path
    plan: KeyPlan
    places: HeadPlaces

    def anchor(self) -> None:
        """Anchors the heads that nobody else writes: before the store serves, and once it has stopped."""
        with self._opened() as anchor:
            anchor.anchor()

    def check(self) -> None:
        """Refuses a store that is not one that follows its last anchored heads."""
        with self._opened() as anchor:
            anchor.check()

    def publish(self) -> str:
        """The last heads, signed: one line of JSON for third parties."""
        with self._opened() as anchor:
            anchor.check()
            return anchor.anchor()

    def acknowledge(self, lost: str, by: str) -> str:
        """Lets a store that is behind its anchored heads start, in the name of a person; gives a French
        sentence."""
        with self._opened() as anchor:
            return anchor.acknowledge(lost, by)

    @contextmanager
    def _opened(self) -> Iterator[Anchor]:
        database = Database(self.url)
        try:
            ring = open_ring(database, self.master_key_file, self.plan.owner)
            yield Anchor(database, ring, self.plan, self.places)
        except DomainError as error:
            raise StartupError(error.message) from error
        finally:
            database.dispose()
