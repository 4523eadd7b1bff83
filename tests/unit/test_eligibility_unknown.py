"""Unknown is never presentable: what is missing, undecided or outside the person's situation, in the engine
itself and in the check of packages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from microcredit.eligibility.v1 import eligibility_service_pb2 as rpc
from services.eligibility.answer.assess import assess
from services.eligibility.answer.explained_rules import Situation
from services.eligibility.answer.plain import plain_lines
from services.eligibility.api.service import decide
from services.eligibility.engine.definitions import CompiledRules
from services.eligibility.engine.evaluation import all_values
from services.eligibility.package.evaluate import evaluate
from services.eligibility.package.facts import WhenAbsent
from services.eligibility.package.load import read_package
from services.eligibility.package.model import Outcome, RulePackage, RuleSeverity
from services.eligibility.package.parse import parse
from services.eligibility.package.tree import BOOLEAN, INTEGER, Kind, Literal, Value, ValueType
from services.eligibility.publishing.check.examine import examine
from services.kit.errors import InvalidArgument
from tests.advice_support import DAY, Small, boolean, fact, integer, shipped, small
from tests.eligibility_reglement import BASE
from tests.eligibility_support import application, deployed
from tests.ruleset_support import SHIPPED, edited
from tests.small_reglement import small_reglement
from tests.support import examples
from tests.unit.test_eligibility_advice_questions import situations

BLOCKING, MISSING, RESERVE = RuleSeverity.BLOCKING, RuleSeverity.MISSING, RuleSeverity.RESERVE
NEVER = Literal(value=False, type=BOOLEAN)


def expected(made: Small, facts: dict[str, Value | None]) -> Outcome:
    """The outcome, from the rule that holds for every package."""
    values = all_values(made.package, {"request_date": DAY, **facts})
    truths = [(rule.severity, evaluate(rule.condition, values)) for rule in made.package.rules]
    asked = [one.name for one in made.package.facts.values() if one.when_absent is WhenAbsent.MISSING]
    if (BLOCKING, True) in truths:
        return Outcome.NOT_ELIGIBLE
    undecided = any(truth is None and severity is not RESERVE for severity, truth in truths)
    if undecided or (MISSING, True) in truths or any(facts.get(name) is None for name in asked):
        return Outcome.INCOMPLETE
    return Outcome.ELIGIBLE_WITH_RESERVE if (RESERVE, True) in truths else Outcome.ELIGIBLE


@settings(max_examples=examples(150))
@given(situations())
def test_what_is_unknown_is_never_presentable(situation: tuple[Small, dict[str, Value | None]]) -> None:
    made, facts = situation
    found = made.assess(facts)
    assert found.outcome is expected(made, facts)
    values = all_values(made.package, {"request_date": DAY, **facts})
    unknown = [rule.code for rule in made.package.rules if evaluate(rule.condition, values) is None]
    assert [rule.code for rule in found.undecided] == unknown
    for rule in found.undecided:
        for one in rule.facts:
            assert facts.get(one.path.removeprefix("additional_facts.")) is None


def test_a_missing_fact_that_no_rule_reads_leaves_the_application_incomplete() -> None:
    made = small([integer("income", 9, WhenAbsent.MISSING)], {}, [(RESERVE, "request_date < request_date")])
    found = made.assess({})
    assert found.outcome is Outcome.INCOMPLETE
    assert [one.label for one in found.missing] == ["income"]
    assert made.assess({"income": 1}).outcome is Outcome.ELIGIBLE


def test_a_rule_that_nothing_decides_is_told_without_a_fact() -> None:
    pension = fact("pension", replace(INTEGER, asked_when=NEVER), WhenAbsent.NOT_APPLICABLE)
    made = small(
        [integer("income", 9), pension], {"total": "income + pension"}, [(BLOCKING, "total > income")]
    )
    found = made.assess({"income": 5})
    assert found.outcome is Outcome.INCOMPLETE
    (rule,) = found.undecided
    assert (rule.code, rule.facts) == ("R0", ())
    assert "pension" in rule.message
    assert made.assess({"income": 5, "pension": 0}).outcome is Outcome.ELIGIBLE


def test_an_undecided_reserve_changes_nothing() -> None:
    made = small([boolean("listed", WhenAbsent.UNKNOWN)], {}, [(RESERVE, "listed")])
    found = made.assess({})
    assert (found.outcome, [rule.code for rule in found.undecided]) == (Outcome.ELIGIBLE, ["R0"])
    assert [one.label for one in found.undecided[0].facts] == ["listed"]


@pytest.mark.parametrize(
    ("couple", "spouse", "outcome"),
    [
        (False, None, Outcome.ELIGIBLE),
        (True, None, Outcome.INCOMPLETE),
        (None, None, Outcome.INCOMPLETE),
        (True, 3, Outcome.ELIGIBLE),
        (True, 9, Outcome.NOT_ELIGIBLE),
    ],
)
def test_a_fact_is_asked_only_where_it_applies(
    couple: bool | None, spouse: int | None, outcome: Outcome
) -> None:
    """While it is not known whether it applies, it is asked."""
    condition, _ = parse("couple", {"couple": BOOLEAN}, calculation=False)
    income = fact("spouse", replace(INTEGER, asked_when=condition), WhenAbsent.MISSING, minimum=0, maximum=9)
    facts = [boolean("couple", WhenAbsent.MISSING), income, integer("own", 9)]
    made = small(facts, {"total": "sum_known(own, spouse)"}, [(BLOCKING, "total > own and total > 7")])
    given_facts: dict[str, Value | None] = {"own": 2, "couple": couple, "spouse": spouse}
    found = made.assess(given_facts)
    assert found.outcome is outcome
    wanted = ["couple"] if couple is None else []
    wanted += ["spouse"] if couple is not False and spouse is None else []
    assert [one.label for one in found.missing] == wanted


# What the check of packages says


def with_calculation(value: str, condition: str, *, declared: str = "") -> dict[str, bytes]:
    """The shipped package with one calculation and one blocking rule, and maybe one fact."""
    calculation = f"total:\n  label: Total\n  value: {value}\n\nfunding_gap:"
    rule = f"TOTAL_HIGH:\n  severity: blocking\n  when: {condition}\n  message: Trop.\n  article: Essai\n"
    cases = (
        "cases:\n  - {id: T01, title: Trop, changes: {budget.monthly_income: 9000.00, "
        "budget.monthly_charges: 0.00, household.persons: 1}, "
        "expected: {outcome: NOT_ELIGIBLE, reasons: [TOTAL_HIGH]}}\n"
    )
    if declared == PENSION:
        cases = cases.replace("household.persons: 1", "household.persons: 1, pension: 0.00")
    facts = SHIPPED["facts.yaml"].decode() + declared
    return {
        **edited(SHIPPED, ("derived.yaml", "funding_gap:", calculation)),
        "rules.yaml": SHIPPED["rules.yaml"] + f"\n{rule}".encode(),
        "facts.yaml": facts.encode(),
        "cases/90-total.yaml": cases.encode(),
    }


PENSION = """
pension:
  source: additional
  type: money
  label: Pension
  minimum: 0.00
  maximum: 1000000.00
  when_absent: not_applicable
  personal_data: sensitive
"""


@pytest.mark.parametrize(
    ("package", "refused"),
    [
        (with_calculation("budget.monthly_income + pension", "total > amount_max", declared=PENSION), True),
        (
            with_calculation(
                "sum_known(budget.monthly_income, pension)", "total > amount_max", declared=PENSION
            ),
            False,
        ),
        (
            with_calculation("budget.monthly_income / (loan.months - months_max)", "total > amount_max"),
            True,
        ),
    ],
    ids=["a term that does not apply", "or zero", "a division by zero"],
)
def test_a_package_that_leaves_someone_incomplete_for_ever_is_refused(
    package: dict[str, bytes], refused: bool
) -> None:
    """The witness is a file of cases that the package accepts as it is."""
    report = examine(package)
    told = [one.sentence for one in report.findings if "SANS_FIN" in one.sentence]
    assert bool(told) is refused, [str(one) for one in report.findings]
    if not told:
        return
    case = told[0][told[0].index("cases: [") :]
    read = read_package({**package, "cases/99-sans-fin.yaml": case.encode()})
    witness = read.cases[-1]
    assert witness.outcome is Outcome.INCOMPLETE
    values = all_values(read, witness.facts)
    rule = next(rule for rule in read.rules if rule.id == "TOTAL_HIGH")
    assert evaluate(rule.condition, values) is None


def test_a_sum_that_is_zero_when_every_term_is_leaves_someone_incomplete_for_ever() -> None:
    """No fact moved alone makes the divisor zero."""
    declared = (
        "{}: {{source: additional, type: integer, label: {}, minimum: 0, maximum: 9, personal_data: none}}\n"
    )
    files = small_reglement("1")
    files["facts.yaml"] += "".join(declared.format(name, name) for name in ("adults", "children")).encode()
    files["derived.yaml"] = b"each:\n  label: Part\n  value: loan.amount / (adults + children)\n"
    files["rules.yaml"] += (
        b"SHARE_HIGH:\n  severity: blocking\n  when: each > amount_max\n  message: Trop.\n"
        b"  article: Article 9\n"
    )
    files["cases/base.yaml"] = files["cases/base.yaml"].replace(b"}", b", adults: 2, children: 3}")
    told = [one.sentence for one in examine(files).findings if "SANS_FIN_SHARE_HIGH" in one.sentence]
    assert len(told) == 1
    read = read_package({**files, "cases/99.yaml": told[0][told[0].index("cases: [") :].encode()})
    witness = read.cases[-1]
    assert (witness.outcome, witness.facts["adults"], witness.facts["children"]) == (Outcome.INCOMPLETE, 0, 0)


def test_the_plain_lines_say_why_nothing_that_is_asked_decides() -> None:
    """A division by zero at the longest duration: no reason, nothing missing, and yet a sentence."""
    package = read_package(
        with_calculation("budget.monthly_income / (loan.months - months_max)", "total > amount_max")
    )
    facts = {**package.cases[0].facts, "loan.months": 36}
    found = assess(package, CompiledRules(package).fire, facts)
    assert (found.outcome, found.reasons, found.missing) == (Outcome.INCOMPLETE, (), ())
    values = dict(all_values(package, facts))
    lines = plain_lines(Situation(package, found, facts, values, "", "", DAY))
    assert "un de ses calculs étant impossible ici" in lines[1]
    assert len(lines) == 3


# What enters


def with_facts(*more: Any) -> RulePackage:
    """The shipped package with facts more, which no rule reads."""
    package = shipped().package
    return replace(package, facts={**package.facts, **{one.name: one for one in more}})


def decided(package: RulePackage, **facts: Any) -> Any:
    """The decision on the base application with added facts."""
    message = application(BASE)
    for name, (kind, value) in facts.items():
        setattr(message.additional_facts[name], kind, value)
    request = rpc.AssessEligibilityRequest(application=message)
    return decide(request, deployed(package, shipped().engine))


@pytest.mark.parametrize(("number", "accepted"), [(2**53 - 1, True), (2**53, False), (-(2**53), False)])
def test_an_integer_that_the_engine_cannot_compare_is_refused(number: int, accepted: bool) -> None:
    package = with_facts(fact("steps", INTEGER))
    if accepted:
        assert decided(package, steps=("integer", number)).facts["steps"] == number
        return
    with pytest.raises(InvalidArgument) as failure:
        decided(package, steps=("integer", number))
    assert [one.reason.name for one in failure.value.violations] == ["OUT_OF_RANGE"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("e\u0301te\u0301", "été"),
        ("Val\u00a0d’Oust", "Val d’Oust"),
        ("a\x00", None),
        ("a\nb", None),
        ("a\u202eb", None),
        ("x" * 201, None),
    ],
)
def test_a_text_is_composed_printable_and_bounded(typed: str, read: str | None) -> None:
    package = with_facts(fact("place", ValueType(Kind.TEXT, "place")))
    if read is not None:
        assert decided(package, place=("text", typed)).facts["place"] == read
        return
    with pytest.raises(InvalidArgument) as failure:
        decided(package, place=("text", typed))
    assert all(typed not in one.description for one in failure.value.violations)


def test_a_field_that_nothing_reads_is_said() -> None:
    package = with_facts(fact("steps", INTEGER))
    without = replace(
        package, facts={name: one for name, one in package.facts.items() if name != "loan.fees"}
    )
    rules = tuple(rule for rule in without.rules if rule.id != "FEES_FORBIDDEN")
    engine = shipped().engine
    request = rpc.AssessEligibilityRequest(application=application(BASE))
    request.application.additional_facts["steps"].integer = 3
    narrow = replace(without, rules=rules)
    found = decide(request, deployed(narrow, lambda values: engine({**values, "loan.fees": 0})))
    assert found.assessment.unread == ("loan.fees", 'additional_facts["steps"]')
    assert decided(shipped().package).assessment.unread == ()


def test_sums_of_integers_that_the_engine_cannot_compare_are_refused_by_the_check() -> None:
    """An application could otherwise make the two evaluators disagree."""
    steps = PENSION.replace("pension", "steps").replace("money", "integer")
    steps = steps.replace("  minimum: 0.00\n  maximum: 1000000.00\n  when_absent: not_applicable\n", "")
    package = with_calculation("steps * loan.months", "total > months_max", declared=steps)
    base = package["cases/base.yaml"] + b"  steps: 1\n"
    report = examine({**package, "cases/base.yaml": base})
    assert any("bornez les faits" in one.sentence for one in report.findings)
