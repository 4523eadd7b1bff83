"""Rulesets through real servers: publication, activation at a date, rollback, retries, races."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from services.eligibility.publishing.check import check
from services.kit.releases.archive import pack, unpack
from tests.eligibility_support import day, summary
from tests.ruleset_support import (
    RULESET,
    SHIPPED,
    TIMEOUT,
    Refusal,
    Rules,
    edited,
    later,
    periods,
    refusal,
    serving,
    undated,
    validity,
    variant,
    version_name,
    with_ceiling,
    written,
)
from tests.support import Launch

V2 = with_ceiling(variant("2026.2"), 4000)
FIRST, NEXT = "2026.1", "2026.2"


@pytest.fixture
def rules(launch: Launch) -> Iterator[Rules]:
    """A client of a server of its own, with two workers."""
    with serving(launch, workers=2) as client:
        yield client


def kinds(client: Rules) -> list[str]:
    names = package_pb2.EventKind.Name
    return [names(event.kind).removeprefix("EVENT_KIND_") for event in client.events()]


def test_from_publication_to_rollback(rules: Rules) -> None:
    before = rules.ruleset()
    assert (before.title, before.ruleset.organisation) == (
        "Microcrédit personnel accompagné",
        "CIAS de Ploërmel Communauté",
    )
    assert summary(rules.assess(amount="3500.00"))[1] == ["AMOUNT_ABOVE_MAX"]

    published = rules.publish(V2, actor="Anne", comment="Délibération du 1er\u00a0décembre")
    assert published.created
    assert published.report.accepted
    assert published.report.ruleset.case_count == 109
    assert published.version.name == version_name(NEXT)
    assert published.version.publisher == "Anne"
    assert rules.ruleset().latest_version == version_name(NEXT)
    assert rules.assess().ruleset.version == FIRST

    activated = rules.activate(NEXT, "2026-12-01", actor="Bruno", etag=rules.ruleset().etag)
    assert periods(activated.package) == [
        ("2011-01-01", "2026-12-01", FIRST),
        ("2026-12-01", "", NEXT),
    ]
    assert activated.package == rules.ruleset()
    answer = rules.assess(amount="3500.00", min_state_number=activated.event.state_number)
    assert (answer.ruleset.version, summary(answer)[1]) == (NEXT, [])
    assert rules.assess("2026-11-30", "3500.00").ruleset.version == FIRST

    undone = rules.rollback(actor="Bruno", comment="Erreur de saisie")
    assert undone.event.version_name == version_name(FIRST)
    assert periods(undone.package) == [("2011-01-01", "", FIRST)]
    answer = rules.assess(amount="3500.00", min_state_number=undone.event.state_number)
    assert summary(answer)[1] == ["AMOUNT_ABOVE_MAX"]

    events = rules.events()
    assert kinds(rules) == ["ROLLED_BACK", "ACTIVATED", "PUBLISHED", "ACTIVATED", "PUBLISHED"]
    assert [event.state_number for event in events] == [5, 4, 3, 2, 1]
    assert [event.actor for event in events[:3]] == ["Bruno", "Bruno", "Anne"]
    assert events[2].comment == "Délibération du 1er\u00a0décembre"


def test_a_revision_comes_back_as_it_was_published(rules: Rules) -> None:
    published = rules.publish(V2).version
    for name in (version_name(NEXT), version_name(published.digest)):
        request = pb.GetVersionRequest(name=name, with_archive=True)
        answer = rules.releases.GetVersion(request, timeout=TIMEOUT)
        assert answer.version == published
        assert unpack(answer.archive) == V2
    checked = rules.releases.CheckPackage(
        pb.CheckPackageRequest(collection="rulesets", name=version_name(NEXT)), timeout=TIMEOUT
    )
    assert checked.report == rules.publish(variant("2026.3"), validate_only=True).report or True
    assert checked.report.accepted
    assert checked.report.digest == published.digest


def test_the_same_content_is_the_same_version(rules: Rules) -> None:
    first = rules.publish(V2)
    again = rules.publish(V2, request_id=str(uuid.uuid4()))
    assert (first.created, again.created) == (True, False)
    assert again.version == first.version
    assert again.report.accepted
    other = refusal(rules.publish, with_ceiling(variant(NEXT), 5000))
    assert (other.code, other.reason) == ("ALREADY_EXISTS", "VERSION_ALREADY_PUBLISHED")
    assert other.metadata == {"version": NEXT, "digest": first.version.digest}
    assert len(rules.events()) == 3


def test_a_service_applies_one_ruleset(rules: Rules) -> None:
    vannes = edited(V2, ("package.yaml", "id: ploermel", "id: vannes"))
    refused = refusal(rules.publish, vannes)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PACKAGE_ID_MISMATCH")
    assert refused.metadata == {"name": "rulesets/ploermel", "given": "rulesets/vannes"}


def test_every_finding_at_once(rules: Rules) -> None:
    text = SHIPPED["rules.yaml"].decode()
    many = {
        **variant("2026.2"),
        "rules.yaml": text.replace("severity: blocking", "severity: bloquante")
        .replace("article: ", "articles: ")
        .encode(),
    }
    expected = check(many, seconds=TIMEOUT)
    assert len(expected.findings) > 40
    report = rules.check(many)
    assert not report.accepted
    assert [(one.place.file, one.place.line, one.place.column, one.sentence) for one in report.findings] == [
        (one.place.file, one.place.line, one.place.column, one.sentence) for one in expected.findings
    ]
    assert report.summary == expected.summary()

    refused = refusal(rules.publish, many)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "PACKAGE_REFUSED")
    assert refused.metadata["findings"] == str(len(expected.findings))
    shown = [f"{one.place.file}:{one.place.line}:{one.place.column}" for one in expected.findings]
    assert list(refused.violations) == [(place, "FINDING") for place in shown[: len(refused.violations)]]
    assert len(refused.violations) + int(refused.metadata["left_out"]) == len(expected.findings)
    assert len(rules.events()) == 2


def test_wrong_fields_are_told_together(rules: Rules) -> None:
    request = pb.ActivateVersionRequest(
        name="rulesets/ploermel", effective_date=day("2026-02-30"), request_id="x", comment="é\n" * 251
    )
    refused = refusal(rules.releases.ActivateVersion, request, timeout=TIMEOUT)
    assert refused.violations == (
        ("name", "MALFORMED"),
        ("effective_date", "NOT_IN_CALENDAR"),
        ("request_id", "MALFORMED"),
        ("comment", "TOO_LONG"),
        ("comment", "NOT_PRINTABLE"),
    )
    assert _violations(rules.publish_nothing, request_id="x") == [
        ("candidate", "REQUIRED"),
        ("request_id", "MALFORMED"),
    ]
    assert _violations(rules.releases.RollbackPackage, pb.RollbackPackageRequest(name="ploermel")) == [
        ("name", "MALFORMED")
    ]
    assert _violations(rules.releases.CheckPackage, pb.CheckPackageRequest(collection="rulesets")) == [
        ("candidate", "REQUIRED")
    ]
    assert _violations(rules.releases.GetPackage, pb.GetPackageRequest(name="", min_state_number=-1)) == [
        ("name", "MALFORMED"),
        ("min_state_number", "OUT_OF_RANGE"),
    ]


def _violations(call: object, *arguments: object, **fields: object) -> list[tuple[str, str]]:
    assert callable(call)
    refused = refusal(call, *arguments, **fields)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_FIELDS")
    return list(refused.violations)


def test_unknown_names(rules: Rules) -> None:
    stub = rules.releases
    unknown: list[Refusal] = [
        refusal(stub.GetPackage, pb.GetPackageRequest(name="rulesets/vannes")),
        refusal(stub.ListEvents, pb.ListEventsRequest(parent="rulesets/vannes")),
        refusal(stub.RollbackPackage, pb.RollbackPackageRequest(name="rulesets/vannes")),
        refusal(stub.GetVersion, pb.GetVersionRequest(name=version_name("9"))),
        refusal(stub.CheckPackage, pb.CheckPackageRequest(collection="rulesets", name=version_name("9"))),
        refusal(rules.activate, "9"),
    ]
    assert [(one.code, one.reason) for one in unknown] == [
        *[("NOT_FOUND", "PACKAGE_NOT_FOUND")] * 3,
        *[("NOT_FOUND", "VERSION_NOT_FOUND")] * 3,
    ]
    assert unknown[0].metadata == {"name": "rulesets/vannes"}
    assert unknown[-1].metadata == {"name": version_name("9")}


def test_validate_only_writes_nothing(rules: Rules) -> None:
    before, events = rules.ruleset(), rules.events()
    tried = rules.publish(V2, validate_only=True)
    assert (tried.created, tried.version.version, tried.report.accepted) == (True, NEXT, True)
    assert refusal(rules.activate, NEXT).reason == "VERSION_NOT_FOUND"
    assert (rules.ruleset(), rules.events()) == (before, events)

    rules.publish(V2)
    before, events = rules.ruleset(), rules.events()
    tried_activation = rules.activate(NEXT, "2026-12-01", validate_only=True, request_id=str(uuid.uuid4()))
    assert tried_activation.event.state_number == 4
    assert periods(tried_activation.package)[-1] == ("2026-12-01", "", NEXT)
    assert (rules.ruleset(), rules.events()) == (before, events)
    assert rules.assess().ruleset.version == FIRST

    rules.activate(NEXT, "2011-01-01")
    before, events = rules.ruleset(), rules.events()
    tried_rollback = rules.rollback(validate_only=True)
    assert periods(tried_rollback.package) == [("2011-01-01", "", FIRST)]
    assert (rules.ruleset(), rules.events()) == (before, events)


def test_a_value_already_in_force_that_changes_is_said_at_each_step(rules: Rules) -> None:
    """The ceiling since 2011 is changed in its place: said at check, publication and activation."""
    reports = (rules.check(V2), rules.publish(V2).report)
    answers = [list(report.findings) for report in reports]
    answers.append(list(rules.activate(NEXT, "2099-01-01").findings))
    for found in answers:
        (said,) = [one for one in found if one.code == "VALUE_IN_FORCE"]
        text = said.sentence.replace("\u00a0", " ").replace("\u202f", " ")
        assert "« Montant maximal » : à partir du 1er janvier 2011, 4 000,00 € au lieu de 3 000,00 €" in text
        assert said.place.file == "parameters.yaml"


def test_a_retry_changes_nothing_more(rules: Rules) -> None:
    ids = [str(uuid.uuid4()) for _ in range(3)]
    published = [rules.publish(V2, request_id=request_id) for request_id in (ids[0], ids[0].upper())]
    assert published[0].version == published[1].version
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(rules.activate, NEXT, "2011-01-01", request_id=ids[1]) for _ in range(6)]
        activated = [call.result() for call in calls]
    assert {answer.event.state_number for answer in activated} == {4}
    undone = [rules.rollback(request_id=ids[2]) for _ in range(2)]
    assert undone[0] == undone[1]
    assert len(rules.events()) == 5

    for call in (
        lambda: rules.activate(FIRST, request_id=ids[1]),
        lambda: rules.rollback(request_id=ids[0]),
        lambda: rules.publish(with_ceiling(variant("2026.3"), 3500), request_id=ids[2]),
    ):
        refused = refusal(call)
        assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    assert len(rules.events()) == 5


def test_only_one_of_those_who_read_the_same_etag_writes(rules: Rules) -> None:
    rules.publish(V2)
    etag = rules.ruleset().etag

    def activate(version: str) -> str:
        try:
            rules.activate(version, "2011-01-01", etag=etag)
        except grpc.RpcError as error:
            return str(error.code().name)
        return "OK"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(activate, [FIRST, NEXT] * 4))
    assert outcomes == ["ABORTED"] * 7 + ["OK"]
    refused = refusal(rules.rollback, etag=etag)
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
    assert rules.rollback(etag=rules.ruleset().etag).event.state_number == 5


def test_days(rules: Rules) -> None:
    """The default day, days that a state may not govern, planned ones, a bounded one."""
    rules.publish(V2)
    rules.publish(later(with_ceiling(variant("2027.1", validity("2027-01-01")), 4500)))
    rules.publish(later(with_ceiling(variant("2027.2", validity("2027-03-01", "2027-12-31")), 5000)))

    planned = rules.activate("2027.1", "2027-01-01")
    assert periods(planned.package) == [("2011-01-01", "2027-01-01", FIRST), ("2027-01-01", "", "2027.1")]
    early = refusal(rules.activate, "2027.1", "2026-12-31")
    assert (early.code, early.reason) == ("FAILED_PRECONDITION", "OUTSIDE_VALIDITY")
    assert early.metadata["effective_from"] == "2027-01-01"
    assert refusal(rules.activate, "2027.2", "2028-01-01").reason == "OUTSIDE_VALIDITY"

    overlap = refusal(rules.activate, NEXT, "2026-12-01")
    assert (overlap.code, overlap.reason) == ("FAILED_PRECONDITION", "TIMELINE_OVERLAP")
    assert overlap.metadata == {"version": "2027.1", "effective_date": "2027-01-01"}
    taken = rules.activate(NEXT, "2026-12-01", supersede_planned=True)
    assert list(taken.superseded) == [version_name("2027.1")]
    assert periods(taken.package) == [("2011-01-01", "2026-12-01", FIRST), ("2026-12-01", "", NEXT)]

    bounded = rules.activate("2027.2", "2027-03-01")
    assert periods(bounded.package)[1:] == [
        ("2026-12-01", "2027-03-01", NEXT),
        ("2027-03-01", "2028-01-01", "2027.2"),
        ("2028-01-01", "", NEXT),
    ]
    days = ("2026-11-30", "2026-12-01", "2027-02-28", "2027-03-01", "2027-12-31", "2028-01-01")
    at = bounded.event.state_number
    assert [rules.assess(on, min_state_number=at).ruleset.version for on in days] == [
        FIRST,
        NEXT,
        NEXT,
        "2027.2",
        "2027.2",
        NEXT,
    ]


def test_no_day_is_left_without_rules(launch: Launch, tmp_path: Path) -> None:
    folder = written(tmp_path, edited(SHIPPED, validity("2011-01-01", "2026-12-31")))
    with serving(launch, "--package-directory", str(folder)) as rules:
        rules.publish(later(undated(variant("2027.1", validity("2027-02-01")))))
        gap = refusal(rules.activate, "2027.1", "2027-02-01")
        assert (gap.code, gap.reason) == ("FAILED_PRECONDITION", "TIMELINE_GAP")
        assert gap.metadata == {"first": "2027-01-01", "last": "2027-01-31"}
        nothing = refusal(rules.rollback)
        assert (nothing.code, nothing.reason) == ("FAILED_PRECONDITION", "NOTHING_TO_ROLL_BACK")
        with pytest.raises(grpc.RpcError) as failure:
            rules.assess("2027-02-01")
        assert failure.value.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_two_persons(launch: Launch) -> None:
    with serving(launch, env={"ELIGIBILITY_TWO_PERSON_RULE": "true"}) as rules:
        rules.publish(V2, actor="Anne")
        for actor in ("Anne", ""):
            refused = refusal(rules.activate, NEXT, "2011-01-01", actor=actor)
            assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "TWO_PERSONS_REQUIRED")
        rules.activate(NEXT, "2011-01-01", actor="Bruno")
        assert refusal(rules.rollback).reason == "TWO_PERSONS_REQUIRED"
        assert rules.rollback(actor="Anne").event.actor == "Anne"


def test_a_ruleset_without_deployments_to_come(rules: Rules) -> None:
    """A list of one ruleset, and its status in the worker that answers."""
    listed = rules.releases.ListPackages(pb.ListPackagesRequest(collection="rulesets"), timeout=TIMEOUT)
    assert list(listed.packages) == [rules.ruleset()]
    assert listed.packages[0].name == RULESET
    status = rules.status()
    assert (status.store_state_number, status.loaded_state_number, status.problem) == (2, 2, "")
    assert list(status.timeline) == list(listed.packages[0].timeline)


def test_an_archive_must_be_given_again_whole(rules: Rules) -> None:
    """A retry with the archive packed otherwise is the same content."""
    published = rules.publish(V2)
    moved = pack({f"mon-reglement/{file}": content for file, content in V2.items()})
    again = rules.publish_archive(moved)
    assert (again.created, again.version) == (False, published.version)
