"""The keys of the documents service: those that its database keeps, and those of the documents kept."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import inspect, select, update

from services.documents.store.tables import audit, document, pending_erasure
from services.kit.errors import StartupError
from services.kit.releases import RELEASE_CHAIN, open_releases, verify_releases
from services.kit.store import (
    CLOCK_CHAIN,
    CONTENTS,
    HEAD_SIGNATURES,
    PAGE_TOKENS,
    Database,
    Erasing,
    KeyPlan,
    KeyStore,
    audit_chain,
    open_clock,
    vault,
    verify_audit,
    verify_clock,
)

ENCRYPTED_AT_ONCE = 20
"""Documents that one transaction encrypts anew: some tens of megabytes at most."""

log = structlog.get_logger()


AUDIT_CHAIN = "audit chain"
"""The purpose of the key that seals the audit."""

SEALS, SEALS_NAME = "document seals", "name of the key of document seals"
"""The purposes of the key that seals files, and of what names it in them."""

STORE_KEYS = KeyPlan(
    "la base des documents",
    (AUDIT_CHAIN, RELEASE_CHAIN, CLOCK_CHAIN, PAGE_TOKENS, HEAD_SIGNATURES, SEALS, SEALS_NAME),
    derived=(SEALS, SEALS_NAME),
    chains={
        AUDIT_CHAIN: verify_audit(audit),
        RELEASE_CHAIN: verify_releases,
        CLOCK_CHAIN: verify_clock,
    },
    opened={
        AUDIT_CHAIN: partial(audit_chain, audit),
        RELEASE_CHAIN: open_releases,
        CLOCK_CHAIN: open_clock,
    },
)
"""The keys that the store keeps."""


def uses_keys(url: str) -> bool:
    """Whether a document that is kept has a key in the key database: a store that kept none before may begin
    one."""
    database = Database(url)
    try:
        with database.read() as connection:
            tables = inspect(connection)
            if not tables.has_table("document"):
                return False
            if not any(column["name"] == "case_id" for column in tables.get_columns("document")):
                return False
            query = select(document.c.id).where(document.c.case_id.is_not(None)).limit(1)
            return connection.execute(query).first() is not None
    finally:
        database.dispose()


def check_keys(database: Database, keys: KeyStore) -> None:
    """StartupError when the key database has never had the key of the last document kept."""
    query = select(document.c.case_id).where(document.c.case_id.is_not(None))
    with database.read() as connection:
        last = connection.scalar(query.order_by(document.c.create_time.desc()).limit(1))
    if last is not None and not keys.known([last]):
        raise StartupError(
            "La base des clés est plus ancienne que celle des documents, ou en est une autre : remettez la "
            "bonne en place. Si elle est perdue, DOCUMENTS_ACCEPT_LOST_KEYS=true démarre sans elle."
        )


def encrypt_anew(database: Database, keys: KeyStore, file: Path) -> None:
    """Gives a random key to each document kept before keys were: what encrypted it was derived from the
    master key, and could not be destroyed. A stop in the middle leaves the rest to the next start."""
    master = vault.load(file)
    count = 0
    while done := _encrypt_some(database, keys, master):
        count += done
    if count:
        log.info("documents_encrypted_anew", documents=count)


def _encrypt_some(database: Database, keys: KeyStore, master: vault.MasterKey) -> int:
    query = select(document.c.id, document.c.case_tag, document.c.sealed)
    unnamed = query.where(document.c.case_id.is_(None)).order_by(document.c.id).limit(ENCRYPTED_AT_ONCE)
    with database.write() as connection:
        rows = connection.execute(unnamed.with_for_update()).all()
        for row, case in zip(rows, keys.open_cases([""] * len(rows)), strict=True):
            sealed = bytes(row.sealed)
            try:
                text = vault.decrypted(master.derived(f"case {row.case_tag}"), sealed, row.id)
                sealed = vault.encrypted(case.key, text, row.id)
            except vault.UnreadableError:
                # Kept as it is: whoever asks for it learns that it is damaged.
                log.error("document_damaged", document=row.id)
            values = {"case_id": case.case_id, "sealed": sealed}
            connection.execute(update(document).where(document.c.id == row.id).values(values))
        if rows:
            # The former bytes leave the files of the store like those of an erasure.
            Erasing(database, pending_erasure, keys).plan(connection, [CONTENTS], datetime.now(UTC))
    return len(rows)
