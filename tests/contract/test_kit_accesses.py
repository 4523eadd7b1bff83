"""The journal of accesses on both databases: lines are found, removed when old, and never altered unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.kit.access.journal import is_dead, process_name
from services.kit.canonical import GENESIS, Head, sealed
from services.kit.store import (
    AccessFilters,
    AccessLine,
    AccessLog,
    AccessPlace,
    Agreement,
    DeletionTime,
    accesses,
    vault,
)
from tests.bank_registry_support import new_database

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MONTHS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AccessLog]:
    url = f"sqlite:///{tmp_path}/accesses.sqlite3"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_url"))
    vault.create(tmp_path / "master.key")
    place = AccessPlace(url, tmp_path / "master.key", MONTHS)
    place.prepare()
    log = AccessLog(place)
    yield log
    log.database.dispose()


def line(number: int, time: datetime = NOON, subject: str = "cias:marie", **more: Any) -> AccessLine:
    return AccessLine(time, "machine/1/2/3", number, subject=subject, code="OK", **more)


def test_lines_are_found_by_who_which_case_and_when(store: AccessLog) -> None:
    tag = store.case_tag("D-1")
    assert tag
    assert tag != store.case_tag("D-2")
    assert store.case_tag("") == ""
    written = [
        line(1, case_tag=tag, method="a.B/C"),
        line(2, NOON + timedelta(hours=1), subject="cias:paul", case_tag=tag),
        line(3, NOON + timedelta(hours=2)),
    ]
    store.append(written[:1])
    store.append(written[1:])
    expected = [replace(one, sequence=rank) for rank, one in enumerate(written, start=1)]

    def found(filters: AccessFilters, before: int = 0, limit: int = 10) -> list[AccessLine]:
        return store.search(filters, before_sequence=before, limit=limit)

    assert found(AccessFilters()) == expected[::-1]
    assert found(AccessFilters(), limit=1) == expected[2:]
    assert found(AccessFilters(), before=3, limit=1) == expected[1:2]
    assert found(AccessFilters(case_tag=tag)) == expected[1::-1]
    assert found(AccessFilters(subject="cias:paul")) == expected[1:2]
    assert found(AccessFilters(method="a.B/C")) == expected[:1]
    later = NOON + timedelta(hours=1)
    assert found(AccessFilters(start_time=later)) == expected[:0:-1]
    assert list(store.between(NOON, later)) == expected[:1]


ATTACKS = {
    "who": (["UPDATE access SET subject = 'cias:jean' WHERE sequence = 2"], 2),
    "a line removed": (["DELETE FROM access WHERE sequence = 2"], 2),
    "the first lines": (["DELETE FROM access WHERE sequence <= 2"], 2),
    "a mark": (["UPDATE access SET mark = '' WHERE sequence = 2"], 2),
    "how sure": (["UPDATE access SET acr = NULL WHERE sequence = 2"], 2),
    "an employer": (["UPDATE access SET siret = '20005682600015' WHERE sequence = 2"], 2),
    "two swapped": (
        [
            f"UPDATE access SET sequence = {new} WHERE sequence = {old}"
            for old, new in ((2, 9), (3, 2), (9, 3))
        ],
        2,
    ),
    "a line added": (
        [
            "CREATE TEMPORARY TABLE more AS SELECT * FROM access WHERE sequence = 3",
            f"UPDATE more SET sequence = 4, prev_hash = hash, hash = '{'f' * 64}'",
            "INSERT INTO access SELECT * FROM more",
            "DROP TABLE more",
        ],
        4,
    ),
    "the seal of the end": ([f"UPDATE access SET hash = '{'f' * 64}' WHERE sequence = 3"], 3),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_line_that_is_changed_added_or_removed_is_found(store: AccessLog, attack: str) -> None:
    store.append([line(number, mark=accesses.BREAK_GLASS, acr="eidas2") for number in range(1, 4)])
    assert store.verify().broken_sequence == 0
    statements, rank = ATTACKS[attack]
    with store.database.write() as connection:
        for statement in statements:
            connection.execute(text(statement))
    assert store.verify().broken_sequence == rank


def test_a_line_of_before_employers_were_noted_still_holds(store: AccessLog) -> None:
    store.append([line(1)])
    with store.database.read() as connection:
        (row,) = connection.execute(text("SELECT * FROM access")).mappings()
    key = store._chain._keyed.key
    assert key
    former = {name: row[name] for name in row if name not in ("siret", "acr", "prev_hash", "hash")}
    assert row["hash"] == sealed(key, GENESIS, {"version": 2, **former})


def test_a_removed_end_is_found_with_a_head_kept_before(store: AccessLog) -> None:
    store.append([line(number) for number in range(1, 4)])
    head = store.verify().head
    with store.database.write() as connection:
        connection.execute(text("DELETE FROM access WHERE sequence = 3"))
    assert store.verify().broken_sequence == 0
    assert store.verify(head).broken_sequence == 3


def test_a_process_that_died_leaves_a_gap_and_one_that_ended_does_not(store: AccessLog) -> None:
    dead = f"{process_name().rpartition('/')[0].rpartition('/')[0]}/0/dead"
    elsewhere, ended, alive = "other/1/2/3", process_name(), process_name()
    assert is_dead(dead)
    assert not is_dead(alive)
    assert not is_dead(elsewhere)
    for process in (dead, elsewhere, ended):
        assert store.begin(AccessLine(NOON, process, 0, accesses.START), lambda _: False) == []
    store.append([AccessLine(NOON, dead, 1), AccessLine(NOON, ended, 1, accesses.STOP)])
    assert store.begin(AccessLine(NOON, alive, 0, accesses.START), is_dead) == [dead]
    assert store.begin(AccessLine(NOON, process_name(), 0, accesses.START), is_dead) == []
    gaps = [one for one in store.search(AccessFilters(), before_sequence=0, limit=20) if one.kind == "GAP"]
    assert [(one.process, one.number) for one in gaps] == [(dead, 2)]


def test_days_over_are_removed_whole_and_the_rest_is_still_proved(store: AccessLog) -> None:
    old = datetime(2025, 11, 29, 12, tzinfo=UTC)
    times = [old, old + timedelta(hours=13), datetime(2025, 11, 30, 12, tzinfo=UTC), NOON]
    store.append([line(number, time) for number, time in enumerate(times, start=1)])
    head = store.verify().head

    def goes_on(known: Head) -> bool:
        """What the next start asks of a head that was anchored."""
        with store.database.read() as connection:
            return store._chain.goes_on(connection, known)

    with store.database.read() as connection:
        first = Head(1, connection.scalar(text("SELECT hash FROM access WHERE sequence = 1")))

    def remove(running: int, marked_until: int) -> int:
        with store.database.write() as connection:
            return store.remove_old(connection, DeletionTime(NOON, running, marked_until))

    assert remove(10, -1) == 0  # marked: what is over waits
    assert remove(11, 9) == 0
    assert remove(12, 10) == 1  # the 29th alone is over: the second line is of the 30th
    assert remove(13, 10) == 0
    assert [goes_on(known) for known in (first, head, Head(1, "0" * 64), Head(9, head.hash))] == [
        *(True, True),
        *(False, False),
    ]
    found = store.verify(head)
    assert (found.broken_sequence, found.record_count) == (0, 4)
    last = store.search(AccessFilters(), before_sequence=0, limit=1)[0]
    assert (last.kind, last.number) == (accesses.REMOVAL, 1)
    with store.database.write() as connection:
        connection.execute(text("DELETE FROM access WHERE sequence = 2"))
    assert store.verify().broken_sequence == 2
    assert store.verify(Head(1, "0" * 64)).broken_sequence == 2


@pytest.mark.parametrize("call", ["", "c" * 64], ids=["without-request-id", "with-one"])
def test_what_a_second_person_confirms_is_theirs_until_it_fails(store: AccessLog, call: str) -> None:
    now = datetime.now(UTC)
    later, roles = now + timedelta(hours=24), frozenset({"dpo"})
    asked = Agreement("d" * 64, "cias:odile", roles, "a.B/Erase", now, later, ("tag",), {}, call)
    assert store.cases.agreement(asked, now) == asked, "the first demand"
    read = [store.cases.agreement(replace(asked, actor="cias:noe"), now) for _ in range(2)]
    taken = store.cases.take_agreement(read[0])
    assert taken
    assert store.cases.take_agreement(read[1]) is None, "two calls at once: one has it"
    assert store.cases.withdraw_agreement(asked.digest, "", "") is None, "too late"
    assert store.cases.pending(now, "") == []
    store.cases.give_back_agreement(taken)
    assert [one.digest for one in store.cases.pending(now, "tag")] == [asked.digest]
    taken = store.cases.take_agreement(read[1])
    assert taken
    store.cases.end_agreement(taken)
    assert store.cases.pending(now, "") == []
    again = store.cases.agreement(asked, now)
    assert again.done == call, "the same call again has its first answer; without its name it is a new demand"
