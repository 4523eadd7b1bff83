"""The command `bank-registry` as a keeper and a machine run it, against a running server."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from services.bank_registry.cli.main import app, main
from tests.bank_registry_support import run_import
from tests.support import ROOT, Launch, RunningServer
from tests.tables_support import ods, ods_sheet

SAMPLE = ROOT / "services" / "bank_registry" / "samples" / "preteurs-fictifs.json"
DECEMBER = ROOT / "examples" / "registry" / "decembre-2026.csv"
OUST = "banque-fictive-de-l-oust"
LOAN = ("--commune", "56165", "--amount", "1 500,00", "--months", "24", "--on", "01/12/2026")


@pytest.fixture(scope="module")
def server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> RunningServer:
    url = f"sqlite:///{tmp_path_factory.mktemp('cli')}/registry.sqlite3"
    assert run_import(url, SAMPLE).returncode == 0
    return launch("services.bank_registry", "--workers", "1", "--database-url", url)


@dataclass
class Done:
    """What a command gave."""

    returncode: int
    stdout: str
    stderr: str


def command(server: str, *words: str) -> Done:
    """Runs the command as its script does."""
    with (
        patch.dict(os.environ, {"BANK_REGISTRY_SERVER": server, "USER": "camille"}),
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as err,
    ):
        code = main(words)
    return Done(code, out.getvalue(), err.getvalue())


def said(done: Done) -> str:
    """What it prints, with ordinary spaces."""
    return done.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def ask(server: RunningServer, *words: str, code: int = 0) -> Any:
    done = command(server.address, *words, "--json")
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    return json.loads(done.stdout)


def test_every_command_is_told_in_french() -> None:
    done = command("", "--help")
    names = {
        found.name or found.callback.__name__.rstrip("_")
        for found in app.registered_commands
        if found.callback
    }
    assert {"import", "suspend", "undo", "communes", "publish", "alerts", "accesses"} <= names
    assert all(f"\n  {name} " in done.stdout for name in names)
    assert not {"Usage", "Options:", "Commands", "Show this"} & set(done.stdout.split())


def test_a_refused_line_shows_where_and_why_and_in_the_exit_code(server: RunningServer) -> None:
    done = command(server.address, "import", str(DECEMBER))
    assert (done.returncode, done.stderr) == (1, "")
    shown = said(done)
    assert "5       dernier jour de l’accord" in shown
    assert "La date 31/02/2028 n’existe pas" in shown
    assert "2,5          3" in shown
    assert "Rien n’est écrit." in shown
    found = ask(server, "import", str(DECEMBER), code=1)
    assert found["summary"]["refused_count"] == 2
    assert not found["summary"]["applied"]
    assert [one["line"] for one in found["difference"]["refusals"]] == [5, 8]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_an_export_is_the_file_that_was_proved_and_imports_as_unchanged(
    server: RunningServer, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"preteurs.{suffix}"
    header = ask(server, "export", str(file))
    assert header["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    found = ask(server, "import", str(file))
    assert found["summary"]["unchanged_count"] == header["bank_count"]
    assert found["difference"]["banks"] == []


def test_a_table_of_libreoffice_is_proved_and_one_of_two_encodings_refused(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "preteurs.csv"
    ask(server, "export", str(file))
    table = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")), delimiter=";"))
    book = tmp_path / "preteurs.ods"
    book.write_bytes(ods(ods_sheet(*table)))
    assert ask(server, "import", str(book))["difference"]["banks"] == []
    file.write_bytes(file.read_bytes() + "mêlé;\r\n".encode("cp1252"))
    done = command(server.address, "import", str(file))
    assert (done.returncode, "mêle deux encodages" in done.stderr.replace("\u00a0", " ")) == (1, True)
    assert f"la ligne {len(table) + 1} ne l’est pas" in done.stderr.replace("\u00a0", " ")


def test_a_source_keeps_the_names_of_its_columns_in_a_table(server: RunningServer, tmp_path: Path) -> None:
    file, names = tmp_path / "caisse.csv", tmp_path / "colonnes.csv"
    ask(server, "export", str(file))
    header, rest = file.read_text(encoding="utf-8-sig").split("\n", 1)
    file.write_text(header.replace("dernier jour de l’accord", "date de fin") + "\n" + rest, encoding="utf-8")
    names.write_text("fichier;registre\ndate de fin;dernier jour de l’accord\n", encoding="utf-8")
    assert "« date de fin »" in command(server.address, "import", str(file)).stderr.replace("\u00a0", " ")
    assert ask(server, "import", str(file), "--columns", str(names))["difference"]["banks"] == []
    names.write_text("titre;registre\na;b\n", encoding="utf-8")
    wrong = command(server.address, "import", str(file), "--columns", str(names))
    assert (wrong.returncode, "« fichier »" in wrong.stderr.replace("\u00a0", " ")) == (1, True)


def test_a_template_has_every_column(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "modele.csv"
    assert command("", "template", str(file)).returncode == 0
    assert "identifiant;nom;type;SIREN" in file.read_text(encoding="utf-8-sig")
    assert command("", "template", str(file)).returncode == 1
    assert command("", "template", str(tmp_path / "m.pdf")).returncode == 2


def test_lenders_are_found_shown_and_checked(server: RunningServer) -> None:
    assert OUST in said(command(server.address, "search", "oust"))
    near = said(command(server.address, "search", "banque OUSTE"))
    assert (OUST in near, "Rien ne répond à « banque OUSTE »" in near) == (True, True)
    assert "0 prêteur trouvé" in said(command(server.address, "search", "zzzzzz"))
    assert "Rien ne répond" in said(command(server.address, "communes", "plormel"))
    shown = said(command(server.address, "show", OUST))
    assert "SIREN : 999900103" in shown
    assert "du 01/01/2024 au 31/12/2027" in shown
    checked = command(server.address, "check", OUST, *LOAN)
    assert (checked.returncode, "accord FCS-FICTIF-2024-017" in said(checked)) == (0, True)
    refused = command(server.address, "check", "banque-fictive-du-blavet", *LOAN)
    assert (refused.returncode, "s’est terminé le 31 décembre 2025" in said(refused)) == (1, True)
    assert "4 prêteurs peuvent prendre la demande" in said(command(server.address, "select", *LOAN))


def test_a_suspension_is_made_seen_and_lifted(server: RunningServer) -> None:
    lender = "caisse-fictive-de-broceliande"
    tried = (
        "suspend",
        lender,
        "--from",
        "7 déc. 2026",
        "--until",
        "13 décembre 2026",
        "--reason",
        "Contrôle",
    )
    assert "rien n’est écrit" in said(command(server.address, *tried, "--dry-run"))
    assert ask(server, *tried)["bank"]["suspensions"][0]["end_date"] == {"year": 2026, "month": 12, "day": 14}
    codes = {
        day: command(server.address, "check", lender, *LOAN[:-1], day).returncode
        for day in ("06/12/2026", "07/12/2026", "13/12/2026", "14/12/2026")
    }
    assert list(codes.values()) == [0, 1, 1, 0]
    lifted = ("reinstate", lender, "--from", "10/12/2026", "--reason", "Contrôle fini")
    assert command(server.address, *lifted).returncode == 0
    assert command(server.address, "check", lender, *LOAN[:-1], "10/12/2026").returncode == 0
    told = said(command(server.address, "history", lender))
    assert "Motif : Contrôle fini" in told
    assert "camille" in told
    assert ask(server, "check", lender, *LOAN[:-1], "10/12/2026", "--known", "2020-01-01", code=1)["error"][
        "reason"
    ]


def test_what_is_to_verify_is_an_exit_code(server: RunningServer) -> None:
    assert ask(server, "stale", "--on", "01/12/2030", code=1)["banks"]
    due = {bank["name"] for bank in ask(server, "stale", "--on", "01/12/2026", code=1)["banks"]}
    assert due == {"banks/credit-municipal-fictif-de-bretagne"}


def test_the_audit_is_verified_against_a_head_kept_elsewhere(server: RunningServer) -> None:
    found = ask(server, "verify")
    head = f"{found['head']['sequence']}:{found['head']['hash']}"
    assert found["whole"]
    assert command(server.address, "verify", "--head", head).returncode == 0
    forged = f"{found['head']['sequence']}:{'0' * 64}"
    assert command(server.address, "verify", "--head", forged).returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["import"], 2, "Il manque FICHIER."),
        (["import", "absent.csv"], 1, "Le fichier absent.csv ne peut pas être lu."),
        (["import", str(DECEMBER), "--yes"], 2, "--reason"),
        (["import", str(DECEMBER), "--complete"], 2, "--on"),
        (["export", "preteurs.pdf"], 2, ".csv, .xlsx ou .jsonl"),
        (["show", "inconnu"], 1, "Aucun prêteur connu"),
        (["suspend", OUST, "--from", "32/12/2026", "--reason", "x"], 2, "n’est pas une date"),
        (
            ["check", OUST, "--commune", "56800", "--amount", "1500", "--months", "24"],
            1,
            "56800 est un code postal",
        ),
        (
            ["check", OUST, "--commune", "56165", "--amount", "beaucoup", "--months", "24"],
            2,
            "n’est pas un montant",
        ),
        (["verify", "--head", "1"], 2, "numéro:empreinte"),
        (["verifie"], 2, "n’existe pas"),
    ],
)
def test_what_goes_wrong_is_said_in_french(
    server: RunningServer, words: list[str], code: int, sentence: str
) -> None:
    done = command(server.address, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Traceback" not in done.stderr


def test_a_server_that_does_not_answer_is_another_exit_code() -> None:
    done = command("127.0.0.1:9", "search")
    assert (done.returncode, done.stderr) == (3, "Le serveur 127.0.0.1:9 ne répond pas.\n")


def test_the_gestures_of_the_keeper_are_commands(server: RunningServer) -> None:
    lender, agreement = OUST, "fcs-2024"
    why = ("--reason", "Avenant")
    extended = ("extend", lender, "--agreement", agreement, "--last", "31/12/2029", *why)
    assert "son dernier jour est le 31 décembre 2029" in said(command(server.address, *extended))
    assert "du 01/01/2024 au 31/12/2029" in said(command(server.address, "show", lender))
    ended = ask(server, "end", lender, "--agreement", agreement, "--last", "31/12/2028", *why)
    undone = command(server.address, "undo", lender, "--state", str(ended["state_number"]), *why)
    assert "Accord FCS-FICTIF-2024-017 : dernier jour le 31 décembre 2029." in said(undone)
    suspended = ("suspend", lender, "--from", "01/03/2029", "--until", "31/03/2029", *why)
    assert command(server.address, *suspended).returncode == 0
    prolonged = ("prolong", lender, "--from", "10/03/2029", "--until", "30/04/2029", *why)
    assert "au 30 avril 2029" in said(command(server.address, *prolonged))
    assert command(server.address, "end", lender, *why).returncode == 2
    assert "56138" not in said(command(server.address, "communes", "ploermel"))
    assert "56165" in said(command(server.address, "communes", "ploermel"))
    told = said(command(server.address, "changes", "--after", str(int(ended["state_number"]) - 1)))
    assert f"banks/{lender}/agreements/{agreement}" in told
    assert command(server.address, "reservations", lender, "--agreement", agreement).returncode == 0
    head = said(command(server.address, "head")).strip()
    assert command(server.address, "verify", "--head", head).returncode == 0


def settings(*written: str) -> list[str]:
    return [word for one in written for word in ("--set", one)]


def test_a_change_of_the_past_is_announced_and_confirmed(server: RunningServer) -> None:
    lender = "credit-cooperatif-fictif-breton"
    made = ("create", lender, "--set", "nom=Crédit fictif", "--set", "type=association", "--reason", "Accord")
    told = said(command(server.address, *made, "--set", "SIREN=999900202"))
    assert "entré au registre" in told
    terms = settings(
        "référence de l’accord=F-1",
        "territoire=départements",
        "codes du territoire=56, 35",
        "début de l’accord=01/01/2026",
        "dernier jour de l’accord=31/12/2027",
        "montant maximal (€)=1 500,00",
    )
    agreement = ("create", lender, "--agreement", "f-1", *terms, "--reason", "Accord")
    refused = command(server.address, *agreement)
    assert (refused.returncode, "du 01/01/2026 au" in refused.stderr) == (1, True)
    assert "--correct" in refused.stderr
    tried = said(command(server.address, *agreement, "--dry-run"))
    assert "le passé est corrigé" in tried
    assert "ajoutez --correct" in tried
    found = ask(server, *agreement, "--correct")
    assert found["agreement"]["end_date"] == {"year": 2028, "month": 1, "day": 1}
    assert found["agreement"]["territory_codes"] == ["56", "35"]
    changed = ("update", lender, "--agreement", "f-1", "--set", "Montant maximal=2000", "--reason", "Avenant")
    dated = said(command(server.address, *changed, "--from", "01/01/2027"))
    assert "Jours touchés : du 01/01/2027 au 31/12/2027." in dated
    assert "montants acceptés à partir du 1er janvier 2027" in dated
    assert command(server.address, *changed).returncode == 1
    cleared = ask(server, *changed[:-2], "--set", "vérifié le=", "--reason", "x", "--correct")
    assert "verified_on" not in cleared["agreement"]
    terms = settings(
        "service destinataire=Service",
        "adresse 1=1 rue",
        "adresse 2=Bâtiment B",
        "code postal=56800",
        "ville=Ploërmel",
        "début de la convention=01/01/2028",
    )
    convention = ("create", lender, "--convention", "cias", *terms, "--reason", "x")
    assert ask(server, *convention)["local_convention"]["address_lines"] == ["1 rue", "Bâtiment B"]
    suspended = ("suspend", lender, "--convention", "cias", "--from", "01/02/2028", "--reason", "x")
    assert f"{lender}, convention cias : suspendu" in said(command(server.address, *suspended))
    wrong = command(server.address, *changed[:4], "--set", "montant maximum=1", "--reason", "x")
    assert (wrong.returncode, "« montant maximal (€) »" in said(Done(0, wrong.stderr, ""))) == (2, True)


def test_a_merger_is_one_command(server: RunningServer) -> None:
    into = "caisse-fictive-de-broceliande"
    merger = ("merge", OUST, "--into", into, "--from", "01/01/2028", "--reason", "Fusion")
    assert "rien n’est écrit" in said(command(server.address, *merger, "--dry-run"))
    done = command(server.address, *merger)
    assert f"{OUST} : repris par {into} à partir du 1er janvier 2028." in said(done), done.stderr
    assert "FCS-FICTIF-2024-017 : entrée au registre, à partir du 1er janvier 2028" in said(done)
    told = said(command(server.address, "check", OUST, *LOAN[:-1], "02/01/2028"))
    assert "Caisse" in told
