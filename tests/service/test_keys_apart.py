"""Keys are outside var/ by default: a copy of it opens nothing. Another master key changes nothing else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from microcredit.documents.v1 import store_service_pb2 as store_pb
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.documents.v1.store_service_pb2_grpc import DocumentStoreServiceStub
from microcredit.eligibility.v1 import decision_service_pb2 as decision_pb
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from services.kit.store import vault
from tests import warm
from tests.documents_support import REFUSAL, example, request
from tests.support import SERVICES, RunningServer, wait_until
from tests.writes import CASE, DECISION, DOCUMENT, LENDER, SECONDS, Kind, channel_to

SETTINGS = {
    **{f"{name}_DEADLINE_SECONDS": "60" for name in SERVICES},
    "DOCUMENTS_RETENTION_DAYS": "30",
}
"""Nothing says where anything is."""

SECRETS = {
    DECISION: [CASE],
    DOCUMENT: [CASE, "Exemple-Martin", "Résidence des Tilleuls"],
    LENDER: [],  # what it keeps is public: a copy must only not go on for the original
}


class Home:
    """A service in a folder of its own, with its default places."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.served: list[RunningServer] = []

    def serve(self, *options: str) -> RunningServer:
        """Starts it, and waits until it serves."""
        ready, log = self.folder / "ready", self.folder / "log"
        words = ("--port", "0", "--workers", "1", "--ready-file", str(ready), *options)
        environment = {**os.environ, **SETTINGS}
        process = warm.start(self.kind.module, *words, env=environment, out=log, err=log, cwd=self.folder)
        wait_until(lambda: ready.exists() or process.poll() is not None)
        assert ready.exists(), log.read_text()
        self.served.append(RunningServer(process, ready.read_text().strip(), log))
        return self.served[-1]

    def act(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A command, in this folder or in a copy of it."""
        return warm.run(self.kind.module, *words, env=SETTINGS, cwd=folder or self.folder)


@pytest.fixture(params=[DECISION, DOCUMENT, LENDER], ids=str)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    found = Home(request.param, tmp_path / "home")
    found.folder.mkdir()
    yield found
    for server in found.served:
        server.stop()


def replayed(channel: grpc.Channel, name: str) -> Callable[[grpc.Channel], None]:
    """A decision, which must replay to the same answer."""

    def prove(later: grpc.Channel) -> None:
        asked = decision_pb.ReplayDecisionRequest(name=f"decisions/{name}")
        assert DecisionServiceStub(later).ReplayDecision(asked, timeout=SECONDS).identical

    prove(channel)
    return prove


def genuine(channel: grpc.Channel, _name: str) -> Callable[[grpc.Channel], None]:
    """A letter that nobody keeps, which must stay genuine."""
    asked = request(REFUSAL, example("refus-budget"))
    letter = DocumentServiceStub(channel).GenerateDocument(asked, timeout=SECONDS).document.content

    def prove(later: grpc.Channel) -> None:
        asked = store_pb.VerifyDocumentRequest(content=letter)
        found = DocumentStoreServiceStub(later).VerifyDocument(asked, timeout=SECONDS)
        assert found.verification == store_pb.VERIFICATION_GENUINE

    prove(channel)
    return prove


def nothing_more(_channel: grpc.Channel, _name: str) -> Callable[[grpc.Channel], None]:
    return lambda _: None


PROOFS = {DECISION: replayed, DOCUMENT: genuine, LENDER: nothing_more}


def test_a_copy_of_var_opens_nothing(home: Home, tmp_path: Path) -> None:
    server = home.serve("--init")
    with channel_to(server.address) as channel:
        home.kind.ask(channel, "", 1)
    stolen = tmp_path / "stolen"
    shutil.copytree(home.folder / "var", stolen / "var")
    files = {path: path.read_bytes() for path in (stolen / "var").iterdir()}
    read = b"".join(files.values())
    assert [secret for secret in SECRETS[home.kind] if secret.encode() in read] == []

    lost = ("acknowledge-head", "absent", "--by", "X")
    for words in ((), ("--init",), ("verify",), ("rotate-master-key", "--by", "X"), lost):
        assert home.act(*words, folder=stolen).returncode == 1, words
        assert not (stolen / "keys").exists(), words
    # Whatever is in it is no master key, and neither is one made up.
    fingerprints, found = candidates(stolen / "var")
    assert fingerprints
    assert [key for key in found if vault.MasterKey(key).fingerprint() in fingerprints] == []
    for name in ("eligibility", "documents", "bank_registry"):
        vault.write_whole(stolen / "keys" / f"{name}-master.key", b64encode(vault.new_key()))
    for words in (("--init",), lost):
        refused = home.act(*words, folder=stolen)
        assert refused.returncode == 1, words
    assert "n’est pas celle de" in refused.stderr
    # The original opens it all.
    shutil.copytree(home.folder / "keys", stolen / "keys", dirs_exist_ok=True)
    assert home.act("verify", folder=stolen).returncode == 0
    if home.kind is not LENDER:  # a second server beside it, which would keep what the first erases
        refused = home.act("--port", "0", folder=stolen)
        assert (refused.returncode, "est une copie" in refused.stderr) == (1, True), refused.stderr


def candidates(folder: Path) -> tuple[set[str], set[bytes]]:
    """What tells the master keys of the databases of a folder, and all that could be one in them."""
    fingerprints: set[str] = set()
    found: set[bytes] = set()
    for path in folder.glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as file:
            for (table,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                for row in file.execute(f'SELECT * FROM "{table}"'):
                    blobs = [value for value in row if isinstance(value, bytes)]
                    found |= {
                        blob[place : place + 32] for blob in blobs for place in range(min(len(blob), 64))
                    }
                    if table == "master_key":
                        fingerprints.add(row[1])
    return fingerprints, found


def test_another_master_key_changes_nothing_that_was_said(home: Home) -> None:
    server = home.serve("--init")
    with channel_to(server.address) as channel:
        written = [home.kind.ask(channel, "", 1)]
        prove = PROOFS[home.kind](channel, written[0])
    (key,) = (home.folder / "keys").glob("*-master.key")
    former = key.read_bytes()
    head = home.folder / "head.json"
    head.write_text(home.act("publish-head", "--by", "Camille").stdout)
    done = home.act("rotate-master-key", "--by", "Camille")
    assert (done.returncode, done.stdout.startswith("Camille a changé la clé maîtresse")) == (0, True)
    assert key.read_bytes() != former

    with channel_to(server.address) as channel:  # it goes on with the keys that it holds
        written.append(home.kind.ask(channel, "", 2))
        prove(channel)
    assert server.stop() == 0
    again = home.serve()
    with channel_to(again.address) as channel:
        prove(channel)
        written.append(home.kind.ask(channel, "", 3))
        assert sorted(home.kind.stored(channel)) == sorted(written)  # whose chain is whole
    assert home.act("verify", "--head", str(head)).returncode == 0
    assert again.stop() == 0
    key.write_bytes(former)
    assert "n’est pas celle de" in home.act("--port", "0").stderr
