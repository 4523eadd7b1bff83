"""A registry that a clock ahead has written says so, and is repaired by a person, whose repair is audited."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from microcredit.bankregistry.v1 import bank_pb2
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from services.bank_registry.api import repair_clock
from services.bank_registry.store import writes
from services.kit import wire
from services.kit.dates import from_microseconds
from services.kit.errors import StartupError
from services.kit.store import store_clock
from tests.bank_registry_support import places
from tests.contract.test_bank_registry_editing import BANK, Desk, day, filled

YEAR = 366 * 24 * 3600 * 10**9


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A lender and its agreement."""
    with filled(request, tmp_path) as desk:
        yield desk


def rename(desk: Desk, name: str) -> None:
    desk.edit("UpdateBank", bank=bank_pb2.Bank(name=BANK, display_name=name))


def known_now(desk: Desk) -> str:
    """The name of the lender as it is known now, by the clock of this machine."""
    now = wire.timestamp(from_microseconds(time.time_ns() // 1000))
    found: str = desk.read("GetBank", name=BANK, known_time=now).bank.display_name
    return found


def test_the_states_of_a_clock_ahead_take_the_hour_of_their_repair(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Desk(desk.url, desk.database)
    with monkeypatch.context() as ahead:
        real = time.time_ns
        ahead.setattr(writes.time, "time_ns", lambda: real() + YEAR)
        rename(desk, "Un")
        rename(desk, "Deux")
        desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 2, 1))
        desk.reserve(100, on_date=day(2026, 1, 5))
    rename(desk, "Trois")
    assert (desk.bank().display_name, known_now(desk)) == ("Trois", "Banque fictive de l’Oust")
    said = desk.auditor.verify(pb.VerifyAuditRequest())
    assert said.whole
    assert "repair-clock" in said.message

    told = repair_clock(places(desk.url), "Camille")
    assert "5 états datés de l’avenir" in told.replace("\u00a0", " ")
    for one in (desk, other):
        one.store.registry(min_state_number=8)  # what another one wrote may be read half a second later
        assert known_now(one) == "Trois"
        assert one.store.registry().last_instant <= time.time_ns() // 1000
        names = [one.store.registry().at_state(number)["oust"].bank.name for number in (3, 4, 6, 7, 8)]
        assert names == ["Un", "Deux", "Deux", "Trois", "Trois"]
    rename(desk, "Quatre")
    said = desk.auditor.verify(pb.VerifyAuditRequest())
    assert (list(said.differences), list(said.lost_guards), said.whole) == ([], [], True)
    assert "repair-clock" not in said.message
    changes = desk.read("ListChanges").changes
    assert [(one.actor, one.method) for one in changes if one.method == "RepairClock"] == [
        ("Camille", "RepairClock")
    ]
    with pytest.raises(StartupError, match="rien à réparer"):
        repair_clock(places(desk.url), "Camille")


def test_an_hour_in_doubt_is_confirmed_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_clock, "last_believed", lambda _: from_microseconds(0))
    with pytest.raises(StartupError, match="confirm-clock"):
        repair_clock(places(desk.url), "Camille")
