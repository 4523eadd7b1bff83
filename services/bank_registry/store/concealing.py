"""What an earlier version wrote in clear: its free texts become ciphertext, in tables and audit alike.

The audit is sealed anew from its beginning, once it is found whole: heads that were kept before no longer
match. Its last entry tells the former end.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Table, delete, select, update

from services.bank_registry.store import tables
from services.bank_registry.store.append_only import lift_append_only, make_append_only
from services.bank_registry.store.rows import FREE, Told, retold
from services.bank_registry.store.texts import Sealing, Texts, is_stored, key_of
from services.bank_registry.store.writes import Origin, request_entry
from services.kit.canonical import Head, canonical
from services.kit.dates import instant_text
from services.kit.errors import StartupError
from services.kit.store import (
    CONTENTS,
    Audit,
    ChainSeal,
    Database,
    Erasing,
    KeyStore,
    audit_chain,
)

_VERSIONS = (tables.bank_version, tables.agreement_version, tables.local_convention_version)
_CHANGED = (*_VERSIONS, tables.revision, tables.request, tables.audit)
"""The tables that are rewritten."""

log = structlog.get_logger()


def adopt_requests(database: Database, audit: Audit) -> None:
    """Tells in the audit the answers kept by an earlier version, which told none of them."""
    told = select(tables.audit.c.seq).where(tables.audit.c.resource.startswith("requests/")).limit(1)
    with database.write() as connection:
        audit.head(connection, lock=True)
        kept = connection.execute(select(tables.request).order_by(tables.request.c.request_id)).all()
        if kept and connection.scalar(told) is None:
            origin = Origin("service", "AdoptRequest", "")
            audit.extend(connection, [request_entry(origin, *row) for row in kept])


def is_in_clear(connection: Connection, keys: KeyStore) -> bool:
    """Whether an earlier version wrote the registry: every lender came with a reason, and no key was ever
    made for the first of them, whatever it looks like."""
    reason = tables.revision.c.reason
    first = connection.scalar(
        select(reason).where(reason != "").order_by(tables.revision.c.revision).limit(1)
    )
    return first is not None and not (is_stored(first) and keys.known([key_of(first)]))


def conceal(
    database: Database, keys: KeyStore, former: Audit, seal_anew: Callable[[Connection], ChainSeal]
) -> bool:
    """Encrypts what an earlier version wrote in clear, and seals the audit anew; False when nothing is.
    StartupError if the audit is not whole."""
    with database.write() as connection:
        former.head(connection, lock=True)
        if not is_in_clear(connection, keys):
            return False
        found = former.verify(connection)
        if found.broken_sequence:
            raise StartupError(
                f"Le journal du registre est rompu à la ligne {found.broken_sequence} : ses textes ne "
                "peuvent pas être chiffrés. Gardez cette base à part, et remettez une sauvegarde entière."
            )
        for table in _CHANGED:
            lift_append_only(connection, table.name)
        work = _Concealing(connection, Texts(keys))
        work.rows()
        work.audit(seal_anew(connection), found.head)
        for table in _CHANGED:
            make_append_only(connection, table.name)
        work.keep()
        # The former bytes leave the files of the store like those of an erasure.
        Erasing(database, tables.pending_erasure, keys).plan(connection, [CONTENTS], datetime.now(UTC))
    log.info("texts_concealed", audit_sequence=found.head.sequence)
    return True


class _Concealing:
    """The conversion of a store, in an open transaction."""

    def __init__(self, connection: Connection, texts: Texts) -> None:
        self._connection = connection
        self._texts = texts
        self._sealing = Sealing()
        self._forms: dict[str, dict[str, str]] = defaultdict(dict)
        self._answers: dict[str, dict[str, str]] = {}

    def keep(self) -> None:
        """Keeps the keys."""
        self._texts.keep(self._sealing)

    def rows(self) -> None:
        """Encrypts the rows of the tables."""
        for table in _VERSIONS:
            free = [column for column in FREE if column in table.c]
            owners = self._owners(table)
            key, *_ = table.primary_key.columns
            for row in map(dict, self._connection.execute(select(table)).mappings().all()):
                told = self._told(owners[row[key.name]])
                self._change(table, row, {name: retold(name, row[name], told) for name in free})
        for row in map(dict, self._connection.execute(select(tables.revision)).mappings().all()):
            told = self._told(f"revisions/{row['revision']}")
            self._change(tables.revision, row, {"reason": row["reason"] and told(row["reason"])})
        for row in map(dict, self._connection.execute(select(tables.request)).mappings().all()):
            kept = self._texts.sealed_answer(bytes(row["answer"]))
            mark = self._texts.tagged(row["fingerprint"])
            self._change(tables.request, row, {"answer": kept, "fingerprint": mark})
            self._answers[row["request_id"]] = {
                "fingerprint": mark,
                "answer": hashlib.sha256(kept).hexdigest(),
            }

    def audit(self, seal: ChainSeal, former: Head) -> None:
        """Writes the entries of the audit again, and one more that tells the former end."""
        table = tables.audit
        records = [self._entry(dict(row)) for row in self._connection.execute(_entries()).mappings()]
        self._connection.execute(delete(table))
        told: dict[str, object] = {"sequence": former.sequence, "hash": former.hash}
        last = {
            "time": instant_text(datetime.now(UTC)),
            "actor": "service",
            "method": "ConcealTexts",
            "resource": "conversions/1",
            "before": canonical(told),
            "after": canonical({}),
        }
        chain = audit_chain(table, seal)
        chain.append(self._connection, chain.head(self._connection), [*records, last])

    def _entry(self, row: dict[str, Any]) -> dict[str, Any]:
        kind, _, rest = row["resource"].partition("/")
        for name in ("before", "after"):
            document = json.loads(row[name]) if row[name] else None
            if kind == "revisions" and document:
                reason = document.get("reason", "")
                document["reason"] = reason and self._told(row["resource"])(reason)
            elif kind == "requests" and document:
                document = self._answers.get(rest, document)
            elif document:
                document = _concealed(document, self._told(rest.partition("/")[0]))
            row[name] = None if document is None else canonical(document)
        return row

    def _told(self, owner: str) -> Told:
        """How the texts of a lender, or the reason of a state, are kept: each under a key of its own, and the
        same one wherever it is repeated."""
        return lambda written: self._sealing.version(self._forms[owner])(written)

    def _owners(self, table: Table) -> dict[int, str]:
        """The identifiers of the lenders, by the key of a table of versions."""
        bank, agreement = tables.bank, tables.agreement
        query = select(bank.c.bank_key, bank.c.bank_id)
        if table is tables.agreement_version:
            query = select(agreement.c.agreement_key, bank.c.bank_id).join_from(bank, agreement)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def _change(self, table: Table, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        here = [column == row[column.name] for column in table.primary_key.columns]
        if any(row[name] != value for name, value in values.items()):
            self._connection.execute(update(table).where(*here).values(values))


def _concealed(node: Any, told: Told) -> Any:
    """A document of the audit, of any form, with its free texts encrypted."""
    if isinstance(node, list):
        return [_concealed(one, told) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        name: retold(name, value, told) if name in FREE else _concealed(value, told)
        for name, value in node.items()
    }


def _entries() -> Any:
    table = tables.audit
    columns = (table.c.time, table.c.actor, table.c.method, table.c.resource, table.c.before, table.c.after)
    return select(*columns).order_by(table.c.seq)
