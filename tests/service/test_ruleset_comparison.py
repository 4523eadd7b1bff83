"""What a candidate changes, through a server: over cases, applications, recorded decisions, live calls."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from microcredit.eligibility.v1 import assessment_pb2, ruleset_pb2
from microcredit.eligibility.v1 import eligibility_service_pb2 as rpc
from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from services.kit.releases.archive import pack
from tests.eligibility_reglement import BASE
from tests.eligibility_support import application, day, merged
from tests.ruleset_support import (
    TIMEOUT,
    Rules,
    edited,
    refusal,
    serving,
    variant,
    version_name,
    with_ceiling,
)
from tests.support import Launch, wait_until

V2 = with_ceiling(variant("2026.2"), 4000)
DEAR, CHEAP = 3, 9


@pytest.fixture(scope="module")
def rules(launch: Launch) -> Iterator[Rules]:
    """A client of a server of its own that has recorded decisions and published another ceiling."""
    with serving(launch, workers=2) as client:
        for amount, count in (("3200.00", DEAR), ("1500.00", CHEAP)):
            for _ in range(count):
                client.assess(amount=amount)
        client.publish(V2)
        yield client


def compare(client: Rules, **fields: object) -> ruleset_pb2.ComparisonReport:
    request = pb.CompareRulesetsRequest(**fields)  # type: ignore[arg-type]
    return client.rulesets.CompareRulesets(request, timeout=TIMEOUT).report


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def check_told(report: ruleset_pb2.ComparisonReport) -> None:
    assert (report.compared_count, report.changed_count, report.outcome_changed_count) == (12, 3, 3)
    assert plain(report.summary).startswith("3 dossiers sur 12 deviennent présentables, parce que")
    assert "9 sont inchangés" in plain(report.summary)
    (change,) = report.changes
    assert change.base_outcome == assessment_pb2.OUTCOME_NOT_ELIGIBLE
    assert change.candidate_outcome == assessment_pb2.OUTCOME_ELIGIBLE
    assert (list(change.added_reasons), list(change.removed_reasons)) == ([], ["AMOUNT_ABOVE_MAX"])
    assert change.count == len(change.examples) == 3
    assert all(example.startswith("decisions/") for example in change.examples)


def test_over_recorded_decisions(rules: Rules) -> None:
    check_told(compare(rules, name=version_name("2026.2"), decisions=pb.RecordedDecisions()))
    check_told(compare(rules, archive=pack(V2), decisions=pb.RecordedDecisions()))


def test_decisions_left_unread_are_counted(rules: Rules) -> None:
    """« Nothing changes » over the last ones would say nothing of the others."""
    few = compare(rules, name=version_name("2026.2"), decisions=pb.RecordedDecisions(max_count=2))
    assert few.compared_count == 2
    assert "Décisions lues : les 2 dernières sur 12 ;" in plain(few.summary)
    every = compare(rules, name=version_name("2026.2"), decisions=pb.RecordedDecisions(max_count=13))
    assert "Décisions lues : 12, jusqu’à la plus ancienne." in plain(every.summary)


def test_pages_together_say_what_one_page_of_all_says(rules: Rules) -> None:
    request = pb.CompareRulesetsRequest(
        name=version_name("2026.2"), decisions=pb.RecordedDecisions(max_count=5)
    )
    read = []
    while True:
        answer = rules.rulesets.CompareRulesets(request, timeout=TIMEOUT)
        read.append(answer.report.compared_count)
        if not answer.next_before:
            break
        request.decisions.before = answer.next_before
        request.earlier.CopyFrom(answer.report)
    assert read == [5, 10, 12]
    every = compare(rules, name=version_name("2026.2"), decisions=pb.RecordedDecisions())
    assert answer.report == every
    request.earlier.left_out_count = -1
    request.decisions.before = -1
    wrong = refusal(rules.rulesets.CompareRulesets, request, timeout=TIMEOUT)
    assert [field for field, _ in wrong.violations] == ["decisions.before"]
    request.decisions.before = 0
    wrong = refusal(rules.rulesets.CompareRulesets, request, timeout=TIMEOUT)
    assert [field for field, _ in wrong.violations] == ["earlier"]


def test_the_base_is_named(rules: Rules) -> None:
    """The rules now, the rules then or a version: the answers then stay those of 2026.1 whatever is named."""
    then = pb.RecordedDecisions(with_answers_then=True)
    told = {
        "RULES_NOW": compare(rules, name=version_name("2026.2"), decisions=pb.RecordedDecisions()),
        "ANSWERS_THEN": compare(rules, name=version_name("2026.2"), decisions=then),
        "VERSION": compare(rules, name=version_name("2026.2"), base=version_name("2026.1")),
    }
    names = ruleset_pb2.ComparisonBase.Name
    assert [names(report.base) for report in told.values()] == [f"COMPARISON_BASE_{name}" for name in told]
    assert "Base : les règles en vigueur aujourd’hui" in plain(told["RULES_NOW"].summary)
    assert "Base : la réponse donnée alors" in plain(told["ANSWERS_THEN"].summary)
    assert "Base : la version 2026.1." in plain(told["VERSION"].summary)
    check_told(told["ANSWERS_THEN"])
    wrong = refusal(compare, rules, name=version_name("2026.2"), base=version_name("2026.1"), decisions=then)
    assert [field for field, _ in wrong.violations] == ["base"]


def test_over_the_cases_of_the_candidate(rules: Rules) -> None:
    report = compare(rules, name=version_name("2026.2"))
    assert report.compared_count == 109
    assert report.left_out_count == 0


def test_over_applications_of_the_request(rules: Rules) -> None:
    given = [
        rpc.AssessEligibilityRequest(
            case_reference=f"DOSSIER-{amount}",
            application=application(
                merged(BASE, {"loan": {"amount": f"{amount}.00"}, "project": {"total_cost": f"{amount}.00"}})
            ),
        )
        for amount in (1500, 3500, 5000)
    ]
    over = pb.ApplicationSet(requests=given)
    report = compare(rules, name=version_name("2026.2"), base=version_name("2026.1"), applications=over)
    assert (report.compared_count, report.outcome_changed_count) == (3, 1)
    assert list(report.changes[0].examples) == ["DOSSIER-3500"]
    given[1].application.ClearField("loan")
    refused = refusal(
        compare, rules, name=version_name("2026.2"), applications=pb.ApplicationSet(requests=given)
    )
    assert refused.reason == "INVALID_FIELDS"
    assert all(field.startswith("applications.requests[1].") for field, _ in refused.violations)


def test_an_unsound_candidate_is_refused_with_its_findings(rules: Rules) -> None:
    broken = edited(V2, ("rules.yaml", "loan.amount > amount_max", "loan.amount > amont_max"))
    refused = refusal(compare, rules, archive=pack(broken))
    assert refused.reason == "PACKAGE_REFUSED"
    assert refused.violations[0][0].startswith("rules.yaml:")


def shadow(client: Rules, name: str) -> ruleset_pb2.Shadow:
    return client.rulesets.GetShadow(pb.GetShadowRequest(name=name), timeout=TIMEOUT).shadow


def counted(client: Rules, name: str, count: int) -> ruleset_pb2.Shadow:
    """The run once it has counted that many decisions."""

    def complete() -> ruleset_pb2.Shadow | None:
        found = shadow(client, name)
        return None if found.report.compared_count < count or found.pending_count else found

    return wait_until(complete)


def test_a_shadow_run_from_recorded_decisions_to_live_calls(rules: Rules) -> None:
    request = pb.StartShadowRequest(name=version_name("2026.2"), request_id=str(uuid.uuid4()))
    request.start_time.FromSeconds(0)
    validated = pb.StartShadowRequest(name=version_name("2026.2"), validate_only=True)
    rules.rulesets.StartShadow(validated, timeout=TIMEOUT)
    assert not rules.rulesets.ListShadows(pb.ListShadowsRequest(), timeout=TIMEOUT).shadows
    started = rules.rulesets.StartShadow(request, timeout=TIMEOUT).shadow
    assert rules.rulesets.StartShadow(request, timeout=TIMEOUT).shadow.name == started.name
    assert started.state == ruleset_pb2.SHADOW_STATE_RUNNING
    check_told(counted(rules, started.name, 12).report)

    answer = rules.assess(amount="3300.00")
    assert answer.ruleset.version == "2026.1"
    live = counted(rules, started.name, 13)
    assert live.report.changes[0].count == 4

    stop = pb.StopShadowRequest(name=started.name, request_id=str(uuid.uuid4()), validate_only=True)
    tried = rules.rulesets.StopShadow(stop, timeout=TIMEOUT).shadow
    assert tried.state == ruleset_pb2.SHADOW_STATE_RUNNING
    stop.validate_only = False
    stopped = rules.rulesets.StopShadow(stop, timeout=TIMEOUT).shadow
    assert stopped.state == ruleset_pb2.SHADOW_STATE_STOPPED
    assert rules.rulesets.StopShadow(stop, timeout=TIMEOUT).shadow == stopped
    stop.name = "shadows/999"
    assert refusal(rules.rulesets.StopShadow, stop).reason == "REQUEST_ID_REUSED"
    rules.assess(amount="3300.00")
    request.request_id = str(uuid.uuid4())
    other = rules.rulesets.StartShadow(request, timeout=TIMEOUT).shadow
    counted(rules, other.name, 14)  # the runs go on one after the other: a running one would have seen it too
    rules.rulesets.StopShadow(pb.StopShadowRequest(name=other.name), timeout=TIMEOUT)
    assert shadow(rules, started.name).report == stopped.report
    listed = rules.rulesets.ListShadows(pb.ListShadowsRequest(), timeout=TIMEOUT).shadows
    assert shadow(rules, started.name) in listed
    assert len(listed) == 2


def test_as_of_another_day(rules: Rules) -> None:
    later = edited(
        variant("2027.1"),
        (
            "parameters.yaml",
            "      reference: Règlement intérieur, article 2\n\n# Plafond",
            "      reference: Règlement intérieur, article 2\n    - valid_from: 2027-01-01\n"
            "      value: 4000.00\n      reference: Délibération\n\n# Plafond",
        ),
    )
    rules.publish(later)
    over = pb.RecordedDecisions(max_count=50)
    unmoved = compare(rules, name=version_name("2027.1"), decisions=over)
    moved = compare(rules, name=version_name("2027.1"), decisions=over, as_of_date=day("2027-01-01"))
    assert unmoved.changed_count == 0
    assert moved.outcome_changed_count >= DEAR


@pytest.mark.parametrize("name", ["shadows/999", "shadows/0", "shadows/x", ""])
def test_an_unknown_run(rules: Rules, name: str) -> None:
    """A name that is none may be any text: it is not repeated."""
    for call in (
        lambda: rules.rulesets.GetShadow(pb.GetShadowRequest(name=name)),
        lambda: rules.rulesets.StopShadow(pb.StopShadowRequest(name=name)),
    ):
        found = refusal(call)
        if name == "shadows/999":
            assert found.reason == "SHADOW_NOT_FOUND"
        else:
            assert (found.reason, found.violations) == ("INVALID_FIELDS", (("name", "MALFORMED"),))
