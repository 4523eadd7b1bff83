"""The queue of the journal of accesses, and the summary of a day, without a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from services.kit.access import journal as journal_module
from services.kit.access.journal import AccessJournal, Ended
from services.kit.access.unusual import MANY_CASES, Rule, day_bounds, summary
from services.kit.caller import Caller
from services.kit.dates import microseconds
from services.kit.errors import Unavailable
from services.kit.store import AccessLine, AccessLog, accesses
from tests.support import wait_until

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
MARIE = Caller("logiciel", subject="marie", provider="cias", siret="20005682600015")
PEER = "ipv6:%5B::1%5D:50000"
LINE = AccessLine(MONDAY, "p", 1, subject="cias:marie", application="logiciel", code="OK")


class Store:
    """Keeps lines in memory, once it is told to answer."""

    def __init__(self) -> None:
        self.kept: list[AccessLine] = []
        self.answers = threading.Event()

    def begin(self, line: AccessLine, is_dead: Callable[[str], bool]) -> list[str]:
        self.kept.append(line)
        return []

    def append(self, lines: Sequence[AccessLine]) -> None:
        if not self.answers.is_set():
            raise Unavailable("STORE_UNAVAILABLE", "La base de données ne répond pas.")
        self.kept += lines


def ended(*cases: str, reason: str = "") -> Ended:
    return Ended(
        time.monotonic(),
        microseconds(MONDAY) * 1000,
        MARIE,
        PEER,
        "Read",
        "",
        "",
        "OK",
        reason,
        "",
        "r",
        cases,
    )


def opened(store: Store, capacity: int = 10) -> AccessJournal:
    journal = AccessJournal(cast(AccessLog, store), capacity)
    journal.start()
    return journal


def test_each_case_has_a_line_and_the_ranks_of_a_process_have_no_hole() -> None:
    store = Store()
    store.answers.set()
    journal = opened(store)
    journal.note(ended("D-1", "D-2"))
    journal.note(ended())
    wait_until(lambda: len(store.kept) == 4)
    journal.note(ended("D-3"))
    journal.stop()
    assert [one.number for one in store.kept] == [0, 1, 2, 3, 4, 5]
    assert [one.case_tag for one in store.kept[1:5]] == ["D-1", "D-2", "", "D-3"]
    assert (store.kept[0].kind, store.kept[-1].kind) == (accesses.START, accesses.STOP)
    assert len({one.process for one in store.kept}) == 1
    line = store.kept[1]
    assert (line.time, line.application, line.subject, line.peer) == (MONDAY, "logiciel", "cias:marie", "::1")
    assert (line.method, line.siret, line.acr) == ("Read", "20005682600015", None)


@pytest.mark.parametrize("limit", ["capacity", "delay"])
def test_calls_are_refused_while_the_journal_cannot_be_written(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if limit == "delay":
        monkeypatch.setattr(journal_module, "LATE_SECONDS", 0.0)
    store = Store()
    journal = opened(store, capacity=1 if limit == "capacity" else 100)
    journal.check()
    journal.note(ended("D-1", "D-2"))
    with pytest.raises(Unavailable) as refused:
        journal.check()
    assert refused.value.reason == "ACCESS_JOURNAL_UNAVAILABLE"
    journal.note(ended(reason=refused.value.reason))
    assert len(journal._waiting) == 1, "a refusal waits for nothing: the queue stays bounded"
    store.answers.set()
    wait_until(lambda: len(store.kept) == 3)
    wait_until(lambda: not journal._waiting)
    journal.check()
    journal.stop()


def told(lines: Sequence[AccessLine]) -> list[tuple[Rule, str, int]]:
    return [(one.rule, one.subject, one.count) for one in summary(lines)[0]]


def test_the_summary_follows_its_rules() -> None:
    usual = [replace(LINE, request_id=str(n), case_tag=str(n)) for n in range(MANY_CASES)]
    assert told(usual) == []
    one_more = replace(LINE, request_id="more", case_tag="more")
    assert told([*usual, one_more]) == [(Rule.MANY_CASES, "cias:marie", MANY_CASES + 1)]

    def with_(**changes: Any) -> list[AccessLine]:
        return [replace(LINE, **changes), replace(LINE, case_tag="other", **changes)]

    assert told(with_(time=MONDAY - timedelta(hours=4))) == [(Rule.OUTSIDE_HOURS, "cias:marie", 1)]
    assert told(with_(time=MONDAY - timedelta(days=1))) == [(Rule.OUTSIDE_HOURS, "cias:marie", 1)]
    assert told(with_(time=MONDAY - timedelta(days=1), subject="")) == []
    assert told(with_(mark=accesses.BREAK_GLASS)) == [(Rule.BREAK_GLASS, "cias:marie", 1)]
    assert told(with_(mark=accesses.OTHER_TEAM)) == [(Rule.OTHER_TEAM, "cias:marie", 1)]
    assert told(with_(reason="ROLE_NOT_ALLOWED")) == [(Rule.NOT_ALLOWED, "cias:marie", 1)]
    assert told([replace(LINE, subject="", code="UNAUTHENTICATED")]) == [(Rule.UNPROVED, "", 1)]
    assert told([replace(LINE, kind=accesses.GAP)]) == [(Rule.GAP, "", 1)]


def test_a_day_is_that_of_paris() -> None:
    start, end = day_bounds(date(2026, 3, 29))  # summer time begins
    assert (start.astimezone(UTC).hour, end - start) == (23, timedelta(hours=23))
