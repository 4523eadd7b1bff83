"""Plays a vote of the board: a ceiling of 4,000 € from 1 January 2027, deployed while the service answers.

A version that cannot decide is refused; the cases of the good one are completed by those that are proved to
be missing; the difference with the version in force becomes a Word note for the board; another person
activates it; one person's application is then talked over. The applications go through the contract;
everything else is the commands `eligibility` and `documents`, as people type them. Services are reached by
their addresses alone (ADDRESS_ELIGIBILITY, ADDRESS_DOCUMENTS).
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

import grpc

from examples.municipal.__main__ import APPLICATIONS, application, explain
from examples.municipal.values import money, text_of
from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1.eligibility_service_pb2 import (
    AssessEligibilityRequest,
    ExploreLoanTermsRequest,
    SuggestChangesRequest,
)
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub

ADDRESS = os.environ.get("ADDRESS_ELIGIBILITY", "127.0.0.1:50051")
DOCUMENTS = os.environ.get("ADDRESS_DOCUMENTS", "127.0.0.1:50052")
COMMANDS = Path(sys.executable).parent
NOTE = Path("out", "rules", "note-conseil.docx").resolve()
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
PENSION = """\
household.pension:
  source: additional
  type: money
  label: Pension alimentaire versée
  question: Quelle pension alimentaire est versée chaque mois ?
  minimum: 0.00
  maximum: 100000.00
  when_absent: not_applicable
  personal_data: ordinary

"""
"""A fact that does not apply to most people: what is calculated from it alone cannot be decided for them."""
BEFORE_PENSION, REMAINDER = "# Le ménage et son budget", "budget.debt_repayments - instalment"
LEVERS = ("loan.amount", "project.total_cost", "project.other_funding")
"""What this person would rather change."""
SERVICE_CONFIG = json.dumps({"methodConfig": [{"name": [{}], "timeout": "120s"}]})
"""How long a call may last: the machine of a demonstration may do other things."""

Json = dict[str, Any]


class DemoError(Exception):
    """The demonstration cannot go on; a French sentence."""


def step(number: int, title: str) -> None:
    """Announces a step."""
    print(f"\n{number}. {title}", flush=True)


def run(*words: str, actor: str = "camille", codes: tuple[int, ...] = (0,)) -> str:
    """Runs the command `eligibility` as a person would; gives what it prints."""
    return _printed("eligibility", *words, actor=actor, codes=codes)


def _printed(command: str, *words: str, actor: str, codes: tuple[int, ...]) -> str:
    where = {"ELIGIBILITY_SERVER": ADDRESS, "DOCUMENTS_SERVER": DOCUMENTS, "USER": actor}
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [str(COMMANDS / command), *words],
        env={**os.environ, **where},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in codes:
        raise DemoError(f"{command} {' '.join(words)} :\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout or done.stderr  # a refusal says why on the second


def show(*words: str, actor: str = "camille", codes: tuple[int, ...] = (0,), head: int | None = None) -> None:
    """Runs the command, and shows it with what it prints, or the beginning of it."""
    lines = [line.rstrip() for line in run(*words, actor=actor, codes=codes).splitlines() if line.strip()]
    cut = f" | head -{head}" if head else ""
    print("\n".join([f"   $ eligibility {shlex.join(words)}{cut}", *(f"   {line}" for line in lines[:head])]))


def ask(*words: str, codes: tuple[int, ...] = (0,)) -> Json:
    """Runs the command for its JSON document."""
    found: Json = json.loads(run(*words, "--json", codes=codes))
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
    """What the author edits: the dated value, the version, then the cases."""
    write_value(folder, old)
    add_cases(folder)


def write_value(folder: Path, old: str) -> None:
    """The dated value that was voted, under another version."""
    edit(folder / "parameters.yaml", CEILING, CEILING + NEW_CEILING)
    edit(folder / "package.yaml", f'version: "{old}"', f'version: "{VERSION}"')


def add_cases(folder: Path) -> None:
    """The cases that the author wrote for it."""
    (folder / "cases" / NEW_CASES.name).write_bytes(NEW_CASES.read_bytes())


def edit(file: Path, before: str, after: str) -> None:
    """Replaces the only occurrence of a text."""
    text = file.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise DemoError(f"{file.name} n’est pas celui que cette démonstration sait modifier.")
    file.write_text(text.replace(before, after), encoding="utf-8")


def refuse(folder: Path) -> None:
    """A version where most people would never have an answer: what its check shows of it."""
    edit(folder / "facts.yaml", BEFORE_PENSION, PENSION + BEFORE_PENSION)
    edit(folder / "derived.yaml", REMAINDER, f"{REMAINDER} - household.pension")
    report = ask("check", str(folder), codes=(1,))
    witness = next(one for one in report["findings"] if "rien de ce que l’on peut fournir" in one["message"])
    told, case = witness["message"].split(" Cas prêt à ajouter", 1)
    print(f"   $ eligibility check {folder}\n   {witness['file']}:{witness['line']} : {told}")
    print(f"   Cas prêt à ajouter{case[:90]}…\n   {report['summary']}")


def complete(folder: Path) -> None:
    """The cases that nothing would see missing, found by the solver, read again and added."""
    found = Path("cas-a-relire.yaml")
    print(f"   $ eligibility prove {folder} --cases {found}")
    lacking = ask("prove", str(folder), "--cases", str(found), codes=(0, 1))
    print(f"   {lacking['summary']}")
    (folder / "cases" / f"90-{found.name}").write_bytes(found.read_bytes())
    add_cases(folder)
    print(f"   ces cas relus et ajoutés, avec {NEW_CASES.name} :\n   {ask('prove', str(folder))['summary']}")


def difference(old: str, folder: Path) -> None:
    """What changes, proved of every application, then counted on the decisions, as a note for the board."""
    changed = ask("diff", old, str(folder), "--prove", codes=(1,))
    print(f"   $ eligibility diff {old} {folder} --prove | tail -2")
    print("\n".join(f"   {one}" for one in changed["proved"][-2:]))
    words = ("compare", VERSION, "--over", "decisions", "--all", "--as-of", FIRST_DAY, "--note", "note.json")
    show(*words, codes=(1,), head=1)
    NOTE.parent.mkdir(parents=True, exist_ok=True)
    made = ("generate", "25-note-conseil", "note.json", "--date", "2026-12-15", "--out", str(NOTE))
    _printed("documents", *made, actor="camille", codes=(0,))
    print(f"   $ documents generate 25-note-conseil note.json\n   la note au conseil est dans {NOTE}")


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
    step(2, "Une version où une règle ne peut pas se décider est refusée, avec la demande qui le montre")
    run("init", "essai-pension", "--from-server")
    refuse(Path("essai-pension"))
    step(3, "Le conseil vote 4 000 € au 1er janvier 2027 : l’autrice l’écrit, et complète ses cas")
    run("init", str(folder), "--from-server")
    write_value(folder, first.ruleset.version)
    complete(folder)
    show("publish", str(folder), "--comment", "Délibération n° 2026-48")
    step(4, "Ce qui change, prouvé pour toute demande, compté sur les décisions, en note pour le conseil")
    difference(first.ruleset.version, folder)
    step(5, "Une autre personne l’active ; chaque demande suit les règles de sa date")
    show("activate", VERSION, "--from", FIRST_DAY, actor="dominique")
    answer_on(stub, "2026-12-31")
    answer_on(stub, FIRST_DAY)
    step(6, "Une personne et son dossier : questions, conditions, changements, grille")
    talk(stub)
    step(7, "La première décision se rejoue à l’identique, et le journal est intact")
    show("replay", first.decision_id)
    show("verify")


def talk(stub: EligibilityServiceStub) -> None:
    """One person comes before the charges are known, then with a dearer car than the ceiling allows."""
    case = dearer_car(FIRST_DAY)
    asked = application(case["dossier"], case["facts"])
    charges = text_of(asked.budget.monthly_charges)
    asked.budget.ClearField("monthly_charges")
    answer = stub.AssessEligibility(AssessEligibilityRequest(application=asked)).assessment
    print(f"   3 700 €, charges pas encore connues : {answer.outcome_label.lower()}")
    for question in answer.questions:
        print(f"     question : {question.question}")
    for rule in answer.undecided:
        print(f"     pas encore décidé : {rule.code} ({', '.join(rule.facts) or rule.message})")
    asked.loan.amount.CopyFrom(money("4300.00"))
    asked.project.total_cost.CopyFrom(money("4800.00"))
    changes = stub.SuggestChanges(SuggestChangesRequest(application=asked, facts=LEVERS))
    print("   4 300 €, pour une voiture plus chère : que changer ?")
    for suggestion in changes.suggestions:
        print(f"     {suggestion.summary}")
    asked.budget.monthly_charges.CopyFrom(money(charges))
    grid = stub.ExploreLoanTerms(ExploreLoanTermsRequest(application=asked, balance_funding=True))
    known = charges.replace(".", ",")
    print(f"   charges de {known} € connues, les autres financements suivant le montant :")
    print(f"     {grid.summary}")


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
