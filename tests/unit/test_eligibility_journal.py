"""Group commit, the content of records, and their comparison, without a database."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eligibility.answer.recorded import decode_content, encode_content, replay
from services.eligibility.package.model import Outcome
from services.eligibility.package.tree import Kind
from services.eligibility.store.journal_group import GroupCommit
from services.kit import context
from services.kit.dates import instant_of, instant_text
from services.kit.errors import DeadlineExceeded, Unavailable
from tests.journal_support import decision
from tests.support import wait_until


@pytest.fixture(autouse=True)
def _places() -> Iterator[None]:
    """Threads enough for all those that wait to write at once: half of them may."""
    before = context.threads()
    context.start(32)
    yield
    context.start(before)


class Slow:
    """Commits numbers; the first group waits until it is told to go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go = threading.Event()

    def __call__(self, entries: Sequence[int]) -> list[int]:
        self.groups.append(list(entries))
        if len(self.groups) == 1:
            assert self.go.wait(10)
        if 13 in entries:
            raise ValueError("unlucky")
        if 99 in entries:
            raise Unavailable("STORE_UNAVAILABLE", "")
        return [entry * 2 for entry in entries]


def gathered(commit: Slow, *entries: list[int]) -> list[Future[list[int]]]:
    """Entries handed in while another group is being written: they share the next one."""
    group: GroupCommit[int, int] = GroupCommit(commit)
    pool = ThreadPoolExecutor(9)
    first = pool.submit(group.run, [0])
    wait_until(lambda: commit.groups)
    waiting = [pool.submit(group.run, entry) for entry in entries]
    wait_until(lambda: len(group._waiting) >= len(entries))
    commit.go.set()
    pool.shutdown()
    assert first.result() == [0]
    return waiting


def test_those_who_wait_share_one_commit() -> None:
    commit = Slow()
    found = gathered(commit, [1, 2], [3], [], [4])
    assert [future.result() for future in found] == [[2, 4], [6], [], [8]]
    assert [sorted(group) for group in commit.groups] == [[0], [1, 2, 3, 4]]


def test_what_cannot_be_written_fails_alone() -> None:
    found = gathered(Slow(), [1], [13], [2])
    assert [found[0].result(), found[2].result()] == [[2], [4]]
    with pytest.raises(ValueError, match="unlucky"):
        found[1].result()


def test_an_unavailable_store_is_asked_once_for_all() -> None:
    commit = Slow()
    for future in gathered(commit, [1], [99], [2]):
        with pytest.raises(Unavailable):
            future.result()
    assert len(commit.groups) == 2


def test_a_call_whose_time_runs_out_writes_nothing() -> None:
    commit = Slow()
    group: GroupCommit[int, int] = GroupCommit(commit)

    def hurried() -> None:
        context.enter(context.Call("", time.monotonic() + 0.05))
        group.run([7])

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(group.run, [0])
        wait_until(lambda: commit.groups)
        late = pool.submit(hurried)
        with pytest.raises(DeadlineExceeded):
            late.result(10)
        commit.go.set()
        assert first.result() == [0]
    assert group.run([1]) == [2]
    assert commit.groups == [[0], [1]]


VALUES = st.one_of(
    st.tuples(st.just(Kind.MONEY), st.integers()),
    st.tuples(st.just(Kind.INTEGER), st.integers()),
    st.tuples(st.just(Kind.PERCENT), st.fractions()),
    st.tuples(st.just(Kind.DATE), st.dates()),
    st.tuples(st.just(Kind.BOOLEAN), st.booleans()),
    st.tuples(st.just(Kind.CODES), st.lists(st.text()).map(tuple)),
    st.tuples(st.just(Kind.TEXT), st.text()),
)


@given(st.dictionaries(st.text(min_size=1), VALUES), st.text())
def test_a_content_is_read_as_it_was_written(
    facts: dict[str, tuple[Kind, int | Fraction | date | str | tuple[str, ...]]], case_reference: str
) -> None:
    new = replace(
        decision(case_reference),
        facts={name: value for name, (_, value) in facts.items()},
        kinds={name: kind for name, (kind, _) in facts.items()},
    )
    found = decode_content(encode_content(new))
    assert (found.facts, found.kinds, found.case_reference) == (new.facts, new.kinds, case_reference)
    assert {name: type(value) for name, value in found.facts.items()} == {
        name: type(value) for name, value in new.facts.items()
    }


@given(*[st.datetimes(timezones=st.just(UTC))] * 2)
def test_the_order_of_the_texts_is_that_of_time(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) is (one < other)
    assert instant_of(instant_text(one)) == one
    assert len(instant_text(one)) == 27


def test_every_recorded_answer_is_read_whole() -> None:
    for new in (decision(), decision(budget__monthly_charges=None, banking__ficp=None, documents=())):
        assert decode_content(encode_content(new)).assessment == new.assessment


def test_a_content_of_another_form_is_refused() -> None:
    data = json.loads(encode_content(decision()))
    with pytest.raises(ValueError, match="another form"):
        decode_content(json.dumps({**data, "version": 2}).encode())


def test_a_content_that_no_answer_wrote_is_refused() -> None:
    data = json.loads(encode_content(decision()))
    data["answer"]["figures"][0]["value"] = None
    with pytest.raises(ValueError, match="without a value"):
        decode_content(json.dumps(data).encode())


def test_a_replay_says_where_the_answers_differ() -> None:
    before = decision(loan__amount=370000).assessment
    assert replay(before, before).identical
    reason, *others = before.reasons
    after = replace(
        before,
        outcome=Outcome.ELIGIBLE,
        reasons=(replace(reason, message="autre"),),
        figures=before.figures[1:],
    )
    found = replay(before, after)
    assert not found.identical
    assert found.differences[:2] == ("figures[0].display", "figures[0].label")
    assert {"outcome", "reasons[0].message", f"reasons[{len(others)}]"} <= set(found.differences)
    assert not replay(before, replace(before, outcome_label="autre")).differences
