"""Plays a keeper's morning on the registry, while the service answers.

Everything is the command `bank-registry`, as a keeper types it. The service is reached by its address alone
(ADDRESS_BANK_REGISTRY) and holds the fictitious lenders.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from contextlib import chdir
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ADDRESS = os.environ.get("ADDRESS_BANK_REGISTRY", "127.0.0.1:50053")
COMMAND = Path(sys.executable).with_name("bank-registry")
FILE = Path(__file__).with_name("decembre-2026.csv")
TODAY = date(2026, 12, 3)
"""The Thursday of the story."""
NEXT_MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())
LENDER = "credit-municipal-fictif-de-bretagne"
SUSPENDED = "banque-fictive-de-l-oust"
LOAN = ("--commune", "56165", "--amount", "1500", "--months", "24")

Json = dict[str, Any]


class DemoError(Exception):
    """The demonstration cannot go on; a French sentence."""


def step(number: int, title: str) -> None:
    """Announces a step."""
    print(f"\n{number}. {title}", flush=True)


def run(*words: str, codes: tuple[int, ...] = (0,)) -> str:
    """Runs the command as a person would; gives what it prints."""
    where = {"BANK_REGISTRY_SERVER": ADDRESS, "USER": "camille"}
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [str(COMMAND), *words], env={**os.environ, **where}, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        raise DemoError(f"bank-registry {' '.join(words)} :\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


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
    step(4, "Son histoire, en français")
    show("history", SUSPENDED)
    step(5, "Ce qui est exporté se réimporte sans rien changer")
    show("export", "preteurs.xlsx")
    show("import", "preteurs.xlsx")
    step(6, "Le journal d’audit est intact")
    show("verify")


def main() -> int:
    """Plays everything; the service is the same process from the first step to the last."""
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            Path(FILE.name).write_bytes(FILE.read_bytes())
            play()
    except DemoError as error:
        print(f"Échec : {error}", file=sys.stderr)
        return 1
    print("\nLe service n’a pas été redémarré.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
