"""The one ReleaseService, with a kind of package that knows no trade, on both databases."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from typing import Any

import pytest
import structlog
from google.type.date_pb2 import Date
from sqlalchemy import text

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from services.kit import context
from services.kit.errors import DomainError
from services.kit.releases import SIGNATURE_FILE, Statement, Turns, deployments, digest, pack, unpack
from services.kit.releases.signature import generate_key, sign
from services.kit.releases.turns import LEAST_SECONDS
from services.kit.store import Database
from tests.bank_registry_support import new_database
from tests.release_probe import FILE, MAX_BYTES, Served, another, package, served

NAME = "things/vis"


@pytest.fixture(autouse=True)
def _silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a server is set at its start: there is none here."""
    monkeypatch.setattr(deployments, "log", structlog.wrap_logger(None, [structlog.testing.LogCapture()]))


@pytest.fixture(params=["sqlite", "postgresql"])
def things(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """Probes under a collection, names of the store prefixed by it."""
    url = f"sqlite:///{tmp_path}/releases.sqlite3"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_url"))
    with served(url, tmp_path / "migrations", prefix="things/") as found:
        yield found


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Served]:
    """Probes of which the service applies only one, whose names in the store have no prefix."""
    with served(f"sqlite:///{tmp_path}/one.sqlite3", tmp_path / "migrations", single=True) as found:
        yield found


def publication(contents: dict[str, bytes], **fields: Any) -> pb.PublishPackageRequest:
    return pb.PublishPackageRequest(collection="things", archive=pack(contents), **fields)


def activation(version: str, day: str = "", **fields: Any) -> pb.ActivateVersionRequest:
    request = pb.ActivateVersionRequest(name=f"{NAME}/versions/{version}", **fields)
    if day:
        found = date.fromisoformat(day)
        request.effective_date.CopyFrom(Date(year=found.year, month=found.month, day=found.day))
    return request


def refused(call: Callable[..., object], *arguments: Any, **fields: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call(*arguments, **fields)
    return caught.value


def events(things: Served) -> list[package_pb2.Event]:
    return list(things.call("ListEvents", pb.ListEventsRequest(parent=NAME)).events)


def test_from_publication_to_rollback(things: Served) -> None:
    published = things.call("PublishPackage", publication(package("vis", "1"), comment="Délibération"))
    assert (published.created, published.report.accepted) == (True, True)
    assert (published.version.name, published.version.title) == (f"{NAME}/versions/1", "Chose 1")
    assert published.report.state_number == published.version.state_number == 1
    things.call("ActivateVersion", activation("1"))
    things.call("PublishPackage", publication(package("vis", "2", first="2026-07-01")), actor="bruno")
    activated = things.call("ActivateVersion", activation("2", "2026-07-01"))
    assert [period.version for period in activated.package.timeline] == ["1", "2"]
    assert things.deployments.current().governing(NAME, date(2026, 6, 30)) == "1"
    assert things.deployments.current().governing(NAME, date(2026, 7, 1)) == "2"
    undone = things.call("RollbackPackage", pb.RollbackPackageRequest(name=NAME))
    assert undone.event.version_name == f"{NAME}/versions/1"
    assert things.deployments.current(undone.event.state_number).governing(NAME, date(2026, 7, 1)) == "1"
    kinds = [package_pb2.EventKind.Name(event.kind) for event in events(things)]
    told = ["ROLLED_BACK", "ACTIVATED", "PUBLISHED", "ACTIVATED", "PUBLISHED"]
    assert kinds == [f"EVENT_KIND_{kind}" for kind in told]
    status = things.call("GetStatus", pb.GetStatusRequest()).status
    assert (status.store_state_number, status.loaded_state_number, status.problem) == (5, 5, "")
    assert [period.version_name for period in status.timeline] == [f"{NAME}/versions/1"]


def test_what_was_published_comes_back(things: Served) -> None:
    contents = package("vis", "1")
    things.call("PublishPackage", publication(contents))
    for number in ("1", digest(contents)):
        request = pb.GetVersionRequest(name=f"{NAME}/versions/{number}", with_archive=True, with_file=FILE)
        answer = things.call("GetVersion", request)
        assert (unpack(answer.archive), answer.file) == (contents, contents[FILE])
    unknown = pb.GetVersionRequest(name=f"{NAME}/versions/1", with_file="autre")
    assert refused(things.call, "GetVersion", unknown).violations[0].field == "with_file"
    named = pb.CheckPackageRequest(collection="things", name=f"{NAME}/versions/1")
    report = things.call("CheckPackage", named).report
    assert (report.accepted, report.package, report.state_number) == (True, NAME, 1)


def test_lists_are_paged_and_each_page_shows_the_same_state(things: Served) -> None:
    for number in range(3):
        things.call("PublishPackage", publication(package(f"vis-{number}", "1")))
    request = pb.ListPackagesRequest(collection="things", page_size=2)
    first = things.call("ListPackages", request)
    things.call("PublishPackage", publication(package("vis-9", "1")))
    request.page_token = first.next_page_token
    rest = things.call("ListPackages", request)
    assert [one.name for one in (*first.packages, *rest.packages)] == [f"things/vis-{n}" for n in range(3)]
    assert rest.next_page_token == ""
    request.page_token = "faux"
    assert refused(things.call, "ListPackages", request).violations[0].field == "page_token"


def test_every_finding_is_told_at_its_place(things: Served) -> None:
    bad = package("vis", "1", word="mot")
    report = things.call(
        "CheckPackage", pb.CheckPackageRequest(collection="things", archive=pack(bad))
    ).report
    (finding,) = report.findings
    place = (finding.place.file, finding.place.line, finding.place.column)
    assert (report.accepted, place, finding.code) == (False, (FILE, 1, 2), "WORD")
    assert (finding.sentence, finding.advice) == ("Le mot est de trop.", "Retirez-le.")
    error = refused(things.call, "PublishPackage", publication(bad))
    assert (error.status, error.reason) == ("INVALID_ARGUMENT", "PACKAGE_REFUSED")
    assert [(one.field, one.reason) for one in error.violations] == [(f"{FILE}:1:2", "FINDING")]
    assert error.violations[0].description.endswith(" (WORD)")
    odd = things.call("PublishPackage", publication(package("vis", "1", word="odd")))
    assert (odd.report.accepted, len(odd.report.findings)) == (True, 1)


def test_a_reused_id_is_told_before_anything_is_checked(things: Served) -> None:
    given = str(uuid.uuid4())
    first = things.call("PublishPackage", publication(package("vis", "1"), request_id=given))
    checked = len(things.probe.checked)
    again = things.call("PublishPackage", publication(package("vis", "1"), request_id=given.upper()))
    assert (again.version, again.created) == (first.version, True)
    for request in (
        publication(package("vis", "2", word="starved"), request_id=given),
        publication(package("vis", "2", word="mot"), request_id=given),
        pb.PublishPackageRequest(collection="things", archive=b"rien", request_id=given),
        publication(package("vis", "1"), request_id=given, comment="autre"),
    ):
        assert refused(things.call, "PublishPackage", request).reason == "REQUEST_ID_REUSED"
    assert (
        refused(things.call, "ActivateVersion", activation("9", request_id=given)).reason
        == "REQUEST_ID_REUSED"
    )
    unknown = pb.RollbackPackageRequest(name="things/autre", request_id=given)
    assert refused(things.call, "RollbackPackage", unknown).reason == "REQUEST_ID_REUSED"
    assert len(things.probe.checked) == checked


def test_a_retry_of_an_edit_has_the_first_answer(things: Served) -> None:
    """Though the edit would now continue the version that it made."""
    things.call("PublishPackage", publication(package("vis", "1")))
    edit = package_pb2.EditedFile(name=NAME, content=b"odd")
    request = pb.PublishPackageRequest(collection="things", edited=edit, request_id=str(uuid.uuid4()))
    first = things.call("PublishPackage", request)
    assert (first.version.version, things.call("PublishPackage", request).version) == ("2", first.version)
    assert len(events(things)) == 2


def test_what_the_machine_could_not_check_leaves_nothing(things: Served) -> None:
    given = str(uuid.uuid4())
    starved = publication(package("vis", "1", word="starved"), request_id=given)
    error = refused(things.call, "PublishPackage", starved)
    assert (error.status, error.reason) == ("UNAVAILABLE", "CHECK_INTERRUPTED")
    assert things.call("PublishPackage", publication(package("vis", "1"), request_id=given)).created


def test_validations_leave_nothing(things: Served) -> None:
    things.call("PublishPackage", publication(package("vis", "0")))
    things.call("ActivateVersion", activation("0"))
    before = (
        len(things.cache),
        things.cache.weight,
        len(things.deployments._descriptions),
        len(things.probe.compiled),
    )
    for number in range(400):
        given = str(uuid.uuid4())
        request = publication(package("vis", str(number + 1)), request_id=given, validate_only=True)
        assert things.call("PublishPackage", request).version.title == f"Chose {number + 1}"
    after = (
        len(things.cache),
        things.cache.weight,
        len(things.deployments._descriptions),
        len(things.probe.compiled),
    )
    assert (after, len(events(things))) == (before, 2)


def test_published_packages_at_hand_are_bounded(things: Served) -> None:
    for number in range(10):
        things.call("PublishPackage", publication(package("vis", str(number))))
    assert len(things.cache) <= 4
    heavy = package("vis", "lourd", word="odd") | {"autre": os.urandom(900)}
    for number in range(3):
        things.call("PublishPackage", publication({**heavy, **package("vis", f"l{number}", word="odd")}))
    assert things.cache.weight <= 10_000


def test_an_etag_is_that_of_one_package(things: Served) -> None:
    for name in ("vis", "clou"):
        things.call("PublishPackage", publication(package(name, "1")))
    etag = things.call("GetPackage", pb.GetPackageRequest(name=NAME)).package.etag
    other = pb.ActivateVersionRequest(name="things/clou/versions/1")
    things.call("ActivateVersion", other)
    assert things.call("ActivateVersion", activation("1", etag=etag)).package.etag != etag
    error = refused(things.call, "ActivateVersion", activation("1", etag=etag))
    assert (error.status, error.reason) == ("ABORTED", "ETAG_MISMATCH")


def test_the_first_version_alone_may_leave_its_day_out(things: Served) -> None:
    for number in ("1", "2"):
        things.call("PublishPackage", publication(package("vis", number)))
    first = things.call("ActivateVersion", activation("1"))
    assert first.event.effective_date == Date(year=2026, month=1, day=1)
    error = refused(things.call, "ActivateVersion", activation("2"))
    assert (error.status, error.reason) == ("INVALID_ARGUMENT", "INVALID_FIELDS")
    assert [(one.field, one.reason.name) for one in error.violations] == [("effective_date", "REQUIRED")]


def test_days_already_past_that_change_of_version_are_said(things: Served) -> None:
    """Said when it is tried and when it is done; the days before any version, and those to come, are not."""
    for number in ("1", "2"):
        things.call("PublishPackage", publication(package("vis", number, first="2020-01-01")))
    assert not things.call("ActivateVersion", activation("1", "2024-01-01")).findings
    assert not things.call("ActivateVersion", activation("2", "2099-01-01", validate_only=True)).findings
    for tried in (True, False):
        past = activation("2", "2023-01-01", validate_only=tried, supersede_planned=True)
        (found,) = things.call("ActivateVersion", past).findings
        assert (found.code, found.severity) == ("PAST_DAYS", package_pb2.FINDING_SEVERITY_WARNING)
        said = found.sentence.replace("\u00a0", " ")
        assert "du 1er janvier 2024 au " in said
        assert "la version 2 prend la place de la version 1" in said
    undone = pb.RollbackPackageRequest(name=NAME, effective_date=Date(year=2024, month=1, day=1))
    (found,) = things.call("RollbackPackage", undone).findings
    assert found.code == "PAST_DAYS"
    assert "la version 1 prend la place de la version 2" in found.sentence.replace("\u00a0", " ")


def test_values_already_in_force_that_change_are_said_everywhere(things: Served) -> None:
    """The probe says that every other version changes its value: at check, publication and activation."""
    things.call("PublishPackage", publication(package("vis", "1")))
    things.call("ActivateVersion", activation("1"))
    other = publication(package("vis", "2"))
    checked = things.call("CheckPackage", pb.CheckPackageRequest(collection="things", archive=other.archive))
    reports = (checked, *(things.call("PublishPackage", other) for _ in range(2)))
    assert [[one.code for one in answer.report.findings] for answer in reports] == [["VALUE_IN_FORCE"]] * 3
    activated = things.call("ActivateVersion", activation("2", "2099-01-01"))
    assert [one.code for one in activated.findings] == ["VALUE_IN_FORCE"]
    damaged(things, "1")
    answer = things.call("CheckPackage", pb.CheckPackageRequest(collection="things", archive=other.archive))
    assert [one.code for one in answer.report.findings] == ["VALUES_NOT_COMPARED"]


def test_what_cannot_serve_never_governs(things: Served) -> None:
    things.call("PublishPackage", publication(package("vis", "1")))
    things.call("ActivateVersion", activation("1"))
    unusable = publication(package("vis", "2", word="unusable"))
    things.probe.check = lambda contents, seconds, asked: _accepting(contents)  # type: ignore[method-assign]
    things.deployments.kinds.first.__dict__["check"] = things.probe.check
    things.call("PublishPackage", unusable)
    error = refused(things.call, "ActivateVersion", activation("2", "2026-07-01"))
    assert (error.status, error.reason) == ("FAILED_PRECONDITION", "PACKAGE_UNREADABLE")
    assert things.deployments.current().governing(NAME, date(2026, 7, 1)) == "1"


def _accepting(contents: Any) -> Any:
    from services.kit.releases import Candidate, Report
    from tests.release_probe import read

    identifier, version, first, *_ = read(contents)
    candidate = Candidate(f"things/{identifier}", version, date.fromisoformat(first), None, contents)
    return Report((), "Contrôlé.", contents, candidate, identifier, version)


@pytest.mark.parametrize(
    ("method", "request_", "reason"),
    [
        ("GetPackage", pb.GetPackageRequest(name="things/autre"), "PACKAGE_NOT_FOUND"),
        ("GetVersion", pb.GetVersionRequest(name=f"{NAME}/versions/9"), "VERSION_NOT_FOUND"),
        ("ActivateVersion", pb.ActivateVersionRequest(name=f"{NAME}/versions/9"), "VERSION_NOT_FOUND"),
        ("RollbackPackage", pb.RollbackPackageRequest(name="things/autre"), "PACKAGE_NOT_FOUND"),
        ("ListVersions", pb.ListVersionsRequest(parent="things/autre"), "PACKAGE_NOT_FOUND"),
        ("GetPackage", pb.GetPackageRequest(name=NAME, min_state_number=99), "STATE_NOT_REACHED"),
        ("GetPackage", pb.GetPackageRequest(name="choses/vis", min_state_number=-1), "INVALID_FIELDS"),
        ("ListPackages", pb.ListPackagesRequest(), "INVALID_FIELDS"),
        ("ListPackages", pb.ListPackagesRequest(collection="rulesets"), "INVALID_FIELDS"),
        ("CheckPackage", pb.CheckPackageRequest(collection="things"), "INVALID_FIELDS"),
        ("PublishPackage", pb.PublishPackageRequest(collection="things", request_id="x"), "INVALID_FIELDS"),
        (
            "PublishPackage",
            pb.PublishPackageRequest(collection="things", archive=b"P" * (MAX_BYTES + 1)),
            "ARCHIVE_REFUSED",
        ),
        (
            "CheckPackage",
            pb.CheckPackageRequest(collection="things", edited=package_pb2.EditedFile(name="x", version="a")),
            "INVALID_FIELDS",
        ),
    ],
)
def test_a_wrong_request_is_refused(things: Served, method: str, request_: Any, reason: str) -> None:
    things.call("PublishPackage", publication(package("vis", "1")))
    error = refused(things.call, method, request_)
    assert error.reason == reason
    if reason.endswith("NOT_FOUND"):
        assert error.metadata == {"name": getattr(request_, "name", "") or request_.parent}


def test_wrong_fields_are_told_together(things: Served) -> None:
    request = pb.ActivateVersionRequest(
        name=NAME, effective_date=Date(year=2026, month=2, day=30), request_id="x", comment="é\n" * 251
    )
    fields = [one.field for one in refused(things.call, "ActivateVersion", request).violations]
    assert fields == ["name", "effective_date", "request_id", "comment", "comment"]


def test_a_service_that_applies_one_package_refuses_another(one: Served) -> None:
    published = one.call("PublishPackage", publication(package("vis", "1")))
    assert (published.version.name, one.deployments.store.state().names) == (f"{NAME}/versions/1", ("vis",))
    error = refused(one.call, "PublishPackage", publication(package("clou", "1")))
    assert (error.reason, error.metadata) == ("PACKAGE_ID_MISMATCH", {"name": NAME, "given": "things/clou"})


def test_checks_run_one_at_a_time(things: Served) -> None:
    def publish(number: int) -> None:
        things.call("PublishPackage", publication(package("vis", str(number))))

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(things.probe.checked), things.probe.most_at_once) == (12, 1)


def _hold(turns: Turns, held: Flag) -> None:
    with turns.taken():
        held.set()
        signal.pause()


def test_a_turn_is_shared_by_processes_and_given_back_by_one_that_is_killed() -> None:
    turns, forking = Turns(), multiprocessing.get_context("fork")
    held = forking.Event()
    holder = forking.Process(target=_hold, args=(turns, held))
    holder.start()
    try:
        assert held.wait(60)
        context.enter(context.Call("test", time.monotonic() + LEAST_SECONDS + 0.1))
        with pytest.raises(DomainError) as caught, turns.taken():
            raise AssertionError
        assert (caught.value.status, caught.value.reason) == ("UNAVAILABLE", "OVERLOADED")
    finally:
        assert holder.pid
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
    context.enter(context.Call("test", time.monotonic() + 60))
    with turns.taken():
        pass


PRIVATE, PUBLIC = generate_key()


def test_a_package_that_no_key_signed_costs_no_check(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/signed.sqlite3"
    with served(url, tmp_path / "migrations", prefix="things/", keys=(PUBLIC,)) as things:
        good = package("vis", "1")
        statement = Statement("things/vis", "1", digest(good))
        stranger = sign(statement, generate_key()[0])
        wrong = sign(Statement("things/vis", "2", digest(good)), PRIVATE)
        # The signature of a former version of the command, which does not say what it signs.
        mute = json.dumps({**json.loads(sign(statement, PRIVATE)), "name": "", "version": ""}).encode()
        for signature in (None, stranger, sign(statement, PRIVATE)[:-9], mute):
            attack = good if signature is None else {**good, SIGNATURE_FILE: signature}
            assert refused(things.call, "PublishPackage", publication(attack)).reason == "SIGNATURE_REFUSED"
        assert things.probe.checked == []
        attack = {**good, SIGNATURE_FILE: wrong}
        assert refused(things.call, "PublishPackage", publication(attack)).reason == "SIGNATURE_REFUSED"
        signed = {**good, SIGNATURE_FILE: sign(statement, PRIVATE)}
        assert things.call("PublishPackage", publication(signed)).created


def damaged(things: Served, version: str) -> None:
    """Cuts the archive of a version, as the owner of the database can."""
    database = Database(things.url)
    with database.write() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER release_update"))
        else:
            connection.execute(text("ALTER TABLE release DISABLE TRIGGER USER"))
        change = text("UPDATE release SET archive = substr(archive, 1, 20) WHERE version = :version")
        connection.execute(change, {"version": version})
    database.dispose()


def test_days_whose_version_cannot_be_used_are_without_answer_and_the_others_go_on(things: Served) -> None:
    """Never an older version in their place; a second server judges alike and follows what comes next."""
    for number, first in (("1", "2026-01-01"), ("2", "2027-01-01"), ("3", "2028-01-01")):
        things.call("PublishPackage", publication(package("vis", number, first=first)))
        things.call("ActivateVersion", activation(number, first))
    things.call("PublishPackage", publication(package("clou", "7")))
    things.call("ActivateVersion", pb.ActivateVersionRequest(name="things/clou/versions/7"))
    damaged(things, "2")
    with another(things) as second:
        applied = second.deployments.current()
        assert applied.governing(NAME, date(2026, 12, 31)) == "1"
        assert applied.governing(NAME, date(2028, 1, 1)) == "3"
        assert applied.governing("things/clou", date(2027, 6, 1)) == "7"
        for day in (date(2027, 1, 1), date(2027, 12, 31)):
            error = refused(applied.governing, NAME, day)
            assert (error.reason, error.metadata["name"]) == ("VERSION_UNUSABLE", f"{NAME}/versions/2")
            assert "gouverne du 1er janvier 2027 au 31 décembre 2027" in error.message.replace("\u00a0", " ")
        status = second.call("GetStatus", pb.GetStatusRequest()).status
        assert status.problem == error.message
        assert [period.version for period in status.timeline if period.problem] == ["2"]
        assert status.loaded_state_number == status.store_state_number
        second.deployments.check_in_force()
        things.call("PublishPackage", publication(package("vis", "4")))
        things.call("ActivateVersion", activation("4", "2027-01-01", supersede_planned=True))
        second.deployments.follower.refresh()
        assert second.deployments.current().governing(NAME, date(2027, 6, 1)) == "4"


def test_a_service_whose_packages_of_today_cannot_be_used_is_not_ready(things: Served) -> None:
    for name in ("vis", "clou"):
        things.call("PublishPackage", publication(package(name, f"1.{len(name)}")))
        things.call(
            "ActivateVersion", pb.ActivateVersionRequest(name=f"things/{name}/versions/1.{len(name)}")
        )
    damaged(things, "1.3")
    with another(things) as second:
        second.deployments.check_in_force()
    damaged_too = Database(things.url)
    with damaged_too.write() as connection:
        connection.execute(text("UPDATE release SET archive = substr(archive, 1, 20)"))
    damaged_too.dispose()
    with another(things) as third:
        assert refused(third.deployments.check_in_force).reason == "VERSION_UNUSABLE"


def test_a_package_whose_cases_see_too_little_is_published_with_a_reason(things: Served) -> None:
    weak = package("vis", "1", word="unseen")
    error = refused(things.call, "PublishPackage", publication(weak))
    assert (error.status, error.reason, error.message) == (
        "FAILED_PRECONDITION",
        "WAIVER_REQUIRED",
        "Trop peu.",
    )
    assert error.metadata == {"mutations": "10", "seen": "8", "equivalent": "0"}
    assert [one.description for one in error.violations] == ["Le mot est de trop. Retirez-le. (WORD)"]
    assert things.deployments.store.state().releases == ()
    given = str(uuid.uuid4())
    said = package_pb2.RulesetPublication(proof="ab" * 32, waiver="Vote de ce soir", mutation_count=99)
    made = publication(weak, ruleset=said, request_id=given)
    first, again = (things.call("PublishPackage", made) for _ in range(2))
    assert (first.version, first.created) == (again.version, again.created)
    (event,) = events(things)
    assert event.ruleset == package_pb2.RulesetPublication(
        proof="ab" * 32, waiver="Vote de ce soir", mutation_count=10, seen_mutation_count=8
    )
    other = publication(weak, ruleset=package_pb2.RulesetPublication(waiver="Autre"), request_id=given)
    assert refused(things.call, "PublishPackage", other).reason == "REQUEST_ID_REUSED"
    activated = things.call("ActivateVersion", activation("1"))
    assert [one.code for one in activated.findings] == ["UNVOTED"]


def test_what_a_publication_says_of_a_proof_is_read_whole(things: Served) -> None:
    said = package_pb2.RulesetPublication(proof="AB", waiver="x" * 500 + "\n")
    error = refused(things.call, "PublishPackage", publication(package("vis", "1"), ruleset=said))
    assert [(one.field, one.reason.name) for one in error.violations] == [
        ("ruleset.proof", "MALFORMED"),
        ("ruleset.waiver", "TOO_LONG"),
        ("ruleset.waiver", "NOT_PRINTABLE"),
    ]
    blank = publication(package("vis", "1"), ruleset=package_pb2.RulesetPublication(waiver=" "))
    (violation,) = refused(things.call, "PublishPackage", blank).violations
    assert violation.field == "ruleset.waiver"
    things.deployments.kinds.first.__dict__["proved"] = False
    unproved = publication(package("vis", "1"), ruleset=package_pb2.RulesetPublication(waiver="Vote"))
    assert [one.field for one in refused(things.call, "PublishPackage", unproved).violations] == ["ruleset"]
