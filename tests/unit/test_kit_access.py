"""The role table and the quotas, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.kit import context
from services.kit.access.cases import CaseGate, CaseRights, CaseTeams
from services.kit.access.guard import UNPROVED_PER_MINUTE, Guard, Roles
from services.kit.access.quota import SECONDS, Quotas
from services.kit.access.roles import Act, completed, load, shipped
from services.kit.errors import StartupError

TABLE = """
[roles.reader]
title = "lecteur"

[services."shop.v1.Shop"]
GetThing = ["reader"]
EndThing = []
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "roles.toml"
    path.write_text(TABLE)
    return path


def operator(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "operator.toml"
    path.write_text(text)
    return path


def test_an_operator_s_file_replaces_the_roles_of_what_it_names_alone(table: Path, tmp_path: Path) -> None:
    text = '[roles.keeper]\ntitle = "gardien"\n[services."shop.v1.Shop"]\nEndThing = ["keeper"]\n'
    whole = completed(shipped(table), operator(tmp_path, text))
    assert whole.allowed(Act("shop.v1.Shop/GetThing")) == {"reader"}
    assert whole.allowed(Act("shop.v1.Shop/EndThing")) == {"keeper"}
    assert whole.allowed(Act("shop.v1.Shop/NoThing")) == frozenset()


def test_a_file_adds_acts_that_take_two_persons_and_takes_none_away(table: Path, tmp_path: Path) -> None:
    method, role = "shop.v1.Shop/GetThing", '[roles.boss]\ntitle = "chef"\n'
    table.write_text(f'{TABLE}\n[roles.keeper]\ntitle = "gardien"\n[two_persons]\n"{method}" = "keeper"\n')
    text = f'{role}[two_persons]\n"{method}" = "boss"\n"shop.v1.Shop/EndThing" = "boss"\n'
    whole = completed(shipped(table), operator(tmp_path, text))
    assert whole.two_persons == {method: "keeper", "shop.v1.Shop/EndThing": "boss"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[services."shop.v1.Shop"]\nGetThings = ["reader"]', "vouliez-vous dire shop.v1.Shop/GetThing ?"),
        ('[services."shop.v1.Shop"]\nGetThing = ["writer"]', "Ce rôle n’est pas décrit : writer."),
        ('[accounts.night]\nmethods = ["shop.v1.Shop/Get"]', "shop.v1.Shop/Get."),
        ('[roles.reader]\ntitle = "lecteur"\ncases = "all"', "roles.reader.cases."),
        ("[accounts.night]\nmethods = []\ncalls_per_minute = 0", "accounts.night.calls_per_minute."),
        ("[applications.night]\nmethods = []", "applications."),
        ('[two_persons]\n"shop.v1.Shop/Get" = "reader"', "shop.v1.Shop/Get."),
        ("[services", "TOML"),
    ],
)
def test_a_file_that_names_what_does_not_exist_is_refused(
    text: str, said: str, table: Path, tmp_path: Path
) -> None:
    with pytest.raises(StartupError) as refused:
        load(table, operator(tmp_path, text))
    assert said in str(refused.value)


def test_a_quota_counts_each_application_by_the_minute_and_forgets_the_oldest() -> None:
    now = [0.0]
    quotas = Quotas(lambda: now[0])
    assert [quotas.take("a", 2) for _ in range(3)] == [True, True, False]
    assert quotas.take("b", 1)
    now[0] = SECONDS - 0.1
    assert not quotas.take("a", 2)
    now[0] = SECONDS
    assert quotas.take("a", 2)
    for number in range(600):
        now[0] += 0.001
        assert quotas.take(f"other {number}", 1)


def test_calls_that_prove_nobody_are_noted_up_to_a_limit(table: Path) -> None:
    guard = Guard(Roles(table, None), Quotas(lambda: 0.0))
    noted = [guard.may_note_unproved("a") for _ in range(UNPROVED_PER_MINUTE + 20)]
    assert noted.count(True) == UNPROVED_PER_MINUTE
    assert guard.may_note_unproved("b"), "another certificate has its own count"


def test_each_call_that_breaks_the_glass_is_counted() -> None:
    class Teams(CaseTeams):
        def __init__(self) -> None:
            """Knows every case as that of one team."""

        def team(self, tag: str) -> str:
            return "nord"

    before = context.alarms()["BREAK_GLASS"]
    for reason, opened in (("", False), ("Collègue absente ce matin", True)):
        gate = CaseGate(Teams(), CaseRights("team", "team", "sud", opens=False, break_glass=reason))
        context.enter(context.Call("", float("inf")))
        assert [gate.reads("a"), gate.reads("b")] == [opened, opened]
    assert context.alarms()["BREAK_GLASS"] == before + 1
