"""Plays a morning of a town hall on a service that asks who calls, over TLS: `make demo-access`.

First it makes the town (authority, provider, tokens), then has scripts/serve.py start the service and run
this again in that town. The people act by the command `eligibility`; the files of
the stores are read only where the disk is searched for what was erased.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import chdir, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from examples.access import town
from examples.municipal.__main__ import APPLICATIONS, application
from examples.rules import __main__ as rules
from examples.rules.__main__ import DemoError, run, step
from microcredit.eligibility.v1.assessment_pb2 import Assessment
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from services.kit.dates import paris_day
from tests import oidc

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "MICROCREDIT_TOKEN_FILE"  # noqa: S105 - the name of a variable
APPLICATION_FILE = APPLICATIONS / "01-ordinateur-graphiste.json"
ACTIVATION = ("activate", rules.VERSION, "--from", rules.FIRST_DAY)
WAIT_SECONDS = 60


def show(person: str, *words: str, code: int = 0, head: int | None = None) -> None:
    """What a person types, and is told."""
    act_as(person)
    print(f"   {person} :")
    rules.show(*words, actor=person, codes=(code,), head=head)


def act_as(person: str) -> None:
    """What follows is typed by a person, and not shown."""
    os.environ[TOKEN] = str(town.token_file(town.folder_of_run(), person))


def make_town(folder: Path) -> int:
    """The steps before the service starts; then the service, and the rest of the story."""
    step(1, "Une autorité d’essai signe le certificat du service et celui du logiciel social")
    with town.opened(folder) as provider:
        names = sorted(path.name for path in folder.glob("*.crt"))
        print(f"   {', '.join(names)}\n   acces.toml : les applications et le fournisseur d’identité")
        step(2, f"Chaque agent se connecte au fournisseur d’identité (OIDC, {provider.issuer})")
        for person in town.PEOPLE:
            said = town.log_in(provider, folder, person)
            team = f", équipe {said['team']}" if "team" in said else ""
            print(f"   {said['sub']} : {', '.join(said['roles'])}{team}")
        town.log_in(provider, folder, "claire", "urn:autre-service")
        told = {**town.of_server(folder), **town.of_client(folder), town.FOLDER: str(folder)}
        serve = [sys.executable, str(ROOT / "scripts/serve.py"), "--only", "services.eligibility"]
        command = [*serve, "--", sys.executable, "-m", "examples.access"]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, **told}, check=False).returncode  # noqa: S603


# Who calls


def channel(with_certificate: bool) -> grpc.Channel:
    """A connection over TLS, under the certificate of the software or under none."""
    folder = town.folder_of_run()
    root, key, own = (
        (folder / f).read_bytes()
        for f in ("autorite.crt", f"{town.APPLICATION}.key", f"{town.APPLICATION}.crt")
    )
    pair = (key, own) if with_certificate else (None, None)
    return grpc.secure_channel(rules.ADDRESS, grpc.ssl_channel_credentials(root, *pair))


def refused(with_certificate: bool = True, agent: str = "") -> str:
    """Why an application is not assessed."""
    try:
        assess(with_certificate, agent)
    except grpc.RpcError as error:
        return refusal(error)
    raise DemoError("La demande a été évaluée sans que l’on sache pour qui.")


def assess(with_certificate: bool = True, agent: str = "") -> Assessment:
    """Has the application of the demonstration assessed, for an agent or for none."""
    case = the_case()
    token = town.token_file(town.folder_of_run(), agent).read_text(encoding="ascii") if agent else ""
    said = (("authorization", f"Bearer {token}"),) if agent else ()
    request = AssessEligibilityRequest(
        case_reference=case["dossier"]["case"]["reference"],
        application=application(case["dossier"], case["facts"]),
    )
    with channel(with_certificate) as opened:
        stub = EligibilityServiceStub(opened)
        return stub.AssessEligibility(request, metadata=said, timeout=WAIT_SECONDS).assessment


def the_case() -> rules.Json:
    """The application that the whole morning is about."""
    case: rules.Json = json.loads(APPLICATION_FILE.read_text(encoding="utf-8"))
    return case


def refusal(error: Any) -> str:
    """The reason of a refusal and its cause; the code where the handshake failed."""
    status, info = rpc_status.from_call(error), ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info):
            return " ".join([info.reason, *info.metadata.values()])
    return f"{error.code().name} (poignée de main refusée)"


# What is erased


def wrapped_key(files: Path, decision_id: str) -> bytes:
    """The key of the case of a decision, wrapped, as one who holds the files reads it."""
    with closing(sqlite3.connect(files / "eligibility.sqlite3")) as journal:
        query = "SELECT case_id FROM journal WHERE decision_id = ?"
        (case_id,) = journal.execute(query, [decision_id]).fetchone()
    with closing(sqlite3.connect(files / "eligibility-keys.sqlite3")) as keys:
        return bytes(
            keys.execute("SELECT wrapped_key FROM case_key WHERE case_id = ?", [case_id]).fetchone()[0]
        )


def search(files: Path, wrapped: bytes) -> None:
    """Looks for a key in every file of the service, free pages and logs included."""
    paths = [path for path in sorted(files.rglob("*")) if path.is_file()]
    found = [path.name for path in paths if wrapped in path.read_bytes()]
    where = f"trouvée dans {', '.join(found)}" if found else "dans aucun"
    print(f"   La clé du dossier ({len(wrapped)} octets), cherchée dans {len(paths)} fichiers : {where}.")


def wait(person: str, words: Sequence[str], text: str) -> None:
    """Waits until a command prints a text."""
    limit = time.monotonic() + WAIT_SECONDS
    act_as(person)
    while text not in run(*words, actor=person, codes=(0, 1)):
        if time.monotonic() > limit:
            raise DemoError(f"eligibility {' '.join(words)} : « {text} » n’est pas venu à temps.")
        time.sleep(0.2)


# The story


def play(folder: Path) -> None:
    """What happens once the service runs."""
    step(3, "Qui n’est pas prouvé n’obtient rien")
    print(f"   sans certificat : {refused(with_certificate=False, agent='claire')}")
    print(f"   avec le certificat du logiciel, sans agent : {refused()}")
    print(f"   avec un jeton fait pour un autre service : {refused(agent='claire-ailleurs')}")
    step(4, "L’instructrice évalue ; elle ne publie pas")
    first = assess(agent="claire")
    decision = first.decision_id
    print(f"   claire : demande évaluée, décision {decision}")
    act_as("camille")
    run("init", str(folder), "--from-server")
    rules.write_version(folder, first.ruleset.version)
    show("claire", "publish", str(folder), code=1)
    step(5, "L’autrice publie ; elle ne met pas en vigueur")
    show("camille", "publish", str(folder), "--comment", "Délibération n° 2026-48")
    show("camille", *ACTIVATION, code=1)
    step(6, "Une autre personne met en vigueur")
    show("dominique", *ACTIVATION)
    step(7, "Le dossier d’une autre équipe est comme s’il n’existait pas")
    show("hugo", "explain", decision, code=1)
    show("claire", "explain", decision, head=3)
    erase(decision)
    morning()


def erase(decision: str) -> None:
    """Two persons erase a case, and the disk is searched."""
    step(8, "Effacer demande deux personnes, dont le délégué à la protection des données")
    files = Path(os.environ["ELIGIBILITY_DATABASE_URL"].removeprefix("sqlite:///")).parent
    reference = the_case()["dossier"]["case"]["reference"]
    wrapped = wrapped_key(files, decision)
    search(files, wrapped)
    show("odile", "erase", reference, "--confirm", code=1)
    show("noe", "pending-acts")
    show("noe", "erase", reference, "--confirm")
    wait("noe", ["erasures"], "effacé")
    show("noe", "erasures")
    search(files, wrapped)
    show("odile", "explain", decision, code=1)
    show("noe", "verify")


def morning() -> None:
    """What the journal of accesses says of all this."""
    step(9, "Le journal des accès de la matinée")
    wait("noe", ["accesses", "--limit", "200"], "VerifyJournal")
    show("noe", "accesses", "--limit", "25")
    show("noe", "access-summary", paris_day(datetime.now(UTC)).isoformat())
    show("noe", "verify-accesses")


def main() -> int:
    """Makes the town, or plays the story in it."""
    try:
        if town.FOLDER in os.environ:
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                play(Path("reglement-2027"))
            return 0
        if oidc.missing:
            raise DemoError("Node.js ou le fournisseur d’identité manque ; « make validator » l’installe.")
        with tempfile.TemporaryDirectory(prefix="microcredit-acces-") as folder:
            return make_town(Path(folder))
    except DemoError as error:
        print(f"Échec : {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
