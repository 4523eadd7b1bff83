"""Imports and exports through a running server: differences, hashes, refusals, hostile uploads."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.type.date_pb2 import Date

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from microcredit.bankregistry.v1.bank_registry_service_pb2 import (
    CheckBankRequest,
    ListBankEventsRequest,
    ListBanksRequest,
)
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.bankregistry.v1.registry_admin_service_pb2 import ListAuditEntriesRequest
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from services.kit.store.database import Database
from tests.bank_registry_support import agreement, bank, loan, new_database, opened_store, siren, status_of
from tests.support import Launch

TODAY = Date(year=2026, month=11, day=25)
MEBIBYTE = 1024 * 1024


@dataclass
class Server:
    """A server of its own, on a store of its own."""

    address: str
    url: str
    admin: RegistryAdminServiceStub = field(init=False)
    registry: BankRegistryServiceStub = field(init=False)

    def __post_init__(self) -> None:
        channel = grpc.insecure_channel(self.address)
        self.admin = RegistryAdminServiceStub(channel)
        self.registry = BankRegistryServiceStub(channel)

    def state_number(self) -> int:
        """What the store holds, whatever the server says."""
        database = Database(self.url)
        found = opened_store(self.url, database).registry().state_number
        database.dispose()
        return found


def start(launch: Launch, folder: Path) -> Server:
    url = f"sqlite:///{folder}/registry.sqlite3"
    return Server(launch("services.bank_registry", "--workers", "2", "--database-url", url).address, url)


@pytest.fixture(scope="module")
def server(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server of the tests that care for their own lenders only."""
    return start(launch, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def alone(launch: Launch, tmp_path: Path) -> Server:
    """A server whose registry is empty."""
    return start(launch, tmp_path)


def lines(*banks: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in banks).encode()


def messages(data: bytes, **options: Any) -> Iterator[pb.ImportBanksRequest]:
    options = {"effective_date": TODAY, "file_name": "preteurs.jsonl", **options}
    yield pb.ImportBanksRequest(chunk=data[:1000], **options)
    for start in range(1000, len(data), MEBIBYTE):
        yield pb.ImportBanksRequest(chunk=data[start : start + MEBIBYTE])


@dataclass
class Answer:
    difference: pb.ImportDifference
    summary: pb.ImportSummary
    progress: list[tuple[int, int]]


def send(server: Server, data: bytes, **options: Any) -> Answer:
    options = {"correct_past": True, **options}
    answer = Answer(pb.ImportDifference(), pb.ImportSummary(), [])
    for message in server.admin.ImportBanks(messages(data, **options), metadata=(("x-actor", "camille"),)):
        match message.WhichOneof("part"):
            case "progress":
                answer.progress.append((message.progress.done_count, message.progress.total_count))
            case "difference":
                answer.difference.MergeFrom(message.difference)
            case "summary":
                answer.summary = message.summary
    return answer


def read(server: Server, data: bytes, **options: Any) -> Answer:
    return send(server, data, validate_only=True, **options)


def write(server: Server, data: bytes, **options: Any) -> Answer:
    found = read(server, data, **{name: value for name, value in options.items() if name != "request_id"})
    return send(server, data, difference_hash=found.summary.difference_hash, reason="Essai", **options)


def refusal(server: Server, data: bytes, **options: Any) -> tuple[grpc.StatusCode, str, dict[str, str]]:
    with pytest.raises(grpc.RpcError) as caught:
        send(server, data, **options)
    info, violations = status_of(caught.value)
    return caught.value.code(), info.reason, violations


def export(server: Server, form: Any, **options: Any) -> tuple[pb.ExportHeader, bytes]:
    first, *others = server.admin.ExportBanks(pb.ExportBanksRequest(format=form, **options))
    return first.header, b"".join(message.chunk for message in others)


def test_a_difference_is_read_then_written_with_its_refused_lines_left_out(server: Server) -> None:
    data = lines(bank("a1", 11, agreement()), bank("a2", 12, bic="?"), bank("a3", 13))
    before, found = server.state_number(), read(server, data)
    assert server.state_number() == before
    assert [(one.line, one.column, one.bank) for one in found.difference.refusals] == [(2, "bic", "banks/a2")]
    assert [one.name for one in found.difference.banks] == ["banks/a1", "banks/a3"]
    assert found.progress[-1] == (3, 3)
    written = send(server, data, difference_hash=found.summary.difference_hash, reason="Avenants")
    assert (written.summary.applied, written.summary.state_number) == (True, before + 1)
    assert (written.summary.created_count, written.summary.refused_count) == (2, 1)
    assert written.difference == found.difference
    again = read(server, data)
    assert (again.summary.unchanged_count, len(again.difference.banks)) == (2, 0)
    (entry, *_) = server.admin.ListAuditEntries(ListAuditEntriesRequest(resource="banks/a1")).entries
    assert (entry.actor, entry.method) == ("camille", "ImportBanks")
    (event,) = server.registry.ListBankEvents(ListBankEventsRequest(parent="banks/a1")).events
    assert event.reason.startswith("Avenants (preteurs.jsonl, SHA-256 ")


def test_another_difference_than_the_one_read_is_not_written(server: Server) -> None:
    data = lines(bank("b1", 21, agreement()))
    options = {"difference_hash": read(server, data).summary.difference_hash, "reason": "x"}
    write(server, lines(bank("b2", 22)))
    assert send(server, data, **options).summary.applied  # a change elsewhere changes nothing here
    changed = lines(bank("b1", 21, agreement(end="2027-12-31")))
    late = read(server, changed).summary.difference_hash
    last = write(server, lines(bank("b1", 21, agreement(end="2028-12-31")))).summary.state_number
    code, reason, _ = refusal(server, changed, difference_hash=late, reason="x")
    assert (code, reason, server.state_number()) == (grpc.StatusCode.ABORTED, "DIFFERENCE_CHANGED", last)


def test_of_two_writers_of_one_difference_one_writes(server: Server) -> None:
    data = lines(*(bank(f"h{number}", 3000 + number) for number in range(300)))
    digest = read(server, data).summary.difference_hash
    outcomes: list[str] = []

    def writer() -> None:
        try:
            send(server, data, difference_hash=digest, reason="x")
            outcomes.append("written")
        except grpc.RpcError as error:
            outcomes.append(status_of(error)[0].reason)

    before = server.state_number()
    writers = [threading.Thread(target=writer) for _ in range(2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert sorted(outcomes) == ["DIFFERENCE_CHANGED", "written"]
    assert server.state_number() == before + 1


def test_a_repeated_request_answers_as_the_first_time(server: Server) -> None:
    data, request_id = lines(bank("c1", 31)), str(uuid4())
    digest = read(server, data).summary.difference_hash
    options = {"difference_hash": digest, "reason": "x", "request_id": request_id}
    first, second = send(server, data, **options), send(server, data, **options)
    assert first.summary == second.summary
    assert server.state_number() == first.summary.state_number
    other = lines(bank("c2", 32))
    options["difference_hash"] = read(server, other).summary.difference_hash
    assert refusal(server, other, **options)[1] == "REQUEST_ID_REUSED"


def test_every_wrong_option_is_said_at_once(server: Server) -> None:
    options = {"effective_date": None, "difference_hash": "zz", "request_id": "1", "file_name": "a\nb"}
    code, reason, violations = refusal(server, b"", **options)
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert set(violations) == {"effective_date", "difference_hash", "request_id", "file_name", "reason"}
    assert refusal(server, b"x", reason="x")[1] == "DIFFERENCE_REQUIRED"


def test_what_ends_lenders_is_told_and_confirmed(alone: Server) -> None:
    write(alone, lines(bank("a", 1, agreement()), bank("b", 2, agreement())))
    only_a = lines(bank("a", 1, agreement()))
    bad = only_a + b"\n{"
    digest = read(alone, bad, complete=True).summary.difference_hash
    assert refusal(alone, bad, complete=True, reason="x", difference_hash=digest)[1] == "FILE_INCOMPLETE"
    assert write(alone, only_a, complete=True).summary.ended_count == 1
    check = alone.registry.CheckBank(CheckBankRequest(name="banks/b", loan_request=loan("2026-11-25"))).check
    assert "AGREEMENT_ENDED" in {reason.code for reason in check.reasons}
    request = CheckBankRequest(name="banks/b", loan_request=loan("2026-11-24"))
    assert alone.registry.CheckBank(request).check.selectable
    ended = lines(bank("a", 1, agreement(end="2026-11-30")))
    found = read(alone, ended)
    assert (found.summary.ends_every_bank, found.summary.ended_count) == (True, 1)
    options = {"difference_hash": found.summary.difference_hash, "reason": "Fin du dispositif"}
    assert refusal(alone, ended, **options)[1] == "ENDS_EVERY_BANK"
    assert send(alone, ended, confirm_ending_all=True, **options).summary.state_number == 3


@pytest.mark.parametrize(
    "form", [pb.BANK_FILE_FORMAT_CSV, pb.BANK_FILE_FORMAT_XLSX, pb.BANK_FILE_FORMAT_JSONL]
)
def test_an_export_is_proved_and_reads_as_unchanged(server: Server, form: Any) -> None:
    write(server, lines(bank("d1", 41, agreement(envelope="1234.50", rate_max_pct="2.125")), bank("d2", 42)))
    header, data = export(server, form)
    assert (header.state_number, header.size_bytes) == (server.state_number(), len(data))
    assert header.sha256 == hashlib.sha256(data).hexdigest()
    assert export(server, form)[1] == data
    again = read(server, data, complete=True)
    assert (again.summary.unchanged_count, len(again.difference.banks)) == (header.bank_count, 0)


def test_an_export_shows_what_was_known_and_true(server: Server) -> None:
    first = write(server, lines(bank("e1", 51, agreement(), agreement(start="2027-01-01", end=None)))).summary
    (event,) = server.registry.ListBankEvents(ListBankEventsRequest(parent="banks/e1")).events
    write(server, lines(bank("e1", 51, agreement(end="2026-06-30"))), confirm_ending_all=True)
    then, data = export(server, pb.BANK_FILE_FORMAT_JSONL, known_time=event.record_time)
    assert then.state_number == first.state_number
    (found,) = [one for one in map(json.loads, data.splitlines()) if one["id"] == "e1"]
    assert [one["start"] for one in found["agreements"]] == ["2024-01-01", "2027-01-01"]
    _, data = export(server, pb.BANK_FILE_FORMAT_JSONL, on_date=Date(year=2026, month=7, day=1))
    (found,) = [one for one in map(json.loads, data.splitlines()) if one["id"] == "e1"]
    assert "agreements" not in found


def test_an_upload_cut_half_way_writes_nothing(server: Server) -> None:
    data = lines(*(bank(f"f{number}", 1000 + number) for number in range(500)))
    digest, before = read(server, data).summary.difference_hash, server.state_number()
    sent, stopped = threading.Event(), threading.Event()

    def half() -> Iterator[pb.ImportBanksRequest]:
        yield next(messages(data, difference_hash=digest, reason="x"))
        sent.set()
        stopped.wait(10)

    call = server.admin.ImportBanks(half())
    assert sent.wait(10)
    call.cancel()
    stopped.set()
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() == grpc.StatusCode.CANCELLED
    assert server.state_number() == before
    assert send(server, data, difference_hash=digest, reason="x").summary.created_count == 500


def test_a_huge_upload_is_refused_early_and_the_server_keeps_answering(server: Server) -> None:
    sent = 0

    def endless() -> Iterator[pb.ImportBanksRequest]:
        nonlocal sent
        yield pb.ImportBanksRequest(effective_date=TODAY, validate_only=True)
        for _ in range(300):
            sent += 1
            yield pb.ImportBanksRequest(chunk=bytes(MEBIBYTE))

    with pytest.raises(grpc.RpcError) as caught:
        list(server.admin.ImportBanks(endless()))
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert status_of(caught.value)[0].reason == "MESSAGE_TOO_LARGE"
    assert sent < 150
    with pytest.raises(grpc.RpcError) as caught:
        read(server, bytes(33 * MEBIBYTE))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(caught.value)[0].reason == "FILE_UNREADABLE"
    assert read(server, lines(bank("g1", 61))).summary.created_count == 1


def test_ten_thousand_lenders_are_read_and_written_with_progress(alone: Server) -> None:
    data = lines(*(bank(f"b{number}", number, agreement()) for number in range(10_000)))
    found = write(alone, data)
    assert found.summary.created_count == 10_000
    assert len(found.progress) > 20
    assert found.progress == sorted(found.progress)
    assert len(found.difference.banks) == 10_000
    assert alone.state_number() == 1


def test_postgresql_imports_and_exports_alike(launch: Launch, postgres_url: str) -> None:
    url = new_database(postgres_url)
    address = launch(
        "services.bank_registry", "--workers", "1", env={"BANK_REGISTRY_DATABASE_URL": url}
    ).address
    other = Server(address, url)
    data = lines(bank("a", 1, agreement(envelope="100.00")), bank("b", 2, bic="?"), bank("c", 3))
    digest = read(other, data).summary.difference_hash
    options = {"difference_hash": digest, "reason": "x", "request_id": str(uuid4())}
    first = send(other, data, **options).summary
    assert (first.created_count, first.refused_count, first.state_number) == (2, 1, 1)
    assert send(other, data, **options).summary == first
    header, file = export(other, pb.BANK_FILE_FORMAT_CSV, min_state_number=1)
    assert (header.bank_count, read(other, file, complete=True).summary.unchanged_count) == (2, 2)


@pytest.mark.more("dix mille prêteurs, importés puis lus page à page sur PostgreSQL")
def test_postgresql_imports_and_pages_ten_thousand_lenders(launch: Launch, postgres_url: str) -> None:
    url = new_database(postgres_url)
    environment = {"BANK_REGISTRY_DATABASE_URL": url}
    other = Server(launch("services.bank_registry", "--workers", "1", env=environment).address, url)
    data = lines(*(bank(f"b{number}", number, agreement()) for number in range(10_000)))
    assert write(other, data).summary.created_count == 10_000
    names: list[str] = []
    token = ""
    while token or not names:
        request = ListBanksRequest(page_size=200, page_token=token, min_state_number=1)
        page = other.registry.ListBanks(request)
        assert page.total_size == 10_000
        names.extend(one.name for one in page.banks)
        token = page.next_page_token
    assert (len(names), len(set(names))) == (10_000, 10_000)
    header, file = export(other, pb.BANK_FILE_FORMAT_JSONL, min_state_number=1)
    assert (header.bank_count, read(other, file, complete=True).summary.unchanged_count) == (10_000, 10_000)


def check(server: Server, name: str, on: str, amount: str = "1500.00") -> bool:
    asked = CheckBankRequest(name=name, loan_request=loan(on, amount=amount))
    return server.registry.CheckBank(asked).check.selectable


def test_a_file_that_changes_days_already_past_is_not_written_unless_it_says_so(server: Server) -> None:
    write(server, lines(bank("p1", 81, agreement(amount_max="5000.00"))))
    amended = lines(bank("p1", 81, agreement(amount_max="1000.00")))
    question = pb.PastQuestion(loan_request=loan("2025-06-15"))
    found = read(server, amended, questions=[question])
    (line,) = found.difference.banks[0].changes
    assert (line.days, line.corrects_past) == ("du 01/01/2024 au 31/12/2026", True)
    assert (found.summary.past_bank_count, found.summary.question_count, found.summary.answer_count) == (
        1,
        1,
        1,
    )
    (answer,) = found.summary.answers
    assert answer.question.replace("\u00a0", " ").startswith("Banque fictive p1, le 15 juin 2025")
    assert answer.before == "possible"
    assert "1 000,00 €" in answer.after.replace("\u00a0", " ").replace("\u202f", " ")
    quoted = {"difference_hash": found.summary.difference_hash, "reason": "Avenant"}
    code, reason, _ = refusal(server, amended, correct_past=False, **quoted)
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PAST_CHANGED")
    assert check(server, "banks/p1", "2025-06-15")


def test_an_amendment_leaves_the_past_and_a_correction_is_told_in_the_history(
    server: Server,
) -> None:
    write(server, lines(bank("p2", 82, agreement(amount_max="5000.00", end=None))))
    amended = lines(bank("p2", 82, agreement(amount_max="1000.00", end=None)))
    found = write(server, amended, correct_past=False, change_date=Date(year=2100, month=1, day=1))
    assert found.summary.past_bank_count == 0
    answers = [check(server, "banks/p2", day) for day in ("2025-06-15", "2099-12-31", "2100-01-01")]
    assert answers == [True, True, False]

    def told() -> str:
        events = server.registry.ListBankEvents(ListBankEventsRequest(parent="banks/p2")).events
        return " ".join(events[0].sentences).replace("\u00a0", " ")

    assert "Correction du passé" not in told()
    assert read(server, amended).summary.past_bank_count == 1
    write(server, amended)
    assert "Correction du passé : du 01/01/2024 au " in told()


def test_the_names_that_a_source_gives_to_columns_are_columns(server: Server) -> None:
    names = {"code": "identifiant", "raison sociale": "Nom", "n° INSEE": "SIREN", "quoi": "couleur"}
    data = f"code;raison sociale;type;n° INSEE\nn1;Crédit fictif;association;{siren(91)}\n".encode()
    assert refusal(server, data, validate_only=True)[1] == "FILE_UNREADABLE"
    code, reason, violations = refusal(server, data, validate_only=True, column_names=names)
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert list(violations) == ["column_names[2]"]
    assert "couleur" not in str(violations)
    del names["quoi"]
    found = read(server, data, column_names=names)
    assert [one.name for one in found.difference.banks] == ["banks/n1"]


def test_past_questions_are_read_like_any_other(server: Server) -> None:
    wrong = [pb.PastQuestion(bank="p", loan_request=loan(amount="-1.00"))]
    code, reason, violations = refusal(server, b"{}", validate_only=True, questions=wrong)
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert set(violations) == {"questions[0].bank", "questions[0].loan_request.amount"}
