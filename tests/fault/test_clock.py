"""A clock that moves destroys nothing: servers over stores that an older process has marked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, money_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy import func, insert, select

from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceStub
from microcredit.eligibility.v1 import decision_service_pb2 as decisions
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from services.documents.store import Origin, tables
from services.kit.store import AccessPlace, Database, StoreClock, store_clock
from services.kit.store.clock import WAIT_SECONDS, Mark, Reading, read_clocks
from tests import warm
from tests.bank_registry_support import agreement, bank, import_banks
from tests.support import Launch, RunningServer, throwaway_stores, wait_until

SECONDS = 60.0
LONG_AGO = "2020-01-01T00:00:00.000000Z"


def marked(url: str, now: Reading, running: int) -> None:
    """Leaves the mark of another process, long after it began to run."""
    mark = Mark(now.time, now.boot, now.boot_time, now.since_boot, running)
    database = Database(url)
    with database.write() as connection:
        store_clock._write(connection, mark, new=store_clock._read(connection) is None)
    database.dispose()


def last_mark(url: str) -> Mark | None:
    database = Database(url)
    with database.read() as connection:
        found = store_clock._read(connection)
    database.dispose()
    return found


def moved(days: int) -> Reading:
    """What the clocks said when the last process marked the hour, before the clock was moved."""
    now = read_clocks()
    return Reading(now.time - timedelta(days=days), now.boot, now.since_boot)


def reserve(server: RunningServer) -> str:
    """The reserve that the probes of a server, which is SERVING, give."""
    with grpc.insecure_channel(server.address) as channel:
        answer, call = health_pb2_grpc.HealthStub(channel).Check.with_call(
            health_pb2.HealthCheckRequest(), timeout=SECONDS
        )
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    return str(dict(call.trailing_metadata()).get("x-reserve", ""))


def confirm(module: str, env: Mapping[str, str], *words: str) -> tuple[int, str]:
    done = warm.run(module, "confirm-clock", *words, env=env)
    return done.returncode, (done.stdout + done.stderr).replace("\u00a0", " ")


def keep_one(url: str) -> None:
    """A document whose retention was over long ago, marked as soon as the service ran."""
    row = dict.fromkeys((*Origin.__dataclass_fields__, "media_type", "title", "case_tag", "sha256"), "x")
    times = {"create_time": LONG_AGO, "expire_time": LONG_AGO, "over_mark": 0}
    database = Database(url)
    with database.write() as connection:
        number = connection.scalar(select(func.count()).select_from(tables.document))
        values = {**row, **times, "id": f"document-{number}", "size": 1, "sealed": b"x"}
        connection.execute(insert(tables.document).values(values))
    database.dispose()


def kept(url: str) -> int:
    database = Database(url)
    with database.read() as connection:
        count = connection.scalar(select(func.count()).select_from(tables.document))
    database.dispose()
    return count or 0


def test_a_jump_while_documents_wait_deletes_none(launch: Launch, tmp_path: Path) -> None:
    """What has waited for a day of running goes; once the clock has moved, the same stays."""
    env = {**throwaway_stores(tmp_path), "DOCUMENTS_RETENTION_DAYS": "30"}
    url = env["DOCUMENTS_DATABASE_URL"]
    launch("services.documents", "--workers=1", env=env).stop()
    keep_one(url)
    marked(url, moved(0), 3 * WAIT_SECONDS)
    server = launch("services.documents", "--workers=1", env=env)
    wait_until(lambda: not kept(url))
    assert reserve(server) == ""
    server.stop()

    keep_one(url)
    marked(url, moved(400), 3 * WAIT_SECONDS)
    server = launch("services.documents", "--workers=1", env=env)
    wait_until(lambda: reserve(server) == "CLOCK_IN_DOUBT")
    (line,) = [
        one
        for one in map(json.loads, server.log.read_text().splitlines())
        if one["event"] == "clock_in_doubt"
    ]
    assert (line["level"], line["doubt"]) == ("error", "JUMP")
    assert kept(url) == 1

    assert confirm("services.documents", env) == (
        1,
        "Indiquez qui agit : --by NOM, de cent caractères au plus.\n",
    )
    # The journal of accesses has a clock of its own, by which its old lines are removed.
    accesses = env["DOCUMENTS_ACCESS_DATABASE_URL"]
    AccessPlace(accesses, Path(env["DOCUMENTS_MASTER_KEY_FILE"]), 12).prepare()
    marked(accesses, moved(400), 0)
    doubting = Database(accesses)
    assert StoreClock(doubting).mark().doubt
    doubting.dispose()
    code, said = confirm("services.documents", env, "--by", "Camille Le Goff")
    assert (code, said.startswith("Camille Le Goff confirme l’heure de cette machine : ")) == (0, True)
    assert (found := last_mark(accesses))
    assert (found.doubt, found.confirmations) == (None, 1)
    assert confirm("services.documents", env, "--by", "x")[0] == 1
    server.stop()
    told = [one for one in map(json.loads, server.log.read_text().splitlines()) if one["event"] == "calls"]
    assert {name for one in told for name in one["alarms"]} == {"CLOCK_IN_DOUBT"}
    confirmed = last_mark(url)
    launch("services.documents", "--workers=1", env=env)
    wait_until(lambda: last_mark(url) != confirmed)
    assert kept(url) == 1


def test_decisions_are_not_purged_by_a_clock_in_doubt(launch: Launch, tmp_path: Path) -> None:
    """Refused at once, before the service has marked the hour itself; accepted once confirmed."""
    env = throwaway_stores(tmp_path)
    url = env["ELIGIBILITY_DATABASE_URL"]
    server = launch("services.eligibility", "--workers=1", env=env)
    asked = decisions.PurgeDecisionsRequest(end_time=Timestamp(seconds=1), validate_only=True)
    with grpc.insecure_channel(server.address) as channel:
        stub = DecisionServiceStub(channel)
        stub.PurgeDecisions(asked, timeout=SECONDS)
        marked(url, moved(-10), 0)
        with pytest.raises(grpc.RpcError) as raised:
            stub.PurgeDecisions(asked, timeout=SECONDS)
        assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert str(raised.value.details()).startswith("L’heure")
        marked(url, moved(0), 0)
        stub.PurgeDecisions(asked, timeout=SECONDS)


def test_a_reservation_does_not_end_by_a_clock_in_doubt(launch: Launch, tmp_path: Path) -> None:
    """What it holds is not sold again: the clock may be wrong."""
    env = throwaway_stores(tmp_path)
    url = env["BANK_REGISTRY_DATABASE_URL"]
    import_banks(url, tmp_path, bank("a", 1, agreement(envelope="10.00", end=None)))
    server = launch("services.bank_registry", "--workers=1", env=env)
    asked = envelope.ReserveEnvelopeRequest(
        parent="banks/a/agreements/fcs",
        amount=money_pb2.Money(currency_code="EUR", units=10),
        on_date=date_pb2.Date(year=2026, month=12, day=1),
        ttl=Duration(seconds=1),
    )
    with grpc.insecure_channel(server.address) as channel:
        stub = EnvelopeServiceStub(channel)
        name = stub.ReserveEnvelope(asked, timeout=SECONDS).reservation.name
        now = envelope.GetReservationRequest(name=name)
        expired = envelope.RESERVATION_STATE_EXPIRED
        wait_until(lambda: stub.GetReservation(now, timeout=SECONDS).reservation.state == expired)
        marked(url, moved(1), 0)
        with pytest.raises(grpc.RpcError) as raised:
            stub.ReserveEnvelope(asked, timeout=SECONDS)
        assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        marked(url, moved(0), 0)
        stub.ReserveEnvelope(asked, timeout=SECONDS)


@pytest.mark.parametrize("module", ["services.bank_registry", "services.eligibility"])
def test_every_store_marks_the_hour(launch: Launch, tmp_path: Path, module: str) -> None:
    env = throwaway_stores(tmp_path)
    url = env[f"{module.rpartition('.')[2].upper()}_DATABASE_URL"]
    launch(module, "--workers=2", env=env)
    found = wait_until(lambda: last_mark(url))
    assert abs(datetime.now(UTC) - found.time) < timedelta(minutes=5)
    assert found.doubt is None
