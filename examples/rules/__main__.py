"""Plays a vote of the board: a ceiling of 4,000 € from 1 January 2027, deployed while the service answers.

The applications go through the contract; everything else is the command `eligibility`, as a rules author
types it. The service is reached by its address alone (ADDRESS_ELIGIBILITY).
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path
from typing import Any

import grpc

from examples.municipal.__main__ import APPLICATIONS, SERVICE_CONFIG, application, explain
from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub

ADDRESS = os.environ.get("ADDRESS_ELIGIBILITY", "127.0.0.1:50051")
COMMAND = Path(sys.executable).with_name("eligibility")
NEW_CASES = Path(__file__).with_name("80-plafond-2027.yaml")
VERSION, FIRST_DAY = "2027.1", "2027-01-01"
CEILING = """\
amount_max:
  type: money
  label: Montant maximal
  values:
    - valid_from: 2011-01-01
      value: 3000.00
      reference: Règlement intérieur, article 2
"""
NEW_CEILING = f"""\
    - valid_from: {FIRST_DAY}
      value: 4000.00
      reference: Délibération n° 2026-48 du 15 décembre 2026
"""
SHADOW_SECONDS = 30

Json = dict[str, Any]


class DemoError(Exception):
    """The demonstration cannot go on; a French sentence."""


def step(number: int, title: str) -> None:
    """Announces a step."""
    print(f"\n{number}. {title}", flush=True)


def run(*words: str, actor: str = "camille", codes: tuple[int, ...] = (0,)) -> str:
    """Runs the command as a person would; gives what it prints."""
    where = {"ELIGIBILITY_SERVER": ADDRESS, "USER": actor}
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [str(COMMAND), *words], env={**os.environ, **where}, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        raise DemoError(f"eligibility {' '.join(words)} :\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout or done.stderr  # a refusal says why on the second


def show(*words: str, actor: str = "camille", codes: tuple[int, ...] = (0,), head: int | None = None) -> None:
    """Runs the command, and shows it with what it prints, or the beginning of it."""
    lines = [line.rstrip() for line in run(*words, actor=actor, codes=codes).splitlines() if line.strip()]
    cut = f" | head -{head}" if head else ""
    print("\n".join([f"   $ eligibility {shlex.join(words)}{cut}", *(f"   {line}" for line in lines[:head])]))


def ask(*words: str) -> Json:
    """Runs the command for its JSON document."""
    found: Json = json.loads(run(*words, "--json"))
    return found


def assess(stub: EligibilityServiceStub, case: Json, state_number: int = 0) -> pb.Assessment:
    """Has one application assessed, and so recorded, by no older rules than those of a state."""
    dossier = case["dossier"]
    request = AssessEligibilityRequest(
        case_reference=dossier["case"]["reference"],
        application=application(dossier, case["facts"]),
        min_state_number=state_number,
    )
    return stub.AssessEligibility(request).assessment


def dearer_car(request_date: str) -> Json:
    """The car of the demonstration without its grant: 3,700 € to borrow, the same facts otherwise."""
    case: Json = json.loads((APPLICATIONS / "07-achat-vehicule.json").read_text(encoding="utf-8"))
    dossier = case["dossier"]
    dossier["case"] = {"reference": "MC-2026-0111", "request_date": request_date}
    dossier["loan"]["amount"] = "3700.00"
    dossier["project"]["other_funding"] = dossier["project"]["other_funding"][:1]
    return case


def record(stub: EligibilityServiceStub) -> pb.Assessment:
    """Records every demonstration application, then the dearer car; gives the answer to the first."""
    files = sorted(APPLICATIONS.glob("*.json"))
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    answers = [assess(stub, case) for case in (*cases, dearer_car("2026-12-01"))]
    print(f"   {len(answers)} demandes de décembre 2026 évaluées et enregistrées.")
    return answers[0]


def write_version(folder: Path, old: str) -> None:
    """What the author edits: the dated value, its cases, the version."""
    edit(folder / "parameters.yaml", CEILING, CEILING + NEW_CEILING)
    edit(folder / "package.yaml", f'version: "{old}"', f'version: "{VERSION}"')
    (folder / "cases" / NEW_CASES.name).write_bytes(NEW_CASES.read_bytes())


def edit(file: Path, before: str, after: str) -> None:
    """Replaces the only occurrence of a text."""
    text = file.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise DemoError(f"{file.name} n’est pas celui que cette démonstration sait modifier.")
    file.write_text(text.replace(before, after), encoding="utf-8")


def prove(old: str, folder: Path) -> None:
    """What is proved of the new version, and of all that it changes."""
    print(f"   $ eligibility prove {folder}\n   {ask('prove', str(folder))['summary']}")
    words = ("diff", old, str(folder), "--prove")
    changed: Json = json.loads(run(*words, "--json", codes=(1,)))
    print(
        "\n".join(
            [
                f"   $ eligibility {shlex.join(words)} | tail -2",
                *(f"   {one}" for one in changed["proved"][-2:]),
            ]
        )
    )


def wait_for_shadow(number: str) -> None:
    """Waits until every recorded decision was compared."""
    limit = time.monotonic() + SHADOW_SECONDS
    while ask("shadow", "show", number)["pending_count"]:
        if time.monotonic() > limit:
            raise DemoError("L’essai à blanc n’a pas fini à temps.")
        time.sleep(0.2)


def answer_on(stub: EligibilityServiceStub, request_date: str) -> None:
    """Shows what the dearer car is told on a date."""
    state_number = int(ask("status")["package"]["state_number"])
    answer = assess(stub, dearer_car(request_date), state_number)
    year, month, number = request_date.split("-")
    reasons = " ; ".join(reason.message for reason in answer.reasons) or "aucun motif contre elle"
    told = f"version {answer.ruleset.version} : {answer.outcome_label.lower()} ({reasons})"
    print(f"   demande du {number}/{month}/{year}, 3 700 €, {told}")


def play(stub: EligibilityServiceStub, folder: Path) -> None:
    """The whole story."""
    step(1, "Le service répond avec le règlement d’origine")
    first = record(stub)
    step(2, "Le conseil vote 4 000 € au 1er janvier 2027 : l’autrice l’écrit, le relit et le publie")
    run("init", str(folder), "--from-server")
    write_version(folder, first.ruleset.version)
    show("diff", first.ruleset.version, str(folder), codes=(1,), head=6)
    prove(first.ruleset.version, folder)
    show("publish", str(folder), "--comment", "Délibération n° 2026-48")
    step(3, "À blanc sur les décisions enregistrées, comme si elles étaient du 1er janvier")
    started = ask("shadow", "start", VERSION, "--since", "2000-01-01", "--as-of", FIRST_DAY)
    number = started["name"].rpartition("/")[2]
    wait_for_shadow(number)
    show("shadow", "show", number)
    run("shadow", "stop", number)
    step(4, "Une autre personne l’active ; chaque demande suit les règles de sa date")
    show("activate", VERSION, "--from", FIRST_DAY, actor="dominique")
    answer_on(stub, "2026-12-31")
    answer_on(stub, FIRST_DAY)
    step(5, "Retour en arrière, aussitôt")
    show("rollback", actor="dominique")
    answer_on(stub, FIRST_DAY)
    step(6, "La première décision se rejoue à l’identique, et le journal est intact")
    show("replay", first.decision_id)
    show("verify")


def main() -> int:
    """Plays everything; the service is the same process from the first step to the last."""
    stub = EligibilityServiceStub(
        grpc.insecure_channel(ADDRESS, options=[("grpc.service_config", SERVICE_CONFIG)])
    )
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            play(stub, Path("reglement-2027"))
    except grpc.RpcError as error:
        print(f"Échec : {explain(error)}", file=sys.stderr)
        return 1
    except DemoError as error:
        print(f"Échec : {error}", file=sys.stderr)
        return 1
    print("\nLe service n’a pas été redémarré.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
