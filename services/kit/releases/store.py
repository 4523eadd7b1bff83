"""The store of releases: each publication, activation or rollback is one transaction and one state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from services.kit.errors import AlreadyExists, FailedPrecondition
from services.kit.releases import changes, rows, versions
from services.kit.releases.archive import SIGNATURE_FILE, ArchiveError, Contents, digest, pack, restore
from services.kit.releases.signature import PublicKeys, SignatureError, Statement
from services.kit.releases.timeline import Candidate, EventKind, Release, State
from services.kit.store import Database, fingerprint


class PackageDamagedError(Exception):
    """What is stored of a package is not what was published, or is not signed by an accepted key."""


@dataclass(frozen=True)
class Publication:
    """A published release; `created` is false when the same content was published already."""

    release: Release
    created: bool
    state: State


class ReleaseStore:
    """Publishes, activates and rolls back; with keys, every package must be signed by one of them."""

    def __init__(
        self, database: Database, keys: PublicKeys | None = None, *, two_person_rule: bool = False
    ) -> None:
        self._database = database
        self._keys = keys
        self._two_person_rule = two_person_rule
        self._known = rows.EMPTY

    def state(self) -> State:
        """Everything published and activated so far."""
        with self._database.read() as connection:
            return self._read(connection)

    def last_state_number(self) -> int:
        """The state_number of the store, 0 when it is empty."""
        with self._database.read() as connection:
            return rows.last_state_number(connection)

    def contents(self, package_digest: str) -> Contents:
        """The files of a published package, signature included; PackageDamagedError if they cannot be
        trusted."""
        with self._database.read() as connection:
            contents = _stored(connection, package_digest)
            release = rows.read_release(connection, package_digest)
        try:
            self._signer(Statement(release.name, release.version, package_digest), contents)
        except SignatureError:
            raise PackageDamagedError from None
        return contents

    def published(self, asked: str, *, actor: str, comment: str, request_id: str) -> Publication | None:
        """The publication that this very request made, None if it is new; AlreadyExists if its id was used
        for another one."""
        with self._database.read() as connection:
            done = rows.state_number_made(connection, request_id, _mark(asked, actor, comment))
            return None if done is None else _done(self._read(connection), done)

    def publish(
        self,
        candidate: Candidate,
        *,
        actor: str,
        comment: str = "",
        request_id: str = "",
        validate_only: bool = False,
        asked: str = "",
    ) -> Publication:
        """Keeps a package for ever, under its version; nothing is governed by it yet.

        `asked` tells what the request sent, where the package is made of it; the package itself otherwise.
        """
        statement = Statement(candidate.name, candidate.version, digest(candidate.contents))
        key = self._accepted_signer(statement, candidate.contents)
        mark = _mark(asked or repr(statement), actor, comment)
        with self._transaction(validate_only) as (connection, state):
            known = state.release(candidate.name, statement.digest)
            done = rows.state_number_made(connection, request_id, mark)
            if done is not None:
                return _done(state, done)
            if known is not None:
                return Publication(known, False, state)
            self._check_version(candidate, state)
            now = datetime.now(UTC)
            release = Release(
                name=candidate.name,
                version=candidate.version,
                digest=statement.digest,
                valid_from=candidate.valid_from,
                valid_until=candidate.valid_until,
                publish_time=now,
                publisher=actor,
                key_id=key,
                state_number=state.state_number + 1,
            )
            event = changes.event(state, EventKind.PUBLISHED, release, None, now, actor, comment)
            if not validate_only:
                rows.insert_release(connection, release, pack(candidate.contents))
                rows.insert_event(connection, event, request_id, mark)
        after = State(event.state_number, (*state.releases, release), (*state.events, event))
        return Publication(release, True, state if validate_only else after)

    def activate(
        self,
        name: str,
        version: str,
        effective_date: date | None,
        *,
        actor: str,
        comment: str = "",
        etag: str = "",
        request_id: str = "",
        validate_only: bool = False,
        supersede_planned: bool = False,
    ) -> changes.Transition:
        """Makes a release govern from a day on: by default, the first that it may govern."""
        asked = changes.Activation(name, version, effective_date, actor, comment, supersede_planned)
        return self._change(asked, etag, request_id, validate_only)

    def rollback(
        self,
        name: str,
        effective_date: date | None,
        *,
        actor: str,
        comment: str = "",
        etag: str = "",
        request_id: str = "",
        validate_only: bool = False,
    ) -> changes.Transition:
        """Makes what governed before the last activation govern again: by default, from its day."""
        asked = changes.Rollback(name, effective_date, actor, comment)
        return self._change(asked, etag, request_id, validate_only)

    def _change(
        self, asked: changes.Activation | changes.Rollback, etag: str, request_id: str, validate_only: bool
    ) -> changes.Transition:
        mark = fingerprint(type(asked).__name__, repr(asked), etag)
        with self._transaction(validate_only) as (connection, state):
            done = rows.state_number_made(connection, request_id, mark)
            if done is not None:
                event = next(event for event in state.events if event.state_number == done)
                return asked.apply(state.as_of(done - 1), event.time)
            changes.check_etag(state, asked.name, etag)
            change = asked.apply(state, datetime.now(UTC))
            release = rows.read_release(connection, change.event.digest)
            if self._two_person_rule:
                changes.check_two_persons(release, asked.actor)
            self._accepted_signer(
                Statement(release.name, release.version, release.digest), _stored(connection, release.digest)
            )
            if not validate_only:
                rows.insert_event(connection, change.event, request_id, mark)
        return change

    @contextmanager
    def _transaction(self, validate_only: bool) -> Iterator[tuple[Connection, State]]:
        """A transaction and the state that it begins with, which nobody else changes before its end; to
        validate, reading is enough."""
        if validate_only:
            with self._database.read() as connection:
                yield connection, self._read(connection)
        else:
            with self._database.write() as connection:
                rows.lock(connection)
                yield connection, self._read(connection)

    def _read(self, connection: Connection) -> State:
        self._known = rows.read_state(connection, self._known)
        return self._known

    def _signer(self, statement: Statement, contents: Contents) -> str:
        """The key that signed, empty when no keys are configured; SignatureError."""
        return self._keys.verify(statement, contents.get(SIGNATURE_FILE)) if self._keys else ""

    def _accepted_signer(self, statement: Statement, contents: Contents) -> str:
        try:
            return self._signer(statement, contents)
        except SignatureError:
            raise FailedPrecondition(
                "SIGNATURE_REFUSED",
                f"La version {statement.version} doit être signée par une clé acceptée : sa signature manque "
                "ou n’est pas celle de ce contenu.",
                metadata={"digest": statement.digest},
            ) from None

    def _check_version(self, candidate: Candidate, state: State) -> None:
        published = [release for release in state.releases if release.name == candidate.name]
        _refuse_used(candidate.version, published)
        if self._keys:
            _refuse_older(candidate.version, published)


def _mark(asked: str, actor: str, comment: str) -> str:
    return fingerprint("Publication", asked, actor, comment)


def _done(state: State, state_number: int) -> Publication:
    """The publication that made a state number."""
    event = next(event for event in state.events if event.state_number == state_number)
    return Publication(state.of(event.digest), True, state.as_of(state_number))


def _stored(connection: Connection, package_digest: str) -> Contents:
    """The files kept under a digest; PackageDamagedError if they do not have it."""
    try:
        contents = restore(rows.read_archive(connection, package_digest))
    except ArchiveError:
        raise PackageDamagedError from None
    if digest(contents) != package_digest:
        raise PackageDamagedError
    return contents


def _refuse_used(version: str, published: Sequence[Release]) -> None:
    """AlreadyExists if a version is published."""
    for release in published:
        if versions.are_same(release.version, version):
            raise AlreadyExists(
                "VERSION_ALREADY_PUBLISHED",
                f"La version {version} est déjà publiée avec un autre contenu : une version publiée ne "
                "change plus, donnez un autre numéro à celle-ci.",
                metadata={"version": release.version, "digest": release.digest},
            )


def _refuse_older(version: str, published: Sequence[Release]) -> None:
    """FailedPrecondition if a version is not above every published one: an old package cannot come back."""
    latest = max((release.version for release in published), key=versions.rank, default=None)
    if latest is not None and versions.rank(version) <= versions.rank(latest):
        raise FailedPrecondition(
            "VERSION_OLDER",
            f"La version {version} n’est pas plus récente que la version {latest}, déjà publiée.",
            metadata={"version": version, "latest": latest},
        )
