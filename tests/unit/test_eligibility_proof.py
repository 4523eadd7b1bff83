"""What is proved of a package: each proof against the evaluators, each fault with a witness that they
confirm, and what is not proved said so."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from services.eligibility.engine import Critical, all_values
from services.eligibility.package import RulePackage, evaluate, read_package, tree
from services.eligibility.proof import Proofs, prove, ready_cases
from services.eligibility.proof.differences import pair, parts
from services.eligibility.proof.mutations import mutations
from services.eligibility.proof.reading import equal, lemma
from services.eligibility.proof.rules import Proof, Prover, Subject
from services.eligibility.proof.score import Score, Verdict
from services.eligibility.proof.search import Answer, Budget, Space
from services.eligibility.proof.seen import seen
from services.eligibility.proof.solver import solver
from services.eligibility.proof.terms import Model, segments
from services.eligibility.proof.witnesses import written_value
from services.eligibility.publishing.check.applications import at_random
from tests.ruleset_support import SHIPPED, Edit, edited

SECONDS = 300.0
"""Far more than is needed on a busy machine: nothing here depends on how fast it is."""


def package_of(*edits: Edit) -> RulePackage:
    """The shipped package, edited."""
    return read_package(edited(SHIPPED, *edits))


@pytest.fixture(scope="module")
def shipped() -> Proofs:
    return prove(read_package(SHIPPED), SECONDS)


def test_everything_is_settled_of_the_shipped_package(shipped: Proofs) -> None:
    assert shipped.proved == len(shipped.proofs)
    assert shipped.passes
    assert not any(one.is_fault for one in shipped.proofs)
    assert [one.name for one in shipped.proofs if one.subject is Subject.PROPERTY and one.answer.proved] == [
        item.id for item in shipped.package.properties
    ]


def test_the_shipped_cases_see_every_mutation_that_can_be_seen(shipped: Proofs) -> None:
    assert shipped.score.percent == 100
    assert shipped.score.killed > 270
    assert {one.verdict for one in shipped.score.others} == {Verdict.EQUIVALENT}
    assert len(shipped.score.others) < 10


def test_the_terms_of_the_solver_say_what_the_evaluators_say() -> None:
    """Every calculation and rule, on applications drawn at random: what differs would be a false proof."""
    package = read_package(SHIPPED)
    for application in at_random(package, Critical(package), 25):
        values = all_values(package, application.facts)
        day = values["request_date"]
        period = next(one for one in segments(package) if day in one)  # type: ignore[operator]
        model = Model(package, period)
        wrong = [_differs(model, node, evaluate(node, values)) for node in _nodes(package)]
        fixed = [
            _equal(model, tree.Reference(name, package.scope[name]), values[name]) for name in package.facts
        ]
        space = solver().Solver()
        space.add(*model.constraints, *fixed)
        for free in model.free:
            given = {str(rank): evaluate(one, values) for rank, one in enumerate(tree.children(free.node))}
            space.add(solver().Implies(*lemma(model, free, given, evaluate(free.node, values))))
        assert space.check() == solver().sat, application.origin
        assert space.check(solver().Or(*wrong)) == solver().unsat, application.origin
        outcome = seen(package, application.facts).outcome
        assert space.check(solver().Not(model.outcomes()[outcome])) == solver().unsat, application.origin


def _nodes(package: RulePackage) -> list[tree.Node]:
    return [
        *(rule.condition for rule in package.rules),
        *(derived.expression for derived in package.derived.values()),
    ]


def _differs(model: Model, node: tree.Node, value: object) -> object:
    return solver().Not(_equal(model, node, value))


def _equal(model: Model, node: tree.Node, value: object) -> object:
    return equal(model, model.term(node), value)  # type: ignore[arg-type]


FAULTS: list[tuple[Edit, str]] = [
    (
        (
            "rules.yaml",
            "when: loan.amount > amount_max",
            "when: loan.amount > amount_max and loan.amount < amount_min",
        ),
        "Prouvé : aucune demande ne rend vraie la règle AMOUNT_ABOVE_MAX",
    ),
    (
        (
            "rules.yaml",
            "when: loan.months > months_max",
            "when: loan.months > months_max or loan.months <= months_max",
        ),
        "Prouvé : aucune demande ne peut être présentée",
    ),
    (
        (
            "rules.yaml",
            "severity: blocking\n  when: applicant_age < age_min",
            "severity: reserve\n  when: applicant_age < age_min",
        ),
        "« Une personne mineure ne peut jamais être présentée » n’est pas tenu : la demande du cas de base",
    ),
]


@pytest.mark.parametrize(("edit", "expected"), FAULTS, ids=["never", "nobody", "property"])
def test_a_fault_is_proved_with_what_shows_it(edit: Edit, expected: str) -> None:
    package = package_of(edit)
    proofs = tuple(Prover(package, Budget(SECONDS)).proofs())
    found = Proofs(package, proofs, prove(package, 0).score, 0)
    said = [str(one).replace("\u00a0", " ").replace("\u202f", " ") for one in found.findings()]
    assert any(expected in one for one in said), said[:10]
    assert not found.passes
    for one in found.proofs:
        if one.subject is Subject.PROPERTY and one.answer.witness is not None:
            item = next(item for item in package.properties if item.id == one.name)
            assert item.condition is not None
            assert evaluate(item.condition, all_values(package, one.answer.witness)) is True
            assert seen(package, one.answer.witness).outcome in item.excluded


@pytest.mark.parametrize(
    ("value", "written"),
    [(Fraction(19653), "196.53"), (19653, "196.53"), (-5, "-0.05"), (Fraction(-120005), "-1200.05")],
)
def test_an_amount_given_or_calculated_is_written_in_euros(value: int | Fraction, written: str) -> None:
    assert written_value(value, tree.MONEY) == written


@pytest.mark.more("toutes les mutations deux fois, des dizaines de fois le solveur")
def test_what_no_case_sees_comes_with_the_case_that_would() -> None:
    name = "cases/75-un-mot-change.yaml"
    contents = {file: content for file, content in SHIPPED.items() if file != name}
    before = prove(read_package(contents), SECONDS)
    assert not before.passes
    assert before.score.count(Verdict.SURVIVES) > 20
    completed = read_package({**contents, name: ready_cases(before).encode()})
    assert prove(completed, SECONDS).score.percent == 100


def test_nothing_is_claimed_without_time() -> None:
    found = prove(read_package(SHIPPED), 0)
    assert found.proved == 0
    assert not any(one.answer.proved for one in found.proofs)
    assert found.untried > 0
    assert found.score.percent == 0
    assert {one.verdict for one in found.score.others} == {Verdict.UNTRIED}
    assert "non essayées, faute de temps" in found.summary()


def test_nothing_is_claimed_without_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("proofs", "score"):
        monkeypatch.setattr(f"services.eligibility.proof.{module}.has_solver", lambda: False)
    found = prove(read_package(SHIPPED), SECONDS)
    assert found.proofs == ()
    assert found.score.count(Verdict.EQUIVALENT) == 0
    assert found.score.count(Verdict.NOT_PROVED) > 0
    assert "n’est pas installé" in found.summary()


def test_two_equal_packages_differ_nowhere_and_a_ceiling_does() -> None:
    package = read_package(SHIPPED)
    raised = package_of(("parameters.yaml", "      value: 3000.00", "      value: 4000.00"))
    for candidate, expected in ((read_package(SHIPPED), True), (raised, False)):
        for period in segments(package, candidate):
            base, other, changed = pair(package, candidate, period)
            found = list(parts(base, other, changed))
            answer = Space((base, other), Budget(SECONDS)).ask(solver().Or(*found), lambda facts: True)
            assert answer.proved is expected


def test_a_solver_that_diverges_is_stopped_and_the_rest_is_said() -> None:
    """A product of five facts is beyond it; what it cannot settle in its time is not proved."""
    edits: tuple[Edit, ...] = (
        (
            "derived.yaml",
            "funding_gap:",
            "wild:\n  label: Essai\n  value: household.persons * household.persons * household.persons "
            "* loan.months * loan.months - loan.months * loan.months * loan.months\n\nfunding_gap:",
        ),
        (
            "rules.yaml",
            "FEES_FORBIDDEN:",
            "WILD:\n  severity: reserve\n  when: wild == 7919\n  message: Essai.\n  article: Essai\n\n"
            "FEES_FORBIDDEN:",
        ),
    )
    package = package_of(*edits)
    rule = next(rule for rule in package.rules if rule.id == "WILD")
    asked = Prover(package, Budget(SECONDS)).proofs()
    answers = {one.subject: one.answer for one in asked if one.name == rule.id and not one.other}
    never = answers[Subject.NEVER]
    assert isinstance(never, Answer)
    if never.witness is not None:
        assert evaluate(rule.condition, all_values(package, never.witness)) is True


def test_a_mutation_is_one_token() -> None:
    found = list(mutations(read_package(SHIPPED)))
    assert len({(one.name, one.told) for one in found}) == len(found)
    assert all(re.search("devient|retiré|recule", one.told) for one in found)


def test_the_digest_is_of_what_is_said_whatever_the_solver_found_first() -> None:
    package = read_package(SHIPPED)
    one = Proof(
        Subject.NEVER,
        package.rules[0].id,
        answer=Answer(proved=False, witness={"loan.guarantor_required": True}),
    )
    other = replace(one, answer=Answer(proved=False, witness={"loan.guarantor_required": False}))
    found = [Proofs(package, (each,), Score(1, ()), 0).digest() for each in (one, other)]
    assert found[0] == found[1]
    fault = [replace(each, subject=Subject.PROPERTY, name=package.properties[0].id) for each in (one, other)]
    told = [Proofs(package, (each,), Score(1, ()), 0).digest() for each in fault]
    assert told[0] != told[1]
