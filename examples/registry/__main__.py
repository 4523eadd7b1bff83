"""Plays a keeper's morning on the registry, while the service answers.

Everything is the command `bank-registry`, as a keeper types it, but a reservation, which the software of
the instructors makes. The service is reached by its address alone (ADDRESS_BANK_REGISTRY) and holds the
fictitious lenders; the last step alone writes in the file of its store (BANK_REGISTRY_DATABASE_URL), as
nobody should. The site is left in out/registre.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import grpc
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money

from microcredit.bankregistry.v1 import envelope_service_pb2 as pb
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceStub
from services.bank_registry.cli import main

ADDRESS = os.environ.get("ADDRESS_BANK_REGISTRY", "127.0.0.1:50053")
FILE = Path(__file__).with_name("decembre-2026.csv")
TODAY = date(2026, 12, 3)
"""The Thursday of the story."""
NEXT_MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())
LENDER = "credit-municipal-fictif-de-bretagne"
SUSPENDED = "banque-fictive-de-l-oust"
AMENDED = "caisse-fictive-de-broceliande"
UNDONE = "banque-fictive-de-la-vilaine"
MERGED, MERGED_AGREEMENT = "fondation-fictive-des-landes-de-lanvaux", "fcs-2026"
INTO = UNDONE
LARGER_LOAN = ("--commune", "56165", "--amount", "3500", "--months", "24")
STORE = os.environ.get("BANK_REGISTRY_DATABASE_URL", "")
OUT = Path("out", "registre").absolute()
GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'agreement_version'"
PAST = """
SELECT amount_max + 100000, agreement_key, start_date, recorded_from FROM agreement_version
WHERE recorded_to < (SELECT max(recorded_to) FROM agreement_version)
AND agreement_key = (SELECT agreement_key FROM agreement WHERE agreement_id = 'fcs-2025') LIMIT 1
"""
CHANGE = """
UPDATE agreement_version SET amount_max = ? WHERE agreement_key = ? AND start_date = ? AND recorded_from = ?
"""
LOAN = ("--commune", "56165", "--amount", "1500", "--months", "24")

Json = dict[str, Any]


class DemoError(Exception):
    """The demonstration cannot go on; a French sentence."""


def step(number: int, title: str) -> None:
    """Announces a step."""
    print(f"\n{number}. {title}", flush=True)


def run(*words: str, codes: tuple[int, ...] = (0,)) -> str:
    """Runs the command as its script does; gives what it prints."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(words)
    if code not in codes:
        said = f"{out.getvalue()}{err.getvalue()}".rstrip()
        raise DemoError(f"bank-registry {' '.join(words)} :\n{said}")
    return out.getvalue()


def show(*words: str, codes: tuple[int, ...] = (0,)) -> None:
    """Runs the command, and shows it with what it prints."""
    lines = [line.rstrip() for line in run(*words, codes=codes).splitlines() if line.strip()]
    print("\n".join([f"   $ bank-registry {shlex.join(words)}", *(f"   {line}" for line in lines)]))


def ask(*words: str, codes: tuple[int, ...] = (0,)) -> Json:
    """Runs the command for its JSON document."""
    found: Json = json.loads(run(*words, "--json", codes=codes))
    return found


def french(day: date) -> str:
    """`07/12/2026`, which the command reads too."""
    return f"{day:%d/%m/%Y}"


def import_the_file() -> str:
    """Shows the difference, writes it; gives the instant just before."""
    before = str(ask("history", LENDER)["events"][0]["record_time"])
    show("import", FILE.name, codes=(1,))
    digest = ask("import", FILE.name, codes=(1,))["summary"]["difference_hash"]
    words = ("--apply", digest, "--correct", "--reason", "Avenants de décembre 2026")
    written = ask("import", FILE.name, *words, codes=(1,))["summary"]
    print(
        f"   $ bank-registry import {FILE.name} --apply {digest[:12]}… --correct "
        "--reason 'Avenants de décembre 2026'"
    )
    refused = f"les {written['refused_count']} prêteurs refusés restent comme ils étaient"
    print(f"   État n° {written['state_number']} écrit, d’un seul coup ; {refused}.")
    return before


def check_in_time(before: str) -> None:
    """The same application to one lender: three days, as known before the import and as known now."""
    days = (date(2025, 12, 15), date(2026, 12, 15), date(2027, 1, 15))
    print(f"   $ bank-registry check {LENDER} {shlex.join(LOAN)} --on … [--known …]")
    print(f"   {'demande du':<12} {'connu avant l’import':<50} connu maintenant")
    for day in days:
        answers = [
            answer(ask("check", LENDER, *LOAN, "--on", french(day), *known, codes=(0, 1)))
            for known in (("--known", before), ())
        ]
        print(f"   {french(day):<12} {answers[0]:<50} {answers[1]}")


def answer(found: Json) -> str:
    """`possible`, or the first reason against it."""
    check = found["check"]
    return "possible" if check["selectable"] else f"non : {check['reasons'][0]['message']}"


def suspend() -> None:
    """Suspends a lender from next Monday, and shows who can be chosen before and from then."""
    show("suspend", SUSPENDED, "--from", french(NEXT_MONDAY), "--reason", "Contrôle de ses dossiers")
    for day in (NEXT_MONDAY - timedelta(days=1), NEXT_MONDAY):
        checks = ask("select", *LOAN, "--on", french(day))["checks"]
        named = [check["bank"]["name"].removeprefix("banks/") for check in checks if check["selectable"]]
        print(f"   {day:%d/%m/%Y} : {len(named)} prêteurs possibles : {', '.join(named)}")


def table(name: str, largest: str) -> str:
    """A table that speaks of one agreement and of its maximum alone: the rest stays as it is."""
    head = "identifiant;nom;type;SIREN;accord;référence de l’accord;territoire;codes du territoire;"
    head += "début de l’accord;dernier jour de l’accord;montant maximal (€)"
    row = f"{AMENDED};Caisse fictive de Brocéliande;établissement de crédit;999900111;fcs-2025;"
    row += f"FCS-FICTIF-2025-002;EPCI;200066777;01/01/2025;31/12/2027;{largest}"
    Path(name).write_text(f"{head}\n{row}\n", encoding="utf-8")
    return name


def amend() -> None:
    """An amendment from January: the answers of the days before it do not move."""
    file = table("avenant.csv", "4000,00")
    show("import", file, "--from", "01/01/2027", "--yes", "--reason", "Avenant n° 1")
    for day in (date(2026, 12, 15), date(2027, 1, 15)):
        found = ask("check", AMENDED, *LARGER_LOAN, "--on", french(day), codes=(0, 1))
        print(f"   3 500 € demandés le {french(day)} : {answer(found)}")


def correct() -> None:
    """What was wrong since the beginning: refused as long as it is not said to correct the past."""
    file = table("correction.csv", "3600,00")
    show("import", file, codes=(0, 1))
    words = ("import", file, "--yes", "--reason", "Le maximum avait été mal recopié")
    refused = ask(*words, codes=(1,))["error"]
    print(f"   Sans --correct : {refused['message']}")
    ask(*words, "--correct")
    found = ask("check", AMENDED, *LARGER_LOAN, "--on", "15/12/2026")
    print(f"   Avec --correct, 3 500 € demandés le 15/12/2026 : {answer(found)}")


def undo() -> None:
    """An end written by mistake, and undone by the number of its state."""
    state = ask("end", UNDONE, "--last", "31/12/2026", "--reason", "Fin saisie sur le mauvais prêteur")
    number = str(state["state_number"])
    print(f"   $ bank-registry end {UNDONE} --last 31/12/2026 …   (état n° {number}, par erreur)")
    show("undo", UNDONE, "--state", number, "--reason", "Fin enregistrée par erreur")


def reserve() -> None:
    """A place in the envelope of an agreement, as the software of the instructors takes one."""
    request = pb.ReserveEnvelopeRequest(
        parent=f"banks/{MERGED}/agreements/{MERGED_AGREEMENT}",
        amount=Money(currency_code="EUR", units=1000),
        on_date=Date(year=2027, month=1, day=15),
        case_reference="2026-0187",
    )
    with grpc.insecure_channel(ADDRESS) as channel:
        remaining = EnvelopeServiceStub(channel).ReserveEnvelope(request).remaining.units
    print(f"   Dossier 2026-0187 : 1 000 € réservés à {MERGED} pour le 15/01/2027 ; il reste {remaining} €.")


def merge() -> None:
    """A lender goes on inside another one: its agreement keeps its envelope, and the place that is taken."""
    reserve()
    words = ("merge", MERGED, "--into", INTO, "--from", "01/01/2027", "--reason", "Fusion")
    foreseen = ask(*words, "--dry-run")["effect"]
    changed = len(foreseen["answers"])
    print(f"   À l’essai : {foreseen['reservation_count']} réservation refaite, {changed} réponse change.")
    show(*words)
    agreements = ask("show", INTO, "--on", "15/01/2027")["agreements"]
    taken = next(one for one in agreements if one["continues"].startswith(f"banks/{MERGED}/"))
    show("reservations", INTO, "--agreement", taken["name"].rpartition("/")[2])


def tamper() -> None:
    """Somebody who holds the file of the store changes a past version behind the back of the service."""
    where = STORE.removeprefix("sqlite:///")
    with closing(sqlite3.connect(where)) as store, store:
        guards = store.execute(GUARDS).fetchall()
        for name, _ in guards:
            store.execute(f"DROP TRIGGER {name}")
        store.execute(CHANGE, store.execute(PAST).fetchone())
        for _, rule in guards:
            store.execute(rule)
    print("   Dans le fichier de la base, à la main : le maximum d’une version passée gagne 1 000 €.")
    show("verify", codes=(1,))


def publish() -> None:
    """The open register, and its picture where there is a browser."""
    show("publish", str(OUT), "--on", french(TODAY))
    if browser := shutil.which("chromium"):
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,1500"]
        picture, page = OUT.with_suffix(".png"), OUT / "preteurs" / f"{AMENDED}.html"
        command = [browser, *options, f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own command, no shell
        print(f"   Page de {AMENDED}, vue par Chromium : {picture}")


def play() -> None:
    """The whole story."""
    step(
        1, "La gestionnaire importe le fichier de décembre : deux lignes sont fausses, les autres sont bonnes"
    )
    before = import_the_file()
    step(2, "Le même prêteur, trois dates de demande, deux dates de connaissance")
    check_in_time(before)
    step(3, f"Nous sommes jeudi {french(TODAY)} : un prêteur est suspendu à partir de lundi")
    suspend()
    step(4, "Un avenant relève un maximum à partir de janvier : le passé ne bouge pas")
    amend()
    step(5, "Le maximum était faux depuis le début : la correction du passé s’annonce et se confirme")
    correct()
    step(6, "Une fin saisie par erreur se défait")
    undo()
    step(7, "Un prêteur fusionne dans un autre : l’enveloppe et sa réservation suivent")
    merge()
    step(8, "Son histoire, en français")
    show("history", SUSPENDED)
    step(9, "Ce qui est exporté se réimporte sans rien changer")
    show("export", "preteurs.xlsx")
    show("import", "preteurs.xlsx")
    step(10, "Le registre est publié : un site sans script, et des données ouvertes")
    publish()
    step(11, "Le journal d’audit est intact")
    show("verify")
    step(12, "Puis quelqu’un récrit le passé dans la base, et la vérification dit quoi")
    tamper()


def tell() -> int:
    """Plays everything; the service is the same process from the first step to the last."""
    try:
        os.environ |= {"BANK_REGISTRY_SERVER": ADDRESS, "USER": "camille"}
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            Path(FILE.name).write_bytes(FILE.read_bytes())
            play()
    except DemoError as error:
        print(f"Échec : {error}", file=sys.stderr)
        return 1
    print("\nLe service n’a pas été redémarré.")
    return 0


if __name__ == "__main__":
    sys.exit(tell())
