"""The command on a folder, without a server: what it prints, its JSON, its exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.eligibility.cli import main
from tests.eligibility_support import PACKAGE, copied_package, load_package

NOWHERE = "127.0.0.1:9"
CASES = len(load_package(PACKAGE).cases)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, with ordinary spaces."""
    code = main([str(word) for word in words])
    out, err = map(plain, capsys.readouterr())
    return code, out, err


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def document(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    """Exit code and JSON document; nothing else may be printed."""
    code, out, err = run(capsys, *words, "--json")
    assert err == ""
    return code, json.loads(out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped package, to edit."""
    return copied_package(tmp_path / "reglement")


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_init_copies_the_shipped_package_and_never_overwrites(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "nouveau"
    assert run(capsys, "init", new)[0] == 0
    copied = {path.relative_to(new): path.read_bytes() for path in new.rglob("*.yaml")}
    assert copied == {path.relative_to(PACKAGE): path.read_bytes() for path in PACKAGE.rglob("*.yaml")}
    edit(new / "package.yaml", "2026.1", "2027.1")
    code, _, err = run(capsys, "init", new)
    assert (code, "existe déjà" in err) == (1, True)
    assert "2027.1" in (new / "package.yaml").read_text(encoding="utf-8")


def test_check_accepts_the_shipped_package(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = document(capsys, "check", folder)
    assert (code, report["accepted"], report["version"]) == (0, True, "2026.1")
    assert report["case_count"] == CASES
    assert 0 < report["covered_condition_count"] <= report["condition_count"]
    assert {found["severity"] for found in report["findings"]} <= {"WARNING"}


def test_check_gives_every_finding_at_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder / "rules.yaml", "when: loan.amount > amount_max", "when: loan.amount > amont_max")
    edit(folder / "facts.yaml", "type: money", "type: monnaie")
    (folder / "notes.txt").write_text("à moi", encoding="utf-8")
    lines = (folder / "rules.yaml").read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "amont_max" in text)
    code, out, _ = run(capsys, "check", folder)
    assert code == 1
    assert re.search(rf"^rules\.yaml:{line}:\d+: « amont_max »", out, re.M)
    assert re.search(r"^facts\.yaml:\d+:\d+: « monnaie »", out, re.M)
    assert "notes.txt" in out
    code, report = document(capsys, "check", folder)
    assert (code, report["accepted"], report["ignored_files"]) == (1, False, ["notes.txt"])
    assert {(found["file"], found["line"]) for found in report["findings"]} >= {("rules.yaml", line)}


def test_the_cases_say_what_was_expected_and_what_is_obtained(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "test", folder)[:2] == (0, f"{CASES} cas joués, tous donnent ce qui est attendu.\n")
    edit(folder / "cases" / "10-pret.yaml", "instalment: 63.48", "instalment: 63.49")
    edit(folder / "cases" / "10-pret.yaml", "reasons: [AMOUNT_BELOW_MIN]", "reasons: [AMOUNT_ABOVE_MAX]")
    code, found = document(capsys, "test", folder)
    gaps = {case["id"]: case["gaps"] for case in found["cases"] if not case["passed"]}
    assert (code, found["failed_count"], set(gaps)) == (1, 2, {"E01", "E03"})
    assert gaps["E03"] == [{"what": "motifs", "expected": "AMOUNT_ABOVE_MAX", "obtained": "AMOUNT_BELOW_MIN"}]
    assert gaps["E01"] == [{"what": "Mensualité du prêt", "expected": "63,49 €", "obtained": "63,48 €"}]
    code, out, _ = run(capsys, "test", folder)
    assert (code, "E01" in out, "63,49 €" in out, "2 en échec" in out) == (1, True, True, True)


def test_diff_tells_two_folders_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = document(capsys, "diff", PACKAGE, folder)
    assert (code, found["changes"]) == (0, [])
    edit(folder / "parameters.yaml", "value: 3000.00", "value: 4000.00")
    code, out, _ = run(capsys, "diff", PACKAGE, folder)
    assert code == 1
    assert "Montant maximal (amount_max) : modification" in out
    assert "4 000,00 € au lieu de 3 000,00 €" in out
    code, found = document(capsys, "diff", PACKAGE, folder)
    assert [(change["section"], change["name"]) for change in found["changes"]] == [
        ("PARAMETERS", "amount_max")
    ]


def test_diff_tells_what_changes_over_the_cases(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder / "parameters.yaml", "value: 300.00", "value: 299.99")
    _, found = document(capsys, "diff", PACKAGE, folder)
    assert (found["cases"]["compared_count"], found["cases"]["left_out"]) == (CASES, [])
    assert found["cases"]["changes"] == [
        {
            "id": "E03",
            "base_outcome": "NOT_ELIGIBLE",
            "candidate_outcome": "ELIGIBLE",
            "added_reasons": [],
            "removed_reasons": ["AMOUNT_BELOW_MIN"],
        }
    ]
    out = run(capsys, "diff", PACKAGE, folder)[1]
    assert f"1 sur {CASES} cas d’essai change de réponse." in out
    assert "−AMOUNT_BELOW_MIN" in out


def test_diff_leaves_out_the_cases_that_the_base_cannot_assess(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder / "facts.yaml", "maximum: 600", "maximum: 700")
    edit(folder / "cases" / "10-pret.yaml", "loan.months: 36", "loan.months: 601")
    _, found = document(capsys, "diff", PACKAGE, folder)
    assert (found["cases"]["compared_count"], len(found["cases"]["left_out"])) == (CASES - 1, 1)


def test_the_rulebook_goes_to_the_screen_or_to_a_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "rulebook", folder, "--on", "01/12/2026")
    assert (code, out.startswith("# Microcrédit personnel accompagné\n")) == (0, True)
    file = tmp_path / "reglement.md"
    edit(folder / "package.yaml", "2026.1", "2027.1")
    code, printed, _ = run(
        capsys, "rulebook", folder, "--since", PACKAGE, "--on", "2026-12-01", "--output", file
    )
    assert (code, str(file) in printed) == (0, True)
    written = plain(file.read_text(encoding="utf-8"))
    assert "## Ce qui change depuis la version 2026.1" in written
    code, found = document(capsys, "rulebook", folder, "--since", PACKAGE, "--on", "2026-12-01")
    assert (found["date"], found["markdown"]) == ("2026-12-01", written)
    assert run(capsys, "rulebook", folder, "--on", "2010-12-31")[0] == 2


def test_a_signature_is_that_of_the_content(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "auteur.key"
    code, pair = document(capsys, "keygen", key)
    assert code == 0
    assert key.stat().st_mode & 0o077 == 0
    assert "PUBLIC" in Path(pair["public_key"]).read_text()
    assert run(capsys, "keygen", key)[0] == 1
    code, signed = document(capsys, "sign", folder, "--key", key)
    first = (folder / "signature.json").read_bytes()
    assert (code, json.loads(first)["algorithm"]) == (0, "ed25519")
    assert document(capsys, "sign", folder, "--key", key)[1] == signed
    edit(folder / "package.yaml", "2026.1", "2027.1")
    assert document(capsys, "sign", folder, "--key", key)[1] != signed
    assert run(capsys, "sign", folder, "--key", folder / "package.yaml")[0] == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["activate"], "Il manque VERSION."),
        (["activate", "1", "--from", "2027-02-30"], "--from : « 2027-02-30 » n’est pas une date"),
        (["activate", "1", "--form", "2027-01-01"], "L’option --form n’existe pas"),
        (["compare", "1", "--over", "tout"], "--over : « tout » n’est ni cases, ni decisions, ni un fichier"),
        (["decisions", "--limit", "500"], "--limit : « 500 » n’est pas un nombre de 1 à 200"),
        (["status", "--actor", "Zoé"], "--actor : le nom"),
        (["verify", "--head", "42"], "--head attend le rang et le sceau"),
        (["annuler"], "La commande n’existe pas"),
        (["check", "/nulle/part"], "n’existe pas"),
        (["diff", "/nulle/part"], "Il manque APRÈS."),
    ],
)
def test_a_badly_written_command_is_told_in_french(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert told in err
    code, found = document(capsys, *words)
    assert code == 2
    assert told in found["error"]["message"]


def test_an_absent_server_is_one_sentence_and_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["status"], ["replay", "0"], ["publish", PACKAGE], ["diff", "2026.1", PACKAGE]):
        code, out, err = run(capsys, *words, "--server", NOWHERE)
        assert (code, out, err) == (3, "", f"Le serveur {NOWHERE} ne répond pas.\n")


def commands(text: str) -> list[str]:
    """The names listed under « Commandes »."""
    return re.findall(r"^  (\w+) ", text.partition("Commandes")[2], re.M)


def test_the_help_is_in_french_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    names = [[name] for name in commands(out)]
    names += [["shadow", name] for name in commands(run(capsys, "shadow", "--help")[1])]
    assert len(names) == 30
    for name in names:
        code, out, _ = run(capsys, *name, "--help")
        assert (code, out.startswith(f"Utilisation : eligibility {name[0]}")) == (0, True)
        assert not re.search(r"Usage|Options:|Arguments:|Show this|\[required\]|default", out)


def test_a_server_command_loads_neither_the_engine_nor_the_logic() -> None:
    script = (
        "import sys; from services.eligibility.cli import main; "
        f"code = main(['status', '--server', '{NOWHERE}']); "
        "print(code, *sorted(m for m in sys.modules if m.startswith(('durable', 'sqlalchemy', 'ruamel', "
        "'services.eligibility.engine', 'services.eligibility.package'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
