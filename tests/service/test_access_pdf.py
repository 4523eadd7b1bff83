"""The worker that makes PDF files, over TLS: it notes who called, under the request id of the documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from microcredit.access.v1 import access_service_pb2 as pb
from microcredit.access.v1.access_service_pb2_grpc import AccessServiceStub
from services.documents.api import Converter
from services.kit import context
from services.kit.access import TlsFiles
from services.kit.errors import DomainError
from services.kit.store import Database, store_clock
from services.kit.store.clock import Reading, read_clocks
from tests import oidc, warm
from tests.access_support import NIGHT, PEOPLE, SOFTWARE, Town
from tests.service.test_documents_pdf import office
from tests.support import Launch, RunningServer, throwaway_stores, wait_until
from tools import certificates

pytestmark = [office, oidc.needs_provider]

CONVERT = "microcredit.documents.v1.PdfService/ConvertToPdf"
REQUEST = "5f0f9d4e-demande"
ACCOUNT = f'[accounts.traitement-de-nuit]\nmethods = ["{CONVERT}"]\n'
DEADLINE = 1e9


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with oidc.Provider(oidc.free_port(), folder, PEOPLE).running() as provider:
        found = Town(folder, provider)
        found.rules = found.rules.replace('"auditor", "reader"', '"auditor"')
        found.rules = found.rules.replace('["reader"]', '["instructor"]')
        found.allow()
        (folder / "roles.toml").write_text(ACCOUNT)
        certificates.write(found.pairs[NIGHT], folder, "nuit")
        yield found


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return throwaway_stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def worker(town: Town, env: dict[str, str], launch: Launch) -> RunningServer:
    roles = f"--roles-file={town.folder / 'roles.toml'}"
    return launch("services.documents.pdf", "--offices=1", roles, *town.options(), env=env)


def journal(town: Town, worker: RunningServer) -> list[pb.Access]:
    """The lines of the calls to convert, oldest first, as the auditor reads them."""
    auditor = (("authorization", f"Bearer {town.provider.login('fanny').access}"),)
    with town.channel(worker.address, town.pairs[SOFTWARE]) as channel:
        asked = pb.ListAccessesRequest(method=CONVERT)
        answer = AccessServiceStub(channel).ListAccesses(asked, metadata=auditor, timeout=60)
    return list(answer.accesses)[::-1]


def test_the_worker_notes_who_called_it_and_for_which_call(town: Town, worker: RunningServer) -> None:
    folder = town.folder
    documents = Converter(
        worker.address, TlsFiles(folder / "nuit.crt", folder / "nuit.key", folder / "autorite.crt")
    )
    context.enter(context.Call(REQUEST, DEADLINE))
    with pytest.raises(DomainError):
        documents.pdf(b"Madame Martin")  # no .docx: nothing is converted, and the call is noted all the same
    claire = (("authorization", f"Bearer {town.provider.login('claire').access}"),)
    with town.channel(worker.address, town.pairs[SOFTWARE]) as channel:
        call: Any = channel.unary_stream(f"/{CONVERT}")
        for metadata in (claire, ()):
            with pytest.raises(grpc.RpcError):
                list(call(b"", metadata=metadata, timeout=60))
    lines = wait_until(lambda: found if len(found := journal(town, worker)) == 3 else None)
    assert [(one.application, one.subject, one.code, one.reason) for one in lines] == [
        (NIGHT, "", "INVALID_ARGUMENT", "INVALID_FIELDS"),
        (SOFTWARE, "ville:claire", "PERMISSION_DENIED", "ROLE_NOT_ALLOWED"),
        (SOFTWARE, "", "UNAUTHENTICATED", "TOKEN_REQUIRED"),
    ]
    assert (lines[0].request_id, lines[0].peer) == (REQUEST, "127.0.0.1")
    assert "Martin" not in str(lines)


def test_its_journal_is_verified_and_its_key_and_clock_are_kept_by_the_same_acts(
    worker: RunningServer, env: dict[str, str]
) -> None:
    def act(*words: str) -> tuple[int, str]:
        done = warm.run("services.documents.pdf", *words, env=env)
        return done.returncode, (done.stdout + done.stderr).replace("\u00a0", " ").replace("\u202f", " ")

    worker.stop()
    code, said = act("verify")
    assert (code, "Table access : entière" in said) == (0, True), said
    code, said = act("rotate-master-key", "--by", "Camille")
    assert (code, "1 base la suit" in said) == (0, True), said
    assert act("confirm-clock", "--by", "Camille")[0] == 1, "nothing is in doubt"
    _doubt(env["PDF_WORKER_ACCESS_DATABASE_URL"])
    code, said = act("confirm-clock", "--by", "Camille")
    assert (code, said.startswith("Camille confirme l’heure")) == (0, True), said
    assert "Table clock_audit : entière (1 ligne)." in act("verify")[1]


def _doubt(url: str) -> None:
    """Marks a clock that the time since the start of the machine does not explain."""
    now = read_clocks()
    jumped = Reading(now.time.replace(year=now.time.year + 1), now.boot, now.since_boot)
    database = Database(url)
    assert store_clock.StoreClock(database, read=lambda: jumped).mark().doubt
    database.dispose()


def test_nothing_is_kept_where_nobody_is_asked_who_calls(launch: Launch, tmp_path: Path) -> None:
    env = throwaway_stores(tmp_path)
    launch("services.documents.pdf", "--offices=1", env={**env, "PDF_WORKER_INIT": "false"}).stop()
    assert not list(tmp_path.iterdir())
