"""The heads of chains are anchored by themselves, apart; a store that is behind them serves nobody."""

from __future__ import annotations

import http.server
import json
import shlex
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from services.kit.store import Database
from services.kit.store.heads import HeadError, Heads, read_signed
from tests import warm
from tests.bank_registry_support import agreement, bank, new_database, write_file
from tests.fault.test_store_states import asked, names, not_serving
from tests.journal_support import tamper
from tests.support import Launch, RunningServer, throwaway_stores, wait_until
from tests.writes import DECISION, DOCUMENT, LENDER, Kind, channel_to

CHAINS = {
    DECISION: ("journal chain", "journal", "sequence"),
    DOCUMENT: ("audit chain", "document_audit", "seq"),
    LENDER: ("audit chain", "audit", "seq"),
}
"""The chain that a write goes to, its table and what numbers it."""


class Kept:
    """The settings of a service, its database, and the file of its heads."""

    def __init__(self, kind: Kind, folder: Path, url: str = "", **settings: str) -> None:
        self.kind, self.folder = kind, folder
        self.prefix = kind.module.removeprefix("services.").upper()
        self.env = {**throwaway_stores(folder), "DOCUMENTS_RETENTION_DAYS": "30"}
        if url:
            self.env[f"{self.prefix}_DATABASE_URL"] = url
        self.url = self.env[f"{self.prefix}_DATABASE_URL"]
        self.env[f"{self.prefix}_HEADS_SECONDS"] = "0.1"
        self.env |= {f"{self.prefix}_{name}": value for name, value in settings.items()}
        self.heads = Path(self.env[f"{self.prefix}_HEADS_FILE"])

    def last(self) -> Heads:
        """The last anchored heads."""
        return read_signed(self.heads.read_text().splitlines()[-1])

    def rank(self) -> int:
        """The rank of the last anchored record of the chain that writes go to."""
        return self.last().heads[CHAINS[self.kind][0]].sequence

    def write(self, server: RunningServer, number: int) -> None:
        """A write, whose head is anchored once this returns."""
        before = self.rank()
        with channel_to(server.address) as channel:
            self.kind.ask(channel, "", number)
        wait_until(lambda: self.rank() > before)

    def act(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command on the store."""
        return warm.run(self.kind.module, *words, env=self.env)

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Puts the database of the beginning of the block back at its end, under whoever uses it."""
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            with closing(sqlite3.connect(path)) as file:
                file.execute("VACUUM INTO ?", [str(self.folder / "backup")])
            yield
            with (
                closing(sqlite3.connect(self.folder / "backup")) as backup,
                closing(sqlite3.connect(path)) as file,
            ):
                backup.backup(file)
            return
        rank = self.rank()
        yield
        _, table, number = CHAINS[self.kind]
        database = Database(self.url)
        tamper(database, f"DELETE FROM {table} WHERE {number} > {rank}")
        database.dispose()


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture(params=["decision", "document", "lender", "decision on postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    name, _, backend = request.param.partition(" on ")
    kind = next(kind for kind in CHAINS if kind.name == name)
    return Kept(kind, tmp_path, new_database(request.getfixturevalue("postgres_url")) if backend else "")


def test_a_store_put_back_serves_nobody_until_someone_answers_for_it(launch: Launch, kept: Kept) -> None:
    module = kept.kind.module
    server = launch(module, "--workers=1", env=kept.env)
    kept.write(server, 1)
    of_the_month = kept.folder / "head.json"
    of_the_month.write_text(kept.act("publish-head", "--by", "Camille").stdout)
    with kept.put_back():
        first = kept.rank()
        kept.write(server, 2)
        last, lost = kept.last(), kept.rank() - first
        whole = kept.act("verify", "--head", str(of_the_month))
        assert (whole.returncode, whole.stderr) == (0, "")
        assert whole.stdout.count(": entière (") == len(last.heads)

    # Under the running service: every call is refused by the name of the state, and nothing more is anchored.
    wait_until(lambda: not_serving(server, module) == names(module))
    assert {reason for found in asked(server, module).values() for reason in found} == {"STORE_BEHIND"}
    assert server.stop() == 0
    assert kept.last() == last
    behind = kept.act("verify")
    assert behind.returncode == 1
    assert f"Table {CHAINS[kept.kind][1]} : il manque {lost} ligne" in plain(behind.stderr)

    refused = kept.act("--port", "0")
    assert refused.returncode == 1
    assert last.id in refused.stderr
    wrong = kept.act("acknowledge-head", last.id[::-1], "--by", "Camille")
    assert wrong.returncode == 1
    done = kept.act("acknowledge-head", last.id, "--by", "Camille")
    assert (done.returncode, done.stdout.startswith("Camille répond")) == (0, True), done.stderr
    assert kept.last().acknowledged == {"by": "Camille", "lost": last.id}
    assert kept.rank() == first
    again = launch(module, "--workers=1", env=kept.env)
    kept.write(again, 3)
    assert again.stop() == 0
    assert kept.act("verify", "--head", str(of_the_month)).returncode == 0
    assert kept.heads.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def registry(tmp_path: Path) -> Kept:
    return Kept(LENDER, tmp_path)


@contextmanager
def listening(received: list[str]) -> Iterator[str]:
    """An address that takes what is sent to it, but the first time."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(500 if len(received) == 1 else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}/heads"
        web.shutdown()
        thread.join()


def test_heads_leave_the_machine_by_each_way_that_a_setting_opens(launch: Launch, tmp_path: Path) -> None:
    taken: list[str] = []
    piped = tmp_path / "piped"
    copy = f"import sys; open({str(piped)!r}, 'a').write(sys.stdin.read() + chr(10))"
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog,
        listening(taken) as address,
    ):
        syslog.bind(("127.0.0.1", 0))
        kept = Kept(
            LENDER,
            tmp_path,
            HEADS_SYSLOG=f"127.0.0.1:{syslog.getsockname()[1]}",
            HEADS_COMMAND=shlex.join([sys.executable, "-c", copy]),
            HEADS_WEBHOOK=address,
        )
        server = launch(LENDER.module, "--workers=1", env=kept.env)
        kept.write(server, 1)
        line = kept.heads.read_text().splitlines()[-1]
        wait_until(lambda: taken[-1:] == [line])
        assert line in piped.read_text().splitlines()
        datagrams = [syslog.recv(65536).decode() for _ in kept.heads.read_text().splitlines()]
        assert datagrams[-1].rstrip("\0").endswith(f"microcredit head {line}")
        assert server.stop() == 0
        # What a command of an operator writes is its account's alone too, whoever starts it.
        lenders = write_file(tmp_path / "lenders.json", [bank("a", 2, agreement())])
        acknowledge = ("acknowledge-head", kept.last().id, "--by", "Camille")
        for words in (("serve",), acknowledge, ("import", str(lenders))):
            assert words == ("serve",) or kept.act(*words).returncode == 0
            assert piped.stat().st_mode & 0o077 == 0, words
            piped.unlink()
    logged = map(json.loads, server.log.read_text().splitlines())
    failures = [(one["to"], one["failures"]) for one in logged if one["event"] == "head_not_sent"]
    assert failures == [("webhook", 1)]
    key = json.loads(line)["public_key"]
    assert read_signed(taken[-1], key).heads == kept.last().heads
    for forged in (line.replace("[2,", "[3,"), line.replace("base", "vase")):
        with pytest.raises(HeadError):
            read_signed(forged, key)


def altered_end(kept: Kept) -> None:
    database = Database(kept.url)
    tamper(database, "UPDATE audit SET actor = 'un autre' WHERE seq = (SELECT max(seq) FROM audit)")
    database.dispose()


def test_an_altered_end_is_seen_and_refused(launch: Launch, registry: Kept) -> None:
    """The last record keeps its seal and says something else: a head does not see it."""
    server = launch(LENDER.module, "--workers=1", env=registry.env)
    registry.write(server, 1)
    altered_end(registry)
    wait_until(lambda: not_serving(server, LENDER.module) == names(LENDER.module))
    found = asked(server, LENDER.module)
    assert {reason for reasons in found.values() for reason in reasons} == {"STORE_ALTERED"}
    server.stop()
    refused = registry.act("--port", "0")
    assert (refused.returncode, "n’est pas telle qu’elle a été écrite" in refused.stderr) == (1, True)
    assert "rompue à la ligne 2" in registry.act("verify").stderr


def test_a_lost_part_is_not_begun_anew(launch: Launch, registry: Kept) -> None:
    """The file of the heads, emptied or removed, then the journal of accesses."""
    probe = "tests.access_probe:serve_bank_registry"
    start = partial(warm.run, probe, "--port", "0", "--workers", "1", env=registry.env)
    launch(probe, "--workers=1", env=registry.env).stop()
    assert set(registry.last().heads) == {"audit chain", "clock chain", "access chain", "access clock chain"}
    last = registry.heads.read_bytes()
    for content in (b"", None):
        registry.heads.write_bytes(b"") if content == b"" else registry.heads.unlink()
        refused = start()
        assert refused.returncode == 1
        assert f"Il manque le fichier des empreintes ({registry.heads})" in refused.stderr
        assert "acknowledge-head absent --by NOM" in refused.stderr
    registry.heads.write_bytes(last)

    accesses = registry.folder / "bank_registry-access.sqlite3"
    for path in accesses.parent.glob(f"{accesses.name}*"):
        path.unlink()
    refused = start()
    assert refused.returncode == 1
    assert f"Il manque le journal des accès ({accesses})" in refused.stderr
    act = f"acknowledge-head {registry.last().id}"
    assert f"{act} --by NOM" in refused.stderr
    assert registry.act(*act.split(), "--by", "Camille").returncode == 0
    assert set(registry.last().heads) == {"audit chain", "clock chain"}
    launch(probe, "--workers=1", env=registry.env).stop()
    assert "access chain" in registry.last().heads


def test_the_journal_of_accesses_cannot_lose_its_end(launch: Launch, registry: Kept) -> None:
    server = launch("tests.access_probe:serve_bank_registry", "--workers=1", env=registry.env)
    accesses = Database(registry.env["BANK_REGISTRY_ACCESS_DATABASE_URL"])
    wait_until(lambda: registry.last().heads["access chain"].sequence)
    tamper(accesses, "DELETE FROM access")
    accesses.dispose()
    wait_until(lambda: not_serving(server, LENDER.module) == names(LENDER.module))
    server.stop()
    refused = warm.run("tests.access_probe:serve_bank_registry", "--port", "0", env=registry.env)
    assert (refused.returncode, "(access 1)" in refused.stderr) == (1, True), refused.stderr
    assert "Table access : il manque 1 ligne" in plain(registry.act("verify").stderr)
