"""What the tests of the journal share: decisions of the shipped rules, stores, tampering behind triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from services.eligibility import store
from services.eligibility.answer.assess import assess
from services.eligibility.answer.assessment import RulesetStamp
from services.eligibility.answer.decisions import NewDecision, Recorded
from services.eligibility.engine.evaluation import true_rules
from services.eligibility.package.model import RulePackage
from services.eligibility.store.journal import Journal
from services.kit.errors import DomainError
from services.kit.store import KeyStore, open_ring, prepare_keys, prepare_ring
from services.kit.store.database import Database, migrate
from services.kit.store.key_tables import KEY_MIGRATIONS
from tests.bank_registry_support import new_database
from tests.eligibility_support import PACKAGE, load_package

REFERENCE = "MC-2026-0111"


@cache
def package() -> RulePackage:
    """The shipped rules."""
    return load_package(PACKAGE)


def decision(
    case_reference: str = REFERENCE, request_id: str = "", version: str = "2026.1", **changes: Any
) -> NewDecision:
    """The decision on the first case of the rules, some facts being changed (`loan__amount=370000`)."""
    rules = package()
    facts = {**rules.cases[0].facts, **{name.replace("__", "."): value for name, value in changes.items()}}
    return NewDecision(
        case_reference=case_reference,
        request_id=request_id,
        stamp=RulesetStamp(rules.identity.id, version, rules.digest, 2),
        facts=facts,
        kinds={name: fact.type.kind for name, fact in rules.facts.items()},
        assessment=assess(rules, partial(true_rules, rules), facts),
    )


@dataclass
class Stores:
    """A journal and its keys, by their addresses."""

    url: str
    keys_url: str
    master_key: Path
    epochs: Path
    database: Database
    keys: Database
    journal: Journal
    others: list[Database] = field(default_factory=list)

    def other_process(self, url: str = "") -> Journal:
        """The same journal as another process opens it, by another address if one is given."""
        opened = [Database(url or self.url), Database(self.keys_url)]
        self.others += opened
        seal = open_ring(self.database, self.master_key).seal(store.JOURNAL_CHAIN)
        return Journal(opened[0], KeyStore(opened[1], self.master_key, self.epochs), seal)

    def record(self, *decisions: NewDecision) -> list[str]:
        """The ids of decisions, all recorded."""
        found = self.journal.record(decisions)
        return [item.decision_id for item in found if isinstance(item, Recorded)]


def opened_journal(database: Database, keys: Database, master_key: Path, epochs: Path) -> Journal:
    """A journal as a process of the service opens it."""
    seal = open_ring(database, master_key).seal(store.JOURNAL_CHAIN)
    return Journal(database, KeyStore(keys, master_key, epochs), seal)


def new_urls(kind: str, folder: Path, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Addresses of a journal and of its keys."""
    if kind == "sqlite":
        return f"sqlite:///{folder}/journal.sqlite3", f"sqlite:///{folder}/keys.sqlite3"
    postgres: str = request.getfixturevalue("postgres_url")
    journal, keys = (copied_database(postgres, template) for template in migrated(postgres))
    return journal, keys


@cache
def migrated(postgres_url: str) -> tuple[str, str]:
    """A journal and a key database without any row, which the others copy: a migration takes its time."""
    journal, keys = new_database(postgres_url), new_database(postgres_url)
    store.migrate(journal)
    migrate(keys, KEY_MIGRATIONS)
    return journal, keys


def copied_database(postgres_url: str, template: str) -> str:
    """A new database that begins as another one."""
    name = f"journal_{uuid4().hex}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {make_url(template).database}"))
    engine.dispose()
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def opened(urls: tuple[str, str], folder: Path) -> Iterator[Stores]:
    """A new journal."""
    master_key, epochs = folder / "master.key", folder / "epochs"
    store.migrate(urls[0])
    prepare_keys(urls[1], master_key, epochs)
    database, keys = Database(urls[0]), Database(urls[1])
    prepare_ring(database, master_key, store.STORE_KEYS)
    journal = opened_journal(database, keys, master_key, epochs)
    found = Stores(*urls, master_key, epochs, database, keys, journal)
    yield found
    for each in (database, keys, *found.others):
        each.dispose()


def unprotect(connection: Connection) -> None:
    """Removes the triggers, as one who holds the database can."""
    if connection.dialect.name == "postgresql":
        tables = text("SELECT DISTINCT event_object_table FROM information_schema.triggers")
        for name in connection.scalars(tables).all():
            connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
    else:
        for name in connection.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))


def tamper(database: Database, *statements: str) -> None:
    """Changes a database behind its triggers."""
    with database.write() as connection:
        unprotect(connection)
        for statement in statements:
            connection.execute(text(statement))


def refused(reason: str, call: Callable[[], object]) -> None:
    """Checks that a call is refused."""
    with pytest.raises(DomainError) as raised:
        call()
    assert raised.value.reason == reason, raised.value.__cause__
