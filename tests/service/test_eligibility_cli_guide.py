"""The rules author's guide: its commands, run as they are printed, print what it shows."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from examples.rules.__main__ import CEILING, NEW_CASES, NEW_CEILING, assess, dearer_car
from services.eligibility.cli import main
from tests.eligibility_support import Client
from tests.support import ROOT, Launch, wait_until

GUIDE = ROOT / "docs" / "regles.md"
SHADOW_SECONDS = 30
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
VARIABLE = {
    "<instant>": r"\d\d/\d\d/\d{4} \d\d:\d\d",
    "<uuid>": UUID,
    "<sceau>": r"[0-9a-f]{64}",
    "<empreinte>": r"[0-9a-f]{12}…",
}


def printed() -> Iterator[tuple[str, str]]:
    """The commands of the guide with what it shows of their answers."""
    text = GUIDE.read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ eligibility ", block, flags=re.M)[1:]:
            command, _, answer = part.partition("\n")
            yield command, answer


def steady(text: str) -> str:
    """What does not change from a run to another, with ordinary spaces and without those at the ends."""
    text = text.replace("\u00a0", " ").replace("\u202f", " ")
    for token, pattern in VARIABLE.items():
        text = re.sub(pattern, token, text)
    lines = (re.sub(r"─+", "─", re.sub(r"  +", "  ", line)).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def words(command: str, decision: str) -> list[str]:
    """The words of a command; the decision that it names is the one just recorded."""
    found = re.findall(r'"([^"]*)"|(\S+)', command)
    return [re.sub(UUID, decision, quoted or plain) for quoted, plain in found]


def write_version() -> None:
    """What the guide asks to edit, and the folder with a mistake that it checks."""
    new = Path("reglement-2027")
    for file, before, after in (
        ("parameters.yaml", CEILING, CEILING + NEW_CEILING),
        ("package.yaml", '"2026.1"', '"2027.1"'),
    ):
        text = (new / file).read_text(encoding="utf-8")
        (new / file).write_text(text.replace(before, after), encoding="utf-8")
    shutil.copy(NEW_CASES, new / "cases")
    wrong = Path(shutil.copytree(new, "reglement-fautif"), "rules.yaml")
    wrong.write_text(
        wrong.read_text(encoding="utf-8").replace("> amount_max", "> amont_max"), encoding="utf-8"
    )


def wait_for_shadow(capsys: pytest.CaptureFixture[str]) -> None:
    def compared() -> bool:
        shown = main(["shadow", "show", "1", "--json"]) == 0
        return shown and not json.loads(capsys.readouterr().out)["pending_count"]

    wait_until(compared)


def play(address: str, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str, str]]:
    """Each command with what the guide shows and what it prints now."""
    with Client(address) as client:
        decision = assess(client.eligibility, dearer_car("2026-12-01")).decision_id
    for command, shown in printed():
        if command.startswith("shadow show"):
            wait_for_shadow(capsys)
        main(words(command, decision))
        obtained = capsys.readouterr()
        yield command, shown, obtained.out + obtained.err
        if command.startswith("init"):
            write_version()


def test_every_command_prints_what_the_guide_shows(
    launch: Launch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = launch("services.eligibility", "--workers", "1").address
    monkeypatch.setenv("ELIGIBILITY_SERVER", address)
    monkeypatch.setenv("USER", "camille")
    with chdir(tmp_path):
        for command, shown, obtained in play(address, capsys):
            assert (command, steady(obtained)) == (command, steady(shown))


def test_the_guide_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    commands = re.findall(r"^  (\w+) ", capsys.readouterr().out.partition("Commandes")[2], re.M)
    guide = GUIDE.read_text(encoding="utf-8")
    assert [name for name in commands if not re.search(rf"(eligibility |`){name}\b", guide)] == []


def test_the_ceiling_of_the_guide_is_that_of_the_demonstration() -> None:
    assert CEILING + NEW_CEILING in GUIDE.read_text(encoding="utf-8")
