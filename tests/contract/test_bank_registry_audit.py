"""The audit makes every row of the registry again: what is changed in the database is found, and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.type.decimal_pb2 import Decimal
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import IntegrityError

from microcredit.bankregistry.v1 import bank_pb2
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from services.bank_registry.api import admin
from services.bank_registry.store import migrate, prepare_store, tables
from services.bank_registry.store.guards import CHANGING
from services.kit.store.database import Database
from services.kit.store.idempotency import remember
from tests.bank_registry_support import copy_of, places
from tests.contract.test_bank_registry_editing import AGREEMENT, BANK, Desk, day, euros, fill, filled, unlock

Row = dict[str, Any]
COMPARED = [table for table in tables.metadata.sorted_tables if table.name not in CHANGING]
CHAINS = (tables.audit, tables.clock_audit)
CONVENTION = bank_pb2.LocalConvention(
    reference="CIAS 1",
    contact_name="Service",
    address_lines=["1 rue"],
    postal_code="56800",
    city="Ploërmel",
    start_date=day(2025, 1, 1),
    answer_days=10,
    contacts=[bank_pb2.Contact(role="Impayés", email="impayes@oust.example")],
)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a store to copy, where each table has rows, past ones too."""
    with filled(request, tmp_path_factory.mktemp("audited")) as desk:
        dearer = bank_pb2.Agreement(
            name=AGREEMENT, amount_max=euros(1000), guarantee_share_pct=Decimal(value="50")
        )
        desk.edit("UpdateAgreement", agreement=dearer)
        desk.edit("UpdateAgreement", agreement=bank_pb2.Agreement(name=AGREEMENT, amount_max=euros(2000)))
        desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 2, 1), request_id=str(uuid4()))
        desk.edit("CreateLocalConvention", parent=BANK, local_convention=CONVENTION)
        for contact in ("Mme Dupont", "M. Durand"):
            named = bank_pb2.LocalConvention(name=f"{BANK}/localConventions/cias-1", contact_name=contact)
            desk.edit("UpdateLocalConvention", local_convention=named)
        desk.redact("Dupont")
        desk.redact("Durand")
        held = desk.reserve(100, on_date=day(2026, 1, 5), case_reference="D-1", request_id=str(uuid4()))
        desk.reserve(200, on_date=day(2026, 1, 6))
        desk.envelope("CommitReservation", name=held.reservation.name)
        other = bank_pb2.Bank(
            display_name="Caisse", kind=bank_pb2.BANK_KIND_ASSOCIATION, siren="999900103", cib="99990"
        )
        desk.edit("CreateBank", bank_id="caisse", bank=other)
        with desk.database.write() as connection:
            for name in ("a", "b"):
                desk.auditor._store.clock_audit.append(
                    connection, actor=name, method="ConfirmClock", resource="clock", before={}, after={}
                )
        return desk.url


@pytest.fixture(scope="module")
def audited(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The same, for the tests that undo what they write."""
    database = Database(copy_of(model, tmp_path_factory.mktemp("audited")))
    yield Desk(model, database)
    database.dispose()


@pytest.fixture
def desk(model: str, tmp_path: Path) -> Iterator[Desk]:
    url = copy_of(model, tmp_path)
    database = Database(url)
    yield Desk(url, database)
    database.dispose()


@contextmanager
def unguarded(desk: Desk) -> Iterator[Tampered]:
    """What someone with the keys of the database could do, undone at the end; the audit reads it there."""
    with desk.database.write() as connection, pytest.MonkeyPatch.context() as patched:
        if desk.database.is_sqlite:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            triggers = connection.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
            for name in list(triggers):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        patched.setattr(desk.auditor._store, "read", lambda **_: nullcontext(connection))
        patched.setattr(admin, "lost_guards", lambda _: [])
        yield Tampered(desk, connection)
        connection.rollback()


@dataclass
class Tampered:
    """A store that anything may be done to."""

    desk: Desk
    connection: Connection

    def rows(self, table: Table) -> list[Row]:
        keys = ", ".join(column.name for column in table.primary_key.columns)
        return [
            dict(row)
            for row in self.connection.execute(text(f"SELECT * FROM {table.name} ORDER BY {keys}")).mappings()
        ]

    def bind(self, column: Any, name: str) -> str:
        is_document = str(column.type) == "JSON" and not self.desk.database.is_sqlite
        return f"CAST(:{name} AS json)" if is_document else f":{name}"

    def found(self) -> list[tuple[str, str]]:
        """The tables and columns that the audit says differ."""
        answer = self.desk.auditor.verify(pb.VerifyAuditRequest())
        told = [(one.table, one.field) for one in answer.differences]
        told += [("audit", "")] if answer.first_wrong_sequence else []
        assert answer.whole is (not told and not answer.first_wrong_clock_sequence)
        return told + ([("clock_audit", "")] if answer.first_wrong_clock_sequence else [])

    def found_after(self, *steps: tuple[str, Row]) -> list[tuple[str, str]] | None:
        """What differs once something is done, which is then undone; None if the database refuses it."""
        with self.connection.begin_nested() as step:
            try:
                with self.connection.begin_nested():
                    for statement, values in steps:
                        plain = {
                            name: json.dumps(one) if isinstance(one, list) else one
                            for name, one in values.items()
                        }
                        self.connection.execute(text(statement), plain)
            except IntegrityError:
                return None
            found = self.found()
            step.rollback()
        return found


def as_text(item: tuple[str, Any]) -> tuple[str, Any]:
    name, value = item
    return name, json.dumps(value) if isinstance(value, list) else value


def here(table: Table) -> str:
    return " AND ".join(f"{column.name} = :_{column.name}" for column in table.primary_key.columns)


def keys_of(table: Table, row: Row) -> Row:
    return {f"_{column.name}": row[column.name] for column in table.primary_key.columns}


def others(column: Any, value: object) -> list[Any]:
    """Values that a column could have instead."""
    match value:
        case None:
            return [7 if column.type.python_type is int else "2026-01-01"]
        case int():
            return [value + 1]
        case bytes():
            return [value + b"x"]
        case date():
            return [date(2026, 1, 1) if value == date.max else value + timedelta(1)]
        case list():
            return [[*value, "x"]]
        case _ if str(column.type) == "DATE":
            return ["2026-01-01"]
        case _ if str(column.type) == "JSON":
            return [json.dumps([*json.loads(str(value)), "x"]), "["]
    return [f"x{value}"[: getattr(column.type, "length", None)]]


def test_the_store_as_it_was_written_is_whole(audited: Desk) -> None:
    answer = audited.auditor.verify(pb.VerifyAuditRequest())
    assert (list(answer.differences), list(answer.lost_guards), answer.whole) == ([], [], True)
    with unguarded(audited) as store:
        assert [table.name for table in COMPARED if not store.rows(table)] == []


@pytest.mark.parametrize("table", COMPARED, ids=lambda table: table.name)
def test_each_column_that_is_altered_is_found(audited: Desk, table: Table) -> None:
    made = set()
    with unguarded(audited) as store:
        rows = store.rows(table)
        for row, column in product((rows[0], rows[-1]), table.columns):
            for other in others(column, row[column.name]):
                bind = store.bind(column, "other")
                statement = f'UPDATE {table.name} SET "{column.name}" = {bind} WHERE {here(table)}'
                found = store.found_after((statement, {"other": other, **keys_of(table, row)}))
                if found is not None:
                    made.add(column.name)
                    assert found, (column.name, other)
                    assert table in CHAINS or column.primary_key or (table.name, column.name) in found
    assert made == {column.name for column in table.columns}


@pytest.mark.parametrize("table", COMPARED, ids=lambda table: table.name)
def test_each_row_that_is_deleted_added_or_swapped_is_found(audited: Desk, table: Table) -> None:
    with unguarded(audited) as store:
        rows = store.rows(table)
        # The last confirmation of the hour has nothing after it: only a kept head could tell that it is gone.
        for row in rows[:-1] if table is tables.clock_audit else rows:
            assert store.found_after((f"DELETE FROM {table.name} WHERE {here(table)}", keys_of(table, row)))
        unique = {column.name for column in table.columns if column.primary_key or column.unique}
        new = {
            name: others(table.c[name], one)[0] if name in {*unique, "agreement_id", "time"} else one
            for name, one in rows[-1].items()
        }
        binds = ", ".join(store.bind(table.c[name], name) for name in new)
        names = ", ".join(f'"{name}"' for name in new)
        assert store.found_after((f"INSERT INTO {table.name} ({names}) VALUES ({binds})", new))
        plain = [column for column in table.columns if column.name not in unique]
        sets = ", ".join(f'"{column.name}" = {store.bind(column, column.name)}' for column in plain)
        swap = f"UPDATE {table.name} SET {sets} WHERE {here(table)}" if plain else ""
        values = [{column.name: row[column.name] for column in plain} for row in rows]
        for one, other in combinations(range(len(rows)), 2):
            if values[one] != values[other]:
                steps = [
                    (swap, {**values[there], **keys_of(table, rows[place])})
                    for place, there in ((one, other), (other, one))
                ]
                assert store.found_after(*steps) != []


@pytest.mark.parametrize("table", COMPARED, ids=lambda table: table.name)
def test_the_database_refuses_to_replace_a_row(audited: Desk, table: Table) -> None:
    with audited.database.write() as connection:
        row = Tampered(audited, connection).rows(table)[-1]
        names, binds = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
        replaced = f"INSERT OR REPLACE INTO {table.name} ({names}) VALUES ({binds})"
        if not audited.database.is_sqlite:
            keys = ", ".join(column.name for column in table.primary_key.columns)
            *_, last = row
            replaced = (
                f"INSERT INTO {table.name} SELECT * FROM {table.name} WHERE true "
                f'ON CONFLICT ({keys}) DO UPDATE SET "{last}" = excluded."{last}"'
            )
        with pytest.raises(IntegrityError, match="append-only"), connection.begin_nested():
            connection.execute(text(replaced), row if audited.database.is_sqlite else {})
        connection.rollback()


def test_a_guard_that_is_gone_changed_or_new_is_named(desk: Desk) -> None:
    unlock(desk, "revision")
    lost = list(desk.auditor.verify(pb.VerifyAuditRequest()).lost_guards)
    last = "revision_new" if desk.database.is_sqlite else "revision_whole"
    assert lost == sorted(["revision_frozen", "revision_kept", last])
    with desk.database.write() as connection:
        if desk.database.is_sqlite:
            connection.execute(
                text("CREATE TRIGGER odd BEFORE INSERT ON bank BEGIN SELECT RAISE(ABORT, 'no'); END")
            )
        else:
            connection.execute(
                text(
                    "CREATE OR REPLACE FUNCTION bank_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RETURN NEW; END $$"
                )
            )
            connection.execute(text("ALTER TABLE bank_version DROP CONSTRAINT bank_version_no_overlap"))
            connection.execute(text("ALTER TABLE bank_version DROP CONSTRAINT bank_version_valid"))
    more = set(desk.auditor.verify(pb.VerifyAuditRequest()).lost_guards) - set(lost)
    if desk.database.is_sqlite:
        assert more == {"odd"}
    else:
        assert more == {
            "bank_frozen",
            "bank_kept",
            "bank_whole",
            "bank_version_no_overlap",
            "bank_version_valid",
        }


def test_a_past_that_was_rewritten_is_named_with_its_state_and_its_column(audited: Desk) -> None:
    with unguarded(audited) as store:
        past = "SELECT max(recorded_to) FROM agreement_version WHERE amount_max = 100000"
        store.connection.execute(
            text(f"UPDATE agreement_version SET amount_max = 300000 WHERE recorded_to = ({past})")
        )
        answer = audited.auditor.verify(pb.VerifyAuditRequest())
    (one,) = answer.differences
    assert (one.name, one.state_number, one.table, one.field) == (
        AGREEMENT,
        3,
        "agreement_version",
        "amount_max",
    )
    said = f"{AGREEMENT}, état n° 3 : la colonne « amount_max » n’a plus la valeur qui a été écrite."
    assert one.message.replace("\u00a0", " ") == said


def test_an_end_cut_with_its_rows_is_seen_with_a_kept_head_alone(audited: Desk) -> None:
    head = audited.auditor.head().head
    with unguarded(audited) as store:
        for statement in (
            "DELETE FROM audit WHERE seq > :last",
            "DELETE FROM revision_change WHERE revision = 14",
            "DELETE FROM revision WHERE revision = 14",
            "DELETE FROM bank_version WHERE bank_key = 2",
            "DELETE FROM bank WHERE bank_key = 2",
        ):
            store.connection.execute(
                text(statement), {"last": head.sequence - 2} if ":last" in statement else {}
            )
        assert store.found() == []
        answer = audited.auditor.verify(pb.VerifyAuditRequest(expected_head=head))
        assert answer.first_wrong_sequence == head.sequence - 1


def test_the_answers_that_an_earlier_version_kept_without_the_audit_are_told_once(desk: Desk) -> None:
    with desk.database.write() as connection:
        for name in ("a", "b"):
            remember(connection, tables.request, str(uuid4()), name, b"answer")
    kept = desk.auditor.verify(pb.VerifyAuditRequest())
    assert [one.table for one in kept.differences] == ["request", "request"]
    prepare_store(places(desk.url))
    assert desk.auditor.verify(pb.VerifyAuditRequest()) == kept  # the audit has told answers already


def test_the_answers_of_a_store_whose_audit_tells_none_are_adopted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/registry.sqlite3"
    migrate(url)
    database = Database(url)
    desk = Desk(url, database)
    fill(desk)
    with database.write() as connection:
        remember(connection, tables.request, str(uuid4()), "mark", b"answer")
    assert not desk.auditor.verify(pb.VerifyAuditRequest()).whole
    prepare_store(places(url))
    assert desk.auditor.verify(pb.VerifyAuditRequest()).whole
    database.dispose()
