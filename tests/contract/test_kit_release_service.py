"""The one ReleaseService, with a kind of package that knows no trade, on both databases."""

from __future__ import annotations

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
from google.type.date_pb2 import Date

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from services.kit import context
from services.kit.errors import DomainError
from services.kit.releases import Turns, digest, pack, unpack
from services.kit.releases.turns import LEAST_SECONDS
from tests.bank_registry_support import new_database
from tests.release_probe import FILE, MAX_BYTES, Served, package, served

NAME = "things/vis"


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
    activated = things.call("ActivateVersion", activation("2"))
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


def test_what_cannot_serve_never_governs(things: Served) -> None:
    things.call("PublishPackage", publication(package("vis", "1")))
    things.call("ActivateVersion", activation("1"))
    unusable = publication(package("vis", "2", word="unusable"))
    things.probe.check = lambda contents, seconds, annotated: _accepting(contents)  # type: ignore[method-assign]
    things.deployments.kinds.first.__dict__["check"] = things.probe.check
    things.call("PublishPackage", unusable)
    error = refused(things.call, "ActivateVersion", activation("2"))
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
