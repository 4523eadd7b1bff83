"""durable_rules behind its compiler: the same true set as the reference evaluator, limits, failures,
memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import durable_rules_engine
import pytest

from microcredit.eligibility.v1 import eligibility_service_pb2 as service_pb2
from services.eligibility.answer.assess import assess
from services.eligibility.answer.assessment import RulesetStamp
from services.eligibility.engine.critical_values import Critical
from services.eligibility.engine.definitions import CompiledRules, UncompilableError, compile_package, fnv1a
from services.eligibility.engine.evaluation import all_values, true_rules
from services.eligibility.engine.native import EngineError, NativeRuleset
from services.eligibility.engine.trial import try_package
from services.eligibility.messages.application import read_request
from services.eligibility.messages.assessments import assessment_pb
from services.eligibility.package.model import Outcome, RulePackage, RuleSeverity
from services.eligibility.package.parse import parse
from services.eligibility.package.tree import Kind, Value, ValueType
from tests.advice_support import DAY, fact, small
from tests.eligibility_reglement import BASE, random_facts
from tests.eligibility_support import (
    PACKAGE,
    Json,
    application,
    copied_package,
    deployed,
    load_package,
    merged,
    summary,
)

STAMP = RulesetStamp("ploermel", "2026.1", "", 1)


@pytest.fixture(scope="module")
def package() -> RulePackage:
    """The shipped package."""
    return load_package(PACKAGE)


def values_of(package: RulePackage, facts: Json) -> Mapping[str, Value | None]:
    """Every value of an application."""
    request = service_pb2.AssessEligibilityRequest(application=application(facts))
    return all_values(package, read_request(request, deployed(package, lambda _: frozenset()))[1])


def with_conditions(package: RulePackage, *texts: str) -> RulePackage:
    """The same package with other rules."""
    rules = []
    for number, text in enumerate(texts):
        node, problems = parse(text, package.scope, calculation=False)
        assert node is not None, (text, problems)
        rules.append(replace(package.rules[0], id=f"R{number}", code=f"R{number}", condition=node))
    return replace(package, rules=tuple(rules))


LEAVES = (
    "loan.amount {order} amount_max",
    "amount_min {order} loan.amount",
    "loan.amount {order} 0",
    "loan.nominal_rate_pct {order} rate_max",
    "loan.nominal_rate_pct {order} 0",
    "loan.months {order} months_max",
    "living_remainder {order} living_floor",
    "budget.monthly_income {order} budget.monthly_charges",
    "budget.monthly_income {order} 0",
    "debt_ratio_pct {order} debt_ratio_max",
    "debt_ratio_pct {order} 0",
    "credit_burden {order} credit_burden_max",
    "daily_average_per_person {order} living_floor_per_person_per_day",
    "applicant.residence_permit_end {order} loan_end",
    "applicant.birth_date {order} request_date",
    "applicant_age {order} age_min",
    "missing_count {order} 0",
    "banking.overindebtedness == 'PLAN'",
    "banking.overindebtedness != 'AUCUN'",
    "project.category {member} excluded_categories",
    "project.category {member} ['SANTE', 'LOISIRS']",
    "applicant.commune_insee {member} communes",
    "'RIB' {member} documents",
    "'RIB' {member} missing_documents",
    "'budget.monthly_charges' {member} missing_facts",
    "known(banking.ficp)",
    "known(debt_ratio_pct)",
    "banking.ficp",
    "banking.commission_agreement",
    "support.accepted",
    "guarantor_allowed",
)


def random_condition(random: Random, depth: int) -> str:
    """A condition over every kind of comparison, with facts that may be unknown."""
    draw = random.random()
    if depth and draw < 0.5:
        word = random.choice((" and ", " or "))
        parts = [random_condition(random, depth - 1) for _ in range(random.randint(2, 3))]
        return f"({word.join(parts)})"
    if depth and draw < 0.65:
        return f"(not {random_condition(random, depth - 1)})"
    leaf = random.choice(LEAVES)
    return leaf.format(
        order=random.choice(("<", "<=", ">", ">=", "==", "!=")), member=random.choice(("in", "not in"))
    )


def compiles(package: RulePackage, text: str) -> bool:
    """True when a condition is within the limits of the engine."""
    try:
        compile_package(with_conditions(package, text))
    except UncompilableError:
        return False
    return True


@pytest.mark.parametrize("seed", range(30))
def test_random_rules_fire_as_the_reference_says(package: RulePackage, seed: int) -> None:
    random = Random(seed)
    texts = [random_condition(random, 2) for _ in range(40)]
    changed = with_conditions(package, *(text for text in texts if compiles(package, text)))
    assert len(changed.rules) > 30
    rules = CompiledRules(changed)
    for _ in range(20):
        values = values_of(package, random_facts(random))
        assert rules.fire(values) == true_rules(changed, values)


def test_thresholds_are_compared_by_the_engine(package: RulePackage) -> None:
    """The amount and the ceiling of the day are two fields of one fact."""
    shard = compile_package(package)[0]
    assert shard.conditions["AMOUNT_ABOVE_MAX"] == {"$gt": {"loan_amount": {"$m": "amount_max"}}}
    row = shard.row(values_of(package, BASE))
    assert (row["loan_amount"], row["amount_max"]) == (150_000, 300_000)
    assert all(type(value) is int for value in row.values())


def test_every_operator_around_equality() -> None:
    operators = {"gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte", "neq": "$neq"}
    conditions = {name: {sign: {"a": {"$m": "b"}}} for name, sign in operators.items()}
    ruleset = NativeRuleset("operators", {**conditions, "eq": {"a": {"$m": "b"}}})
    for b in (0, 1, -1, 300_000, -(10**11), 2**53 - 1):
        assert ruleset.fire({"a": b - 1, "b": b}) == {"lt", "lte", "neq"}
        assert ruleset.fire({"a": b, "b": b}) == {"gte", "lte", "eq"}
        assert ruleset.fire({"a": b + 1, "b": b}) == {"gt", "gte", "neq"}


@pytest.mark.parametrize(
    "text",
    [
        " and ".join(["project.category not in excluded_categories"] * 11),
        " and ".join(["(support.accepted or banking.has_account)"] * 7),
        " or ".join(["support.accepted and (banking.has_account or banking.ficp)"] * 7),
    ],
    ids=["comparisons", "alternatives", "groups"],
)
def test_a_rule_too_large_for_the_engine_is_refused(package: RulePackage, text: str) -> None:
    with pytest.raises(UncompilableError, match="R0 est trop grande"):
        compile_package(with_conditions(package, text))


def test_names_that_the_engine_would_confuse_are_refused(package: RulePackage) -> None:
    assert fnv1a("costarring") == fnv1a("liquid")
    for names in (("costarring", "liquid"), ("loan_amount",), ("id",)):
        scope = dict(package.scope) | dict.fromkeys(names, package.scope["loan.amount"])
        with pytest.raises(UncompilableError, match="confondrait"):
            compile_package(replace(package, scope=scope))


def test_more_rules_than_one_ruleset_holds(package: RulePackage) -> None:
    """65 conditions true at the same node would stop the engine: shards of 60 do not."""
    changed = with_conditions(package, *["loan.amount < amount_max"] * 200)
    assert len(compile_package(changed)) == 4
    assert len(CompiledRules(changed).fire(values_of(package, BASE))) == 200


@pytest.mark.parametrize("fired", [frozenset(), frozenset({"AMOUNT_ABOVE_MAX", "FICP_DECLARED"})])
def test_a_disagreement_goes_to_a_human(package: RulePackage, fired: frozenset[str]) -> None:
    """The engine misses a rule, then finds one too many: never eligible, the disagreement first."""
    facts = merged(BASE, {"banking": {"ficp": True}})
    request = service_pb2.AssessEligibilityRequest(application=application(facts))
    given = read_request(request, deployed(package, lambda _: fired))[1]
    found = assess(package, lambda _: fired, given)
    assert found.outcome is Outcome.NEEDS_REVIEW
    assert found.reasons[0].code == "ENGINE_DISAGREEMENT"
    assert {reason.code for reason in found.reasons[1:]} == fired | {"FICP_DECLARED"}
    assert found.disagreements == tuple(sorted(fired ^ {"FICP_DECLARED"}))
    outcome, reasons, _, _ = summary(assessment_pb(found, STAMP))
    assert (outcome, reasons[0]) == ("NEEDS_REVIEW", "ENGINE_DISAGREEMENT")


def test_a_failing_engine_is_a_disagreement_and_recovers(tmp_path: Path) -> None:
    """A value beyond the exact integers of the engine: this answer is left to a human, the next one is
    right."""
    package = load_package(
        copied_package(tmp_path / "p", ("parameters.yaml", "      value: 33\n", "      value: 33.333333\n"))
    )
    engine = CompiledRules(package).fire
    outcomes = []
    for income in ("987654321.01", "1250.00"):
        facts = merged(BASE, {"budget": {"monthly_income": income}})
        request = service_pb2.AssessEligibilityRequest(application=application(facts))
        found = assess(package, engine, read_request(request, deployed(package, engine))[1])
        outcomes.append((found.outcome, [reason.code for reason in found.reasons]))
    assert outcomes == [(Outcome.NEEDS_REVIEW, ["ENGINE_DISAGREEMENT"]), (Outcome.ELIGIBLE, [])]


def test_a_ruleset_that_failed_is_never_used_again() -> None:
    ruleset = NativeRuleset("broken", {"R": {"a": 1}})
    with pytest.raises(EngineError, match="exact range"):
        ruleset.fire({"a": 1, "b": 2**53 + 1})
    assert ruleset.fire({"a": 1}) == {"R"}
    with pytest.raises(EngineError, match="failed"):
        ruleset.fire({f"column{number}": 1 for number in range(300)})
    with pytest.raises(EngineError, match="after an error"):
        ruleset.fire({"a": 1})


def test_the_trial_refuses_what_the_engine_cannot_run(package: RulePackage) -> None:
    try_package(package)
    case = package.cases[0]
    too_large = replace(case, facts={**case.facts, "loan.amount": 10**17})
    with pytest.raises(UncompilableError, match="pas pu"):
        try_package(replace(package, cases=(too_large,)))


def resident_kilobytes() -> int:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def test_memory_stays_flat(package: RulePackage) -> None:
    rules = CompiledRules(package)
    random = Random(1)
    samples = [values_of(package, random_facts(random)) for _ in range(50)]
    for _ in range(20):
        for values in samples:
            rules.fire(values)
    before = resident_kilobytes()
    for _ in range(120):
        for values in samples:
            rules.fire(values)
    for _ in range(150):
        CompiledRules(package)
    assert resident_kilobytes() - before < 4_000


def test_threads_share_one_engine(package: RulePackage) -> None:
    rules = CompiledRules(package)
    random = Random(2)
    samples = [values_of(package, random_facts(random)) for _ in range(40)]
    expected = [true_rules(package, values) for values in samples]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            assert list(pool.map(rules.fire, samples)) == expected


def stops_after_one_rule(*_: object) -> None:
    """The library says that nothing is left to fire."""


def never_stops(*_: object) -> str:
    """The library fires the same rule again."""
    return '{"R":{}}'


@pytest.mark.parametrize("next_action", [stops_after_one_rule, never_stops])
def test_a_run_that_does_not_reach_its_end_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, next_action: Callable[..., str | None]
) -> None:
    ruleset = NativeRuleset("cut", {"R": {"a": 1}, "S": {"a": 1}})
    monkeypatch.setattr(durable_rules_engine, "complete_and_start_action", next_action)
    with pytest.raises(EngineError, match="failed"):
        ruleset.fire({"a": 1})


def test_a_run_that_fires_nothing_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the sentinel, silence would mean that no rule is against the application."""
    ruleset = NativeRuleset("silent", {"R": {"a": 1}})
    monkeypatch.setattr(durable_rules_engine, "start_action_for_state", lambda *_: (None, None, None))
    with pytest.raises(EngineError, match="failed"):
        ruleset.fire({"a": 1})


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_a_threshold_is_tried_below_on_and_above(operator: str) -> None:
    """Whatever the operator, no change of the answer falls between two values that are tried."""
    facts = [
        fact("amount", ValueType(Kind.INTEGER), minimum=0, maximum=9000),
        fact("limit", ValueType(Kind.INTEGER), minimum=0, maximum=9000),
    ]
    package = small(facts, {}, [(RuleSeverity.BLOCKING, f"amount {operator} limit")]).package
    given: dict[str, Value | None] = {"request_date": DAY, "amount": 10, "limit": 3000}
    assert Critical(package).values(given, "amount") == (0, 2999, 3000, 3001, 9000)


def test_a_threshold_between_two_cents_is_tried_on_both_sides() -> None:
    facts = [
        fact("amount", ValueType(Kind.MONEY), minimum=0, maximum=9000),
        fact("limit", ValueType(Kind.MONEY), minimum=0, maximum=9000),
    ]
    rules = [(RuleSeverity.BLOCKING, "amount > half")]
    package = small(facts, {"half": "limit / 2"}, rules).package
    given: dict[str, Value | None] = {"request_date": DAY, "amount": 10, "limit": 6001}
    assert Critical(package).values(given, "amount") == (0, 3000, 3001, 9000)
