"""The store of releases: each publication, activation or rollback is one transaction and one state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection

from services.kit.dates import today
from services.kit.errors import AlreadyExists, FailedPrecondition
from services.kit.releases import changes, history, ledger, versions
from services.kit.releases.archive import SIGNATURE_FILE, ArchiveError, Contents, digest, pack, restore
from services.kit.releases.history import Author, Record, RecordKind
from services.kit.releases.ledger import RELEASE_CHAIN, Ledger
from services.kit.releases.signature import SignatureError, Statement, signer, stated
from services.kit.releases.timeline import Candidate, Release, State
from services.kit.releases.trust import Signature, Trust
from services.kit.store import ChainSeal, Database, fingerprint, open_ring

ACTOR = "service"
"""Who publishes and activates what a service ships, in the history."""


class PackageDamagedError(Exception):
    """What is stored of a package is not what was published."""


class PackageRevokedError(PackageDamagedError):
    """The key that signed a package was revoked, and no other one signed it."""


@dataclass(frozen=True)
class Publication:
    """A published release; `created` is false when the same content was published already."""

    release: Release
    created: bool
    state: State


def in_force(url: str, master_key_file: Path, owner: str) -> list[str]:
    """The name and the version of each package of a store that governs today, for a process that serves not
    yet."""
    database, day = Database(url), today()
    try:
        state = ReleaseStore(
            database, open_ring(database, master_key_file, owner).seal(RELEASE_CHAIN)
        ).state()
        governing = (state.governing(name, day) for name in state.names)
        return [f"{release.name} {release.version}" for release in governing if release]
    finally:
        database.dispose()


class ReleaseStore:
    """Publishes, activates and rolls back, as the policy of the store asks."""

    def __init__(self, database: Database, seal: ChainSeal) -> None:
        self._ledger = Ledger(database, seal)

    def state(self) -> State:
        """Everything published and activated so far; FailedPrecondition if it was altered."""
        with self._ledger.reading() as (_, state):
            return state

    def last_state_number(self) -> int:
        """The state number of the store, 0 when it is empty."""
        return self.state().state_number

    def last_sequence(self) -> int:
        """The rank of the last record, 0 when there is none: it changes with every change."""
        return self._ledger.last_sequence()

    def contents(self, package_digest: str) -> Contents:
        """The files of a published package, its last signature included; PackageDamagedError if they are not
        what was published, PackageRevokedError if nothing vouches for them any more."""
        with self._ledger.reading() as (connection, state):
            release = state.with_digest(package_digest)
            if release is None:
                raise PackageDamagedError
            if state.is_void(release):
                raise PackageRevokedError
            return _stored(connection, release)

    def require_signature(self, contents: Contents) -> None:
        """FailedPrecondition if the policy asks for a signature and the one of these files, of which nothing
        else was read, is not that of a version with this digest by an accepted key."""
        trust, package_digest = self.state().trust, digest(contents)
        if trust.policy.signatures:
            try:
                statement = stated(contents.get(SIGNATURE_FILE), package_digest)
            except SignatureError:
                raise _signature_refused(package_digest) from None
            _signer(trust, statement, contents, datetime.now(UTC))

    def accepts(self, contents: Contents) -> bool:
        """Whether these files are signed as the policy asks."""
        try:
            self.require_signature(contents)
        except FailedPrecondition:
            return False
        return True

    def published(self, asked: str, *, actor: str, comment: str, request_id: str) -> Publication | None:
        """The publication that this very request made, None if it is new; AlreadyExists if its id was used
        for another one."""
        with self._ledger.reading() as (connection, state):
            done = ledger.state_number_made(connection, request_id, _mark(asked, actor, comment))
            return None if done is None else _done(state, done)

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
        """Keeps a package for ever, under its version; nothing is governed by it yet. A package that is kept
        already takes the signature, if it is a new one.

        `asked` tells what the request sent, where the package is made of it; the package itself otherwise.
        """
        statement = Statement(candidate.name, candidate.version, digest(candidate.contents))
        mark, now = _mark(asked or repr(statement), actor, comment), datetime.now(UTC)
        with self._ledger.writing(validate_only=validate_only) as (connection, state):
            key = _signer(state.trust, statement, candidate.contents, now)
            done = ledger.state_number_made(connection, request_id, mark)
            if done is not None:
                return _done(state, done)
            author = Author(actor, comment, now)
            known = state.release(candidate.name, statement.digest)
            if known is not None:
                record = _signed(state, known, key, candidate.contents, author)
                if record is None or validate_only:
                    return Publication(known, False, state)
                after = self._ledger.append(connection, state, record)
                return Publication(after.of(known.digest), False, after)
            release = _checked(state, candidate, statement, author, key)
            if validate_only:
                return Publication(release, True, state)
            ledger.insert_archive(connection, release, pack(candidate.contents))
            content = history.publication(release, comment, candidate.proof)
            after = self._ledger.append(
                connection, state, Record(release.state_number, RecordKind.PUBLISHED, content)
            )
            ledger.insert_request(connection, request_id, mark, after.state_number)
        return Publication(release, True, after)

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
        signature: bytes = b"",
    ) -> changes.Transition:
        """Makes a release govern from a day on; by default, if nothing of its name governs yet, the first
        that it may govern."""
        asked = changes.Activation(name, version, effective_date, actor, comment, supersede_planned)
        return self._change(asked, etag, request_id, validate_only, signature)

    def ship(self, candidate: Candidate) -> None:
        """Publishes and activates what the service ships: nobody publishes it but the service, no second
        person is needed."""
        self.publish(candidate, actor=ACTOR)
        # From its first day: a version shipped later follows the one that was shipped before.
        first = candidate.valid_from
        asked = changes.Activation(candidate.name, candidate.version, first, ACTOR, "", False)
        self._change(asked, is_shipped=True)

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
        signature: bytes = b"",
    ) -> changes.Transition:
        """Makes what governed before the last activation govern again: by default, from its day."""
        asked = changes.Rollback(name, effective_date, actor, comment)
        return self._change(asked, etag, request_id, validate_only, signature)

    def _change(
        self,
        asked: changes.Activation | changes.Rollback,
        etag: str = "",
        request_id: str = "",
        validate_only: bool = False,
        signature: bytes = b"",
        *,
        is_shipped: bool = False,
    ) -> changes.Transition:
        mark = fingerprint(type(asked).__name__, repr(asked), etag)
        with self._ledger.writing(validate_only=validate_only) as (connection, state):
            done = ledger.state_number_made(connection, request_id, mark)
            if done is not None:
                event = next(event for event in state.events if event.state_number == done)
                return replace(asked.apply(state.as_of(done - 1), event.time), event=event)
            changes.check_etag(state, asked.name, etag)
            change = asked.apply(state, datetime.now(UTC))
            for release in map(state.of, change.regaining):
                if state.trust.policy.two_persons and not is_shipped:
                    changes.check_two_persons(release, asked.actor)
                _check_accepted(state, release)
                _stored(connection, release)
            if validate_only:
                return change
            kind, content = RecordKind(change.event.kind.value), history.act(change.event, signature)
            try:
                after = self._ledger.append(
                    connection, state, Record(change.event.state_number, kind, content)
                )
            except SignatureError:
                raise _act_refused() from None
            ledger.insert_request(connection, request_id, mark, after.state_number)
        return replace(change, event=after.events[-1], state=after)


def _check_accepted(state: State, release: Release) -> None:
    """FailedPrecondition if a release is not, or no longer, signed as the policy asks."""
    standing = state.trust.standing(release.signatures)
    if state.is_void(release) or (state.trust.policy.signatures and not standing):
        raise _signature_refused(release.digest)


def _mark(asked: str, actor: str, comment: str) -> str:
    return fingerprint("Publication", asked, actor, comment)


def _done(state: State, state_number: int) -> Publication:
    """The publication that made a state number."""
    event = next(event for event in state.events if event.state_number == state_number)
    return Publication(state.of(event.digest), True, state.as_of(state_number))


def _checked(state: State, candidate: Candidate, statement: Statement, author: Author, key: str) -> Release:
    """What a candidate is published as; FailedPrecondition or AlreadyExists if it may not be."""
    if state.trust.policy.two_persons:
        changes.check_named(author.actor)
    published = [release for release in state.releases if release.name == candidate.name]
    _refuse_used(candidate.version, published)
    if state.trust.policy.signatures:
        _refuse_older(candidate.version, published)
    return Release(
        name=candidate.name,
        version=candidate.version,
        digest=statement.digest,
        valid_from=candidate.valid_from,
        valid_until=candidate.valid_until,
        publish_time=author.time,
        publisher=author.actor,
        state_number=state.state_number + 1,
        signatures=(Signature(key, author.time),) if key else (),
    )


def _signed(state: State, known: Release, key: str, contents: Contents, author: Author) -> Record | None:
    """The record of a new signature of a published version; None when that key signed it already."""
    if not key or key in {one.key_id for one in state.trust.standing(known.signatures)}:
        return None
    file = contents[SIGNATURE_FILE].decode()
    content = {"digest": known.digest, "key_id": key, "signature": file, **author.written()}
    return Record(state.state_number + 1, RecordKind.SIGNED, content)


def _signer(trust: Trust, statement: Statement, contents: Contents, now: datetime) -> str:
    """The accepted key that signed a package, empty when none did and the policy asks for none;
    FailedPrecondition."""
    try:
        return signer(trust, statement, contents.get(SIGNATURE_FILE), now)
    except SignatureError:
        if trust.policy.signatures:
            raise _signature_refused(statement.digest) from None
        return ""


def _signature_refused(package_digest: str) -> FailedPrecondition:
    return FailedPrecondition(
        "SIGNATURE_REFUSED",
        "Cette version doit être signée par une clé acceptée : sa signature manque, n’est pas celle de ce "
        "contenu, ou sa clé ne l’est plus. Signez de nouveau le dossier (commande sign), puis publiez-le.",
        metadata={"digest": package_digest},
    )


def _act_refused() -> FailedPrecondition:
    return FailedPrecondition(
        "SIGNATURE_REFUSED",
        "Une mise en vigueur ou un retour en arrière doit être signé par une clé acceptée, pour l’état "
        "présent du paquet : refaites la commande avec l’option --key.",
    )


def _stored(connection: Connection, release: Release) -> Contents:
    """The files kept of a release; PackageDamagedError if they do not have its digest."""
    try:
        contents = restore(ledger.read_archive(connection, release.digest))
    except ArchiveError:
        raise PackageDamagedError from None
    if digest(contents) != release.digest:
        raise PackageDamagedError
    added = [one.file for one in release.signatures if one.file]
    return {**contents, SIGNATURE_FILE: added[-1].encode()} if added else contents


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
