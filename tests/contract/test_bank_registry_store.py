"""What both stores hold: append-only, bitemporal, no overlap, a state and an audit for each write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from services.bank_registry.registry.history import STILL_KNOWN, Records, Registry, difference
from services.bank_registry.registry.model import (
    ALWAYS,
    Agreement,
    Bank,
    BankKind,
    BankRecord,
    Bounds,
    LocalConvention,
    Suspension,
)
from services.bank_registry.registry.territory import Scope, Territory
from services.bank_registry.store import Origin, migrate, prepare_store, tables
from services.kit.dates import Period
from services.kit.store import Audit, ChainSeal
from services.kit.store.database import POSTGRESQL_POLL_SECONDS, Database
from services.kit.store.database import migrate as kit_migrate
from tests.bank_registry_support import copy_of, new_database, opened_store, places
from tests.support import ROOT, examples, wait_until

ORIGIN = Origin("agent", "ImportBanks", "essai")
YEAR = [date(year, 1, 1) for year in range(2020, 2031)]
AGREEMENT = Agreement(
    "fcs", "FCS-1", Territory(Scope.COMMUNES, ("2A004", "56165")), Period.ending(YEAR[0], YEAR[4])
)
CONVENTION = LocalConvention(
    "cias", Period(YEAR[0]), "Service", ("1 rue",), "56800", "Ploërmel", answer_days=0
)
FULL = replace(
    AGREEMENT,
    manager="Bpifrance",
    suspensions=(Suspension(Period.ending(YEAR[1], YEAR[2]), "contrôle"), Suspension(Period(YEAR[3]))),
    guarantee_share=Decimal("50.00"),
    envelope=10**12,
    committed=0,
    amount=Bounds(30_000, 300_000),
    months=Bounds(6, 36),
    rate=Bounds(Decimal("0"), Decimal("1.505")),
    accepted_objects=("MOBILITE", "EMPLOI"),
    verified_on=YEAR[6],
)


def bank(bank_id: str = "a", name: str = "Crédit de l’Œuvre") -> Bank:
    return Bank(bank_id, name, BankKind.ASSOCIATION, "732829320", "01234")


@dataclass
class Store:
    url: str
    database: Database

    def __post_init__(self) -> None:
        self.opened = opened_store(self.url, self.database)
        self.audit = self.opened.audit

    def write(self, *records: BankRecord) -> int:
        with self.opened.edit() as session:
            return session.apply(difference(session.registry.current, records), ORIGIN)

    def execute(self, statement: object) -> None:
        with self.database.write() as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a store to copy: migrations take longer than most tests."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('empty')}/registry.sqlite3"
    else:
        url = new_database(request.getfixturevalue("postgres_url"))
    migrate(url)
    return url


@pytest.fixture
def store(empty: str, tmp_path: Path) -> Iterator[Store]:
    url = copy_of(empty, tmp_path)
    database = Database(url)
    yield Store(url, database)
    database.dispose()


def read(store: Store) -> Registry:
    return opened_store(store.url, store.database).registry()


def test_the_migrations_make_the_tables_that_the_store_uses(store: Store) -> None:
    migrate(store.url)
    with store.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_a_new_registry_is_empty(store: Store) -> None:
    registry = read(store)
    assert (registry.state_number, registry.current) == (0, {})
    assert registry.at_state(registry.state_number_at(10**15)) == {}


def test_what_is_written_is_read(store: Store) -> None:
    later = replace(FULL, period=Period(YEAR[4]), envelope=None)
    record = BankRecord.of(bank(), (FULL, later), (CONVENTION,))
    assert store.write(record, BankRecord.of(bank("b"))) == 1
    assert read(store).current == {"a": record, "b": BankRecord.of(bank("b"))}


def test_writing_the_same_writes_nothing(store: Store) -> None:
    record = BankRecord.of(bank(), (FULL,), (CONVENTION,))
    same = replace(record, agreements=(replace(FULL, guarantee_share=Decimal("50")),))
    assert [store.write(record), store.write(record), store.write(same)] == [1, 1, 1]
    with store.database.read() as connection:
        assert store.audit.head(connection).sequence == 2
        assert len(connection.execute(select(tables.agreement_version)).all()) == 1


def test_a_correction_keeps_what_was_known_before(store: Store) -> None:
    store.write(BankRecord.of(bank(), (AGREEMENT,)))
    corrected = replace(AGREEMENT, period=Period.ending(YEAR[0], YEAR[2]))
    store.write(BankRecord.of(bank(), (corrected,)))
    registry = read(store)
    before, after = registry.at_state(1)["a"], registry.at_state(2)["a"]
    assert (before.agreements, after.agreements) == ((AGREEMENT,), (corrected,))
    assert registry.state_number_at(registry.last_instant - 1) == 1
    assert registry.state_number_at(registry.last_instant) == 2


variants = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.tuples(
            st.sampled_from(["Un", "Deux"]),
            st.lists(st.integers(0, 9), unique=True, max_size=3),
            st.booleans(),
        ),
        max_size=3,
    ),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(writes=variants)
def test_every_past_state_can_be_read_again(
    writes: list[dict[str, tuple[str, list[int], bool]]], store: Store
) -> None:
    """The naive oracle keeps a copy of the whole registry after each write."""
    start = read(store).state_number
    expected: list[Records] = [read(store).current]
    for write in writes:
        records = {
            bank_id: BankRecord.of(
                bank(bank_id, name),
                tuple(replace(AGREEMENT, period=Period.ending(YEAR[n], YEAR[n + 1])) for n in sorted(years)),
                (CONVENTION,) * local,
            )
            for bank_id, (name, years, local) in write.items()
        }
        if store.write(*records.values()) == start + len(expected):
            expected.append({**expected[-1], **records})
    registry = read(store)
    assert [registry.at_state(start + index) for index in range(len(expected))] == expected


def version(**changes: object) -> dict[str, object]:
    return {
        "bank_key": 1,
        "start_date": YEAR[2],
        "end_date": YEAR[3],
        "recorded_from": 1,
        "recorded_to": STILL_KNOWN,
        **dict.fromkeys(
            ("convention_id", "reference", "contact_name", "postal_code", "city", "email", "phone"), ""
        ),
        **{name: [] for name in ("address_lines", "contacts", "suspensions")},
        **changes,
    }


@pytest.mark.parametrize(
    "overlapping",
    [
        {"start_date": YEAR[3], "end_date": YEAR[5]},
        {"start_date": YEAR[0], "end_date": date(9999, 12, 31)},
        {"recorded_to": 10**17},
        {"end_date": date(9999, 12, 31), "recorded_from": STILL_KNOWN - 1},
    ],
)
def test_two_versions_that_overlap_on_both_axes_are_refused(
    store: Store, overlapping: dict[str, object]
) -> None:
    store.write(BankRecord.of(bank(), (), (replace(CONVENTION, period=Period.ending(YEAR[0], YEAR[4])),)))
    with pytest.raises(IntegrityError, match="overlap"):
        store.execute(insert(tables.local_convention_version).values(version(**overlapping)))


@pytest.mark.parametrize(
    "apart",
    [
        {"start_date": YEAR[4], "end_date": YEAR[5]},
        {"recorded_to": 10**15},
        {"end_date": YEAR[0], "start_date": date(2019, 1, 1)},
    ],
)
def test_versions_apart_on_one_axis_are_accepted(store: Store, apart: dict[str, object]) -> None:
    store.write(BankRecord.of(bank(), (), (replace(CONVENTION, period=Period.ending(YEAR[0], YEAR[4])),)))
    store.execute(insert(tables.local_convention_version).values(version(**apart)))


def test_overlaps_are_refused_on_every_table_of_versions(store: Store) -> None:
    store.write(BankRecord.of(bank(), (AGREEMENT,), (CONVENTION,)))
    for table in (tables.bank_version, tables.agreement_version, tables.local_convention_version):
        with store.database.read() as connection:
            row = connection.execute(select(table)).one()._asdict()
        with pytest.raises(IntegrityError, match="overlap"):
            store.execute(insert(table).values({**row, "recorded_from": row["recorded_from"] + 1}))


def test_an_update_may_only_close_a_version(store: Store) -> None:
    store.write(BankRecord.of(bank(), (AGREEMENT, replace(AGREEMENT, period=Period(YEAR[4])))))
    store.write(BankRecord.of(bank(), (AGREEMENT,)))
    table = tables.agreement_version
    closed = table.c.recorded_to != STILL_KNOWN
    for statement in (
        update(table).where(closed).values(start_date=YEAR[3]),
        update(table).where(closed).values(reference="FCS-2"),
        update(table).where(closed).values(recorded_to=STILL_KNOWN),
        update(table).where(closed).values(recorded_to=table.c.recorded_to - 1),
        table.delete().where(closed),
        update(tables.revision).values(actor="autre"),
        update(tables.audit).values(actor="autre"),
        tables.audit.delete(),
    ):
        with pytest.raises(IntegrityError):
            store.execute(statement)


def test_each_change_is_in_the_audit(store: Store) -> None:
    store.write(BankRecord.of(bank(), (FULL,), (CONVENTION,)))
    store.write(BankRecord.of(bank(name="Autre")))
    with store.database.read() as connection:
        rows = connection.execute(select(tables.audit).order_by("seq")).all()
        assert not store.audit.verify(connection).broken_sequence
        told = connection.scalars(select(tables.revision.c.reason)).all()
    assert [(one.actor, one.reason) for one in store.opened.changes(1, 2)] == [("agent", "essai")] * 2
    assert not any("essai" in one for one in (*told, *(row.after for row in rows)))
    assert [row.resource for row in rows] == ["revisions/1", "banks/a", "revisions/2", "banks/a"]
    assert rows[1].before is None
    assert rows[3].before == rows[1].after
    assert "Crédit de l’Œuvre" in rows[3].before
    assert "Autre" in rows[3].after


def test_a_dry_run_leaves_nothing(store: Store) -> None:
    with store.opened.edit(keep=False) as session:
        assert session.apply(difference({}, [BankRecord.of(bank(), (FULL,))]), ORIGIN) == 1
    assert read(store).state_number == 0


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    clash = replace(AGREEMENT, reference="FCS-2", period=Period(YEAR[1]))
    with pytest.raises(IntegrityError):
        store.write(BankRecord.of(bank(), (AGREEMENT, clash)))
    assert read(store).state_number == 0
    with store.database.read() as connection:
        assert store.audit.head(connection).sequence == 0


def test_writers_wait_for_one_another(store: Store) -> None:
    def work(bank_id: str) -> None:
        for name in ("Un", "Deux", "Trois"):
            store.write(BankRecord.of(bank(bank_id, name), (AGREEMENT,)))

    threads = [threading.Thread(target=work, args=(bank_id,)) for bank_id in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    registry = read(store)
    assert registry.state_number == 9
    assert {record.bank.name for record in registry.current.values()} == {"Trois"}
    with store.database.read() as connection:
        assert not store.audit.verify(connection).broken_sequence


OTHER_PROCESS = """
import sys
from tests.contract.test_bank_registry_store import BankRecord, Database, Store, bank
store = Store(sys.argv[1], Database(sys.argv[1]))
print(store.write(BankRecord.of(bank("autre"))))
"""


def test_the_write_of_another_process_is_seen(store: Store) -> None:
    """SQLite: by the next read. PostgreSQL: at once with min_state_number, else within a second."""
    snapshot = opened_store(store.url, store.database)
    assert snapshot.registry().state_number == 0
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "build/gen")))}
    command = [sys.executable, "-c", OTHER_PROCESS, store.url]
    subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True)
    if store.database.is_sqlite:
        assert snapshot.registry().state_number == 1
    assert snapshot.registry(min_state_number=1).state_number == 1
    store.write(BankRecord.of(bank("b")))
    assert POSTGRESQL_POLL_SECONDS < 1
    wait_until(lambda: snapshot.registry().state_number == 2)
    assert snapshot.registry(min_state_number=7).state_number == 2


def test_a_write_that_is_not_of_the_registry_keeps_the_snapshot(store: Store) -> None:
    store.write(BankRecord.of(bank()))
    snapshot = opened_store(store.url, store.database)
    registry = snapshot.registry()
    store.execute(text("CREATE TABLE other (x int)"))
    assert snapshot.registry(min_state_number=2) is registry


def test_the_key_of_page_tokens_is_one_and_secret(store: Store) -> None:
    first, second = (opened_store(store.url, store.database).page_key() for _ in range(2))
    assert first == second
    assert len(first) == 32


FIRST_FORM = """
INSERT INTO bank VALUES (1, 'a');
INSERT INTO agreement VALUES (1, 1, 'fcs');
INSERT INTO bank_version (bank_key, recorded_from, recorded_to, name, kind, siren, cib, bic, lei, successor)
  VALUES (1, 5, 9, 'Un', 'ASSOCIATION', '732829320', '', '', '', '');
INSERT INTO bank_version (bank_key, recorded_from, recorded_to, name, kind, siren, cib, bic, lei, successor)
  VALUES (1, 9, 253402214400000000, 'Deux', 'ASSOCIATION', '732829320', '', '', '', '');
INSERT INTO agreement_version (agreement_key, start_date, end_date, recorded_from, recorded_to, reference,
  manager, scope, territory_codes, suspensions, accepted_objects, envelope)
  VALUES (1, '2024-01-01', '9999-12-31', 5, 253402214400000000, 'FCS-1', '', 'DEPARTEMENTS', '["56"]',
  '[["2025-01-01", null]]', '[]', 500000);
INSERT INTO local_convention_version (bank_key, start_date, end_date, recorded_from, recorded_to, reference,
  contact_name, address_lines, postal_code, city, email, phone)
  VALUES (1, '2024-01-01', '2026-01-01', 5, 253402214400000000, 'CIAS', 'Service', '["1 rue"]', '56800',
  'Ploërmel', '', '');
INSERT INTO revision VALUES (1, 5, 'agent', 'essai');
INSERT INTO revision VALUES (2, 9, 'agent', 'nom')
"""
"""A registry as the first form of the store held it."""


def test_a_store_of_the_first_form_is_converted(store: Store, tmp_path: Path) -> None:
    sqlite = f"sqlite:///{tmp_path}/first.sqlite3"
    url = sqlite if store.database.is_sqlite else new_database(store.url)
    (tmp_path / "first" / "versions").mkdir(parents=True)
    first = ROOT / "services/bank_registry/store/migrations/versions/0001_registry.py"
    shutil.copy(first, tmp_path / "first" / "versions")
    kit_migrate(url, tmp_path / "first")
    plain = Audit(tables.audit, ChainSeal(None))
    database = Database(url)
    with database.write() as connection:
        for statement in FIRST_FORM.split(";"):
            connection.execute(text(statement))
        for number, names in ((1, ["revisions/1", "banks/a"]), (2, ["revisions/2", "banks/a"])):
            for name in names:
                plain.append(
                    connection,
                    actor="agent",
                    method="ImportBanks",
                    resource=name,
                    before=None,
                    after={"number": number},
                )
    prepare_store(places(url))
    opened = opened_store(url, database)
    registry = opened.registry()
    record = registry.current["a"]
    assert (record.bank.name, record.bank.period, registry.at_state(1)["a"].bank.name) == (
        "Deux",
        ALWAYS,
        "Un",
    )
    assert record.agreements[0].suspensions == (Suspension(Period(date(2025, 1, 1))),)
    assert (record.conventions[0].id, record.agreements[0].envelope) == ("convention", 500_000)
    told = [(one.state_number, one.method, one.names) for one in opened.changes(1, 2)]
    with database.read() as connection:
        assert not opened.audit.verify(connection).broken_sequence
    assert told == [(1, "ImportBanks", ("banks/a",)), (2, "ImportBanks", ("banks/a",))]
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(update(tables.bank_version).values(name="x"))
    database.dispose()
