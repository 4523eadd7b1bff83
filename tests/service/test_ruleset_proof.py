"""What a publication counts of the cases of a ruleset, quotes and waives, through a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.eligibility.cli import main
from tests.ruleset_support import Rules, refusal, serving, written
from tests.small_reglement import small_reglement
from tests.support import Launch


def test_a_ruleset_whose_cases_see_too_little_asks_for_a_reason(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(launch) as rules:
        monkeypatch.setenv("ELIGIBILITY_SERVER", rules.address)
        _refused(rules)
        _quoted(rules, tmp_path, capsys)


def _refused(rules: Rules) -> None:
    weak = small_reglement("2027.1", at_the_bounds=False)
    refused = refusal(rules.publish, weak, waiver="")
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "WAIVER_REQUIRED")
    assert refused.metadata.items() >= {"mutations": "24", "seen": "12", "equivalent": "0"}.items()
    assert refusal(rules.publish, weak, waiver="", validate_only=True).reason == "WAIVER_REQUIRED"
    assert len(rules.events()) == 2
    found = rules.publish(small_reglement("2027.1"), waiver="").report.ruleset
    assert (found.mutation_count, found.seen_mutation_count) == (24, 24)


def _quoted(rules: Rules, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command quotes the report of this very folder, and no other."""
    weak = str(written(folder / "faible", small_reglement("2027.2", at_the_bounds=False)))
    good = str(written(folder / "bon", small_reglement("2027.3")))
    report, altered = folder / "rapport.json", folder / "change.json"
    assert main(["prove", weak, "--report", str(report)]) == 1
    digest = json.loads(report.read_bytes())["digest"]
    assert digest in capsys.readouterr().out
    assert main(["publish", good, "--proof", str(report)]) == 1
    assert "celui d’un autre contenu" in capsys.readouterr().err
    altered.write_text(report.read_text().replace('"percent": 50.0', '"percent": 99.0'))
    assert main(["publish", weak, "--proof", str(altered)]) == 1
    assert "a été modifié" in capsys.readouterr().err
    assert main(["publish", weak, "--proof", str(report)]) == 1
    told = capsys.readouterr().err
    assert "rules.yaml:8:9" in told
    assert "« 300,00 € » devient « 300,01 € »".replace(" ", "\u00a0") in told.replace(" ", "\u00a0")
    assert main(["publish", weak, "--proof", str(report), "--waiver", "Vote de ce soir"]) == 0
    said = rules.events()[0].ruleset
    assert (said.proof, said.waiver, said.mutation_count, said.seen_mutation_count) == (
        digest,
        "Vote de ce soir",
        24,
        12,
    )
    capsys.readouterr()
    assert main(["history"]) == 0
    shown = capsys.readouterr().out.replace("\u00a0", " ")
    for expected in ("score 50 %", f"preuve citée : {digest[:12]}…", "dispense : Vote de ce soir"):
        assert expected in shown
