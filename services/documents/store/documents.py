"""The documents kept: encrypted, under a tag of their case, until their retention or their case ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from services.documents.store.tables import audit, document, pending_erasure, request
from services.kit.dates import instant_of, instant_text, paris_start
from services.kit.errors import FailedPrecondition, NotFound
from services.kit.store import (
    Audit,
    CaseKey,
    ChainSeal,
    Database,
    DeletionTime,
    Erasing,
    KeyStore,
    fingerprint,
    reused,
    vault,
)

PURGED_AT_ONCE = 200
"""Documents whose retention is over that one write removes."""

_KEPT = "KeepDocument"
_DESCRIPTION = [column for column in document.c if column.name not in ("sealed", "over_mark", "case_id")]


@dataclass(frozen=True)
class Origin:
    """Where a document comes from: the versions and the data that made it."""

    template_id: str
    template_version: str
    template_digest: str
    profile_id: str
    profile_version: str
    profile_digest: str
    contract_version: str
    data_sha256: str


@dataclass(frozen=True)
class Kept:
    """A document in the store, without its content."""

    id: str
    case_tag: str
    sha256: str
    size: int
    media_type: str
    title: str
    origin: Origin
    create_time: datetime
    expire_time: datetime


@dataclass(frozen=True)
class File:
    """A file to keep."""

    content: bytes
    filename: str
    sha256: str
    media_type: str
    title: str
    origin: Origin


class DocumentStore:
    """Keeps documents for a number of days; only their encrypted bytes say whom they are about. Its writes
    are audited, under a seal."""

    def __init__(self, database: Database, keys: KeyStore, seal: ChainSeal, retention_days: int) -> None:
        self._database = database
        self._keys = keys
        self._audit = Audit(audit, seal)
        self.erasing = Erasing(database, pending_erasure, keys)
        self._retention = timedelta(days=retention_days)

    def keep(
        self, files: Sequence[tuple[str, File]], *, actor: str, request_id: str = "", mark: str = ""
    ) -> list[str]:
        """Keeps files, each under its case reference, in one transaction; gives their ids.

        With a request id, those of the first time; AlreadyExists if it was used with another `mark`, what
        tells the request from others.
        """
        now = datetime.now(UTC)
        with self._database.write() as connection:
            done = self._done(connection, request_id, mark)
            if done is not None:
                return done.split()
            # A key for each document, in another database and committed first: one that no document uses is
            # harmless. What is past its retention is so apart from the other documents of its case.
            keys = self._keys.open_cases([""] * len(files))
            rows = [
                self._row(reference, file, case, now)
                for (reference, file), case in zip(files, keys, strict=True)
            ]
            ids = [str(row["id"]) for row in rows]
            if rows:
                connection.execute(insert(document), rows)
            for row in rows:
                after = {name: row[name] for name in ("sha256", "template_id", "template_version")}
                self._note(connection, actor, _KEPT, f"documents/{row['id']}", after, now)
            self._remember(connection, request_id, mark, " ".join(ids), now)
        return ids

    def done(self, request_id: str, mark: str) -> str | None:
        """The answer to this very request, None if it is new; AlreadyExists if its id was used again."""
        with self._database.read() as connection:
            return self._done(connection, request_id, mark)

    def get(self, document_id: str) -> Kept:
        """The description of a document; NotFound."""
        query = select(*_DESCRIPTION).where(document.c.id == document_id, _alive())
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise document_not_found(document_id)
        return _kept(row)

    def open(self, kept: Kept) -> tuple[str, bytes]:
        """The file name and the content of a document; FailedPrecondition if it cannot be read, or if its key
        is missing."""
        query = select(document.c.sealed, document.c.case_id).where(document.c.id == kept.id, _alive())
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise document_not_found(kept.id)
        name = {"name": f"documents/{kept.id}"}
        key = self._keys.keys([row.case_id]).get(row.case_id)
        if key is None:
            raise FailedPrecondition(
                "KEY_MISSING", "La clé de ce document manque : prévenez l’exploitant.", metadata=name
            )
        try:
            text = vault.decrypted(key, bytes(row.sealed), kept.id)
        except vault.UnreadableError as error:
            raise FailedPrecondition(
                "DOCUMENT_UNREADABLE", "Ce document enregistré est endommagé.", metadata=name
            ) from error
        filename, _, content = text.partition(b"\n")
        return filename.decode(), content

    def case_tag(self, reference: str) -> str:
        """What stands for a case in the store."""
        return self._keys.reference_tag(reference)

    def of_case(self, reference: str) -> list[Kept]:
        """The documents of a case, latest first."""
        query = (
            select(*_DESCRIPTION)
            .where(document.c.case_tag == self._keys.reference_tag(reference), _alive())
            .order_by(document.c.create_time.desc(), document.c.id)
        )
        with self._database.read() as connection:
            return [_kept(row) for row in connection.execute(query)]

    def kept_count(self, year: int) -> dict[str, int]:
        """How many documents were kept in a year of Paris, by identifier of their template: what the audit
        says, also of those deleted since."""
        start, end = (instant_text(paris_start(date(day, 1, 1))) for day in (year, year + 1))
        kept = audit.c.method == _KEPT
        query = select(audit.c.after).where(kept, audit.c.time >= start, audit.c.time < end)
        with self._database.read() as connection:
            return Counter(json.loads(after)["template_id"] for after in connection.scalars(query))

    def find(self, sha256: str) -> Kept | None:
        """A document by the digest of its content."""
        query = select(*_DESCRIPTION).where(document.c.sha256 == sha256, _alive()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _kept(row)

    def delete_case(
        self, reference: str, *, actor: str, request_id: str = "", validate_only: bool = False
    ) -> int:
        """Deletes every document of a case, of which nothing can be read back once no erasure is pending;
        gives how many."""
        now = datetime.now(UTC)
        tag = self._keys.reference_tag(reference)
        mark = fingerprint("delete", tag)
        with self._database.write() as connection:
            done = self._done(connection, request_id, mark)
            if done is not None:
                return int(done)
            mine = document.c.case_tag == tag
            count = int(connection.scalar(select(func.count()).select_from(document).where(mine)) or 0)
            if validate_only:
                return count
            self._delete(connection, mine, now)
            self._note(connection, actor, "DeleteCase", "", {"deleted": count}, now)
            self._remember(connection, request_id, mark, str(count), now)
        self.erasing.finish()
        return count

    def purge(self, connection: Connection, at: DeletionTime) -> int:
        """Marks the documents whose retention is over, removes those that have waited since, at most
        PURGED_AT_ONCE; gives how many it removed."""
        over = document.c.expire_time <= instant_text(at.now)
        marked, unmarked = document.c.over_mark.is_not(None), document.c.over_mark.is_(None)
        # A clock set back makes some of them run again: they will wait anew.
        connection.execute(update(document).where(marked, ~over).values(over_mark=None))
        connection.execute(update(document).where(unmarked, over).values(over_mark=at.running))
        waited = select(document.c.id).where(over, document.c.over_mark <= at.marked_until)
        ids = list(connection.scalars(waited.limit(PURGED_AT_ONCE)))
        if ids:
            self._delete(connection, document.c.id.in_(ids), at.now)
            self._note(connection, "service", "PurgeDocuments", "", {"deleted": len(ids)}, at.now)
        return len(ids)

    def _delete(self, connection: Connection, condition: ColumnElement[bool], now: datetime) -> None:
        """Deletes documents, and plans that their keys be destroyed."""
        keys = connection.scalars(select(document.c.case_id).where(condition)).all()
        connection.execute(delete(document).where(condition))
        if keys:
            self.erasing.plan(connection, keys, now)

    def _row(self, reference: str, file: File, case: CaseKey, now: datetime) -> dict[str, object]:
        document_id = str(uuid4())
        # Encrypted with the content: a file name holds the reference of the case.
        text = file.filename.encode() + b"\n" + file.content
        return {
            "id": document_id,
            "case_tag": self._keys.reference_tag(reference),
            "sha256": file.sha256,
            "size": len(file.content),
            "media_type": file.media_type,
            "title": file.title,
            **vars(file.origin),
            "create_time": instant_text(now),
            "expire_time": instant_text(now + self._retention),
            "case_id": case.case_id,
            "sealed": vault.encrypted(case.key, text, document_id),
        }

    def _done(self, connection: Connection, request_id: str, mark: str) -> str | None:
        """What this very request answered; AlreadyExists if its id was used for another one."""
        if not request_id:
            return None
        tag = self._keys.request_tag(request_id)
        row = connection.execute(select(request).where(request.c.request_tag == tag)).first()
        if row is not None and row.fingerprint != mark:
            raise reused(request_id)
        return None if row is None else str(row.answer)

    def _remember(
        self, connection: Connection, request_id: str, mark: str, answer: str, now: datetime
    ) -> None:
        if request_id:
            row = {
                "request_tag": self._keys.request_tag(request_id),
                "fingerprint": mark,
                "answer": answer,
                "create_time": instant_text(now),
            }
            connection.execute(insert(request).values(row))

    def _note(
        self,
        connection: Connection,
        actor: str,
        method: str,
        resource: str,
        after: dict[str, object],
        now: datetime,
    ) -> None:
        self._audit.append(
            connection, actor=actor, method=method, resource=resource, before=None, after=after, time=now
        )


def _alive() -> ColumnElement[bool]:
    return document.c.expire_time > instant_text(datetime.now(UTC))


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    fields: dict[str, Any] = dict(row._mapping)
    origin = Origin(**{name: fields.pop(name) for name in Origin.__dataclass_fields__})
    times: dict[str, Any] = {name: instant_of(fields.pop(name)) for name in ("create_time", "expire_time")}
    return Kept(**fields, origin=origin, **times)


def document_not_found(document_id: str) -> NotFound:
    """No document has that name, for who asks."""
    return NotFound(
        "DOCUMENT_NOT_FOUND",
        "Aucun document gardé ne porte ce nom, ou sa conservation est finie.",
        metadata={"name": f"documents/{document_id}"},
    )
