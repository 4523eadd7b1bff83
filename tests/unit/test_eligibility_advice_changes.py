"""Suggested changes: as little effort as possible, none that could change less, each within its lever, each
presentable or incomplete for what the changed facts do not move."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.eligibility.answer.changes import Suggestions, changeable, smallest_changes
from services.eligibility.answer.wording import conditions, sentence
from services.eligibility.package.facts import Direction, Fact, Lever, WhenAbsent
from services.eligibility.package.model import Outcome, RuleSeverity
from services.eligibility.package.tree import Kind, Reference, Value, Values, ValueType
from tests.advice_support import DAY, Small, boolean, domain, fact, integer, money, small
from tests.support import examples

BLOCKING, MISSING, RESERVE = RuleSeverity.BLOCKING, RuleSeverity.MISSING, RuleSeverity.RESERVE
ACTIONABLE = ("amount", "months", "cost", "other", "agreed")
FACTS = [
    money("amount", 8, lever=Lever()),
    integer("months", 6, lever=Lever()),
    money("cost", 8, lever=Lever()),
    money("other", 8, lever=Lever()),
    boolean("agreed", lever=Lever()),
    *(money(name, 8) for name in ("least", "ceiling", "bearable")),
    *(integer(name, 6) for name in ("shortest", "longest")),
    boolean("resident"),
]
CALCULATIONS = {"excess": "amount + other - cost", "burden": "amount / months"}
RULES = [
    (BLOCKING, "amount > ceiling"),
    (BLOCKING, "amount < least"),
    (BLOCKING, "months > longest"),
    (BLOCKING, "months < shortest"),
    (BLOCKING, "burden > bearable"),
    (MISSING, "excess > 0"),
    (MISSING, "excess < 0"),
    (BLOCKING, "not agreed"),
    (BLOCKING, "not resident and amount > 0"),
    (RESERVE, "other > cost"),
    (MISSING, "known(burden) and months == shortest and other > 0"),
]


@st.composite
def situations(draw: st.DrawFn) -> tuple[Small, dict[str, Value]]:
    """Some of these rules, and an application."""
    rules = draw(st.lists(st.sampled_from(RULES), min_size=2, max_size=7, unique=True))
    made = small(FACTS, CALCULATIONS, rules)
    return made, {one.name: draw(st.sampled_from(domain(one))) for one in FACTS}


def suggested(made: Small, facts: Values, names: tuple[str, ...] = ACTIONABLE, most: int = 20) -> Suggestions:
    """What is suggested."""
    whole = {"request_date": DAY, **facts}
    return smallest_changes(made.package, made.engine, whole, names, most, lambda: None)


def size(facts: Values, changes: Values) -> Fraction:
    """How much changes: euros of the largest amount, months of the present ones, one for a yes/no."""
    largest = max(int(facts[name]) for name in ("amount", "cost", "other")) or 1  # type: ignore[arg-type]
    scales = {"agreed": 1, "months": facts["months"] or 1}
    return sum(
        (
            Fraction(abs(int(value) - int(facts[name])), int(scales.get(name, largest)))  # type: ignore[arg-type]
            for name, value in changes.items()
        ),
        Fraction(),
    )


def smallest(made: Small, facts: Values, names: tuple[str, ...]) -> Fraction | None:
    """By enumeration, the size of the smallest change of exactly these facts; None if there is none."""
    values = ([value for value in domain(made.package.facts[name]) if value != facts[name]] for name in names)
    sizes = (
        size(facts, changes)
        for changes in (dict(zip(names, chosen, strict=True)) for chosen in product(*values))
        if made.assess({**facts, **changes}).outcome.is_presentable
    )
    return min(sizes, default=None)


@settings(max_examples=examples(25), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(situations())
def test_the_smallest_changes_are_found(situation: tuple[Small, dict[str, Value]]) -> None:
    made, facts = situation
    if made.assess(facts).outcome.is_presentable:
        return
    found = {tuple(one.changes): one for one in suggested(made, facts).found}
    solved: list[set[str]] = []
    for count in (1, 2):
        for names in combinations(ACTIONABLE, count):
            if any(done <= set(names) for done in solved):
                assert names not in found
                continue
            least = smallest(made, facts, names)
            strict = names in found and found[names].assessment.outcome.is_presentable
            assert strict == (least is not None), (names, least)
            if least is not None:
                assert size(facts, found[names].changes) == least
        solved += [
            set(names)
            for names, one in found.items()
            if len(names) == count and one.assessment.outcome.is_presentable
        ]
    for one in found.values():
        assert made.assess({**facts, **one.changes}) == one.assessment
        assert one.assessment.outcome is not Outcome.NOT_ELIGIBLE
    assert [len(names) for names in found] == sorted(map(len, found))
    presentable = {one.assessment.outcome.is_presentable for one in found.values()}
    assert len(presentable) <= 1, "a condition is left only where nothing does without"


def test_no_change_leaves_a_rule_without_value() -> None:
    """No month at all is as near as two months more, and the instalment has no value then."""
    rules = [RULES[4], RULES[-1]]
    facts: dict[str, Value] = {one.name: domain(one)[0] for one in FACTS}
    facts |= {"amount": 500, "months": 2, "other": 300, "bearable": 200, "shortest": 3}
    found = suggested(small(FACTS, CALCULATIONS, rules), facts, ("months",)).found
    assert [one.changes for one in found] == [{"months": 4}]


def test_the_fewest_codes_are_added() -> None:
    labels = {one: one.lower() for one in "ABCDE"}
    documents = fact("documents", ValueType(Kind.CODES, "documents", labels), lever=Lever())
    made = small(
        [documents, integer("wanted", 9)], {"given": "count(documents)"}, [(MISSING, "given < wanted")]
    )
    facts: dict[str, Value | None] = {"request_date": DAY, "documents": ("A",), "wanted": 4}
    (found,) = suggested(made, facts, ("documents",)).found
    assert found.changes == {"documents": ("A", "C", "D", "E")}
    assert sentence(made.package, facts, found.changes, found.assessment) == (
        "Ajouter «\u00a0c\u00a0», «\u00a0d\u00a0» et «\u00a0e\u00a0» à «\u00a0documents\u00a0»."
    )


@st.composite
def levered(draw: st.DrawFn) -> tuple[Small, dict[str, Value]]:
    """The same, where each number has an effort, a direction and maybe a bound read in another fact."""
    bounds = {"amount": ("ceiling", "least"), "cost": ("ceiling", "least"), "months": ("longest", "shortest")}
    facts = []
    for one in FACTS:
        lever = one.lever
        if one.name in bounds:
            most, least = (Reference(name, one.type) for name in bounds[one.name])
            lever = Lever(
                effort=draw(st.integers(1, 9)),
                direction=draw(st.sampled_from(Direction)),
                least=draw(st.sampled_from([None, least])),
                most=draw(st.sampled_from([None, most])),
            )
        facts.append(replace(one, lever=lever))
    rules = draw(st.lists(st.sampled_from(RULES), min_size=2, max_size=7, unique=True))
    made = small(facts, CALCULATIONS, rules)
    return made, {one.name: draw(st.sampled_from(domain(one))) for one in FACTS}


def allowed(one: Fact, facts: Values, value: Any) -> bool:
    """True where the lever of a fact lets it go."""
    lever, before = one.lever or Lever(), facts[one.name]
    ends = [None if end is None else facts[end.name] for end in (lever.least, lever.most)]  # type: ignore[union-attr]
    wrong = {Direction.LESS: value > before, Direction.MORE: value < before, Direction.ANY: False}
    return not (
        wrong[lever.direction]
        or (ends[0] is not None and value < ends[0])
        or (ends[1] is not None and value > ends[1])
    )


@settings(max_examples=examples(25), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(levered())
def test_a_change_follows_the_levers_of_the_package(situation: tuple[Small, dict[str, Value]]) -> None:
    """By enumeration of one and two facts: nothing is missed within the levers, nothing goes beyond, and the
    least effort comes first."""
    made, facts = situation
    if made.assess(facts).outcome.is_presentable:
        return
    levers = {one.name: one for one in made.package.facts.values() if one.lever}
    found = suggested(made, facts).found
    efforts = [sum((levers[name].lever or Lever()).effort for name in one.changes) for one in found]
    assert efforts == sorted(efforts)
    for one in found:
        assert all(allowed(levers[name], facts, value) for name, value in one.changes.items())
    strict = {frozenset(one.changes) for one in found if one.assessment.outcome.is_presentable}
    for names in (*combinations(ACTIONABLE, 1), *combinations(ACTIONABLE, 2)):
        values = (
            [v for v in domain(levers[name]) if v != facts[name] and allowed(levers[name], facts, v)]
            for name in names
        )
        works = any(
            made.assess({**facts, **dict(zip(names, chosen, strict=True))}).outcome.is_presentable
            for chosen in product(*values)
        )
        assert works <= any(done <= set(names) for done in strict), names


def test_a_rule_that_a_change_unmasks_is_a_condition() -> None:
    """Support accepted, someone has to be named: it is for the service, and it is said."""
    facts = [boolean("accepted", lever=Lever()), boolean("named"), boolean("account")]
    rules = [(BLOCKING, "not accepted"), (MISSING, "accepted and not named"), (MISSING, "not account")]
    made = small(facts, {}, rules)
    given_facts: dict[str, Value] = {"accepted": False, "named": False, "account": False}
    (found,) = suggested(made, given_facts, ("accepted",)).found
    assert found.changes == {"accepted": True}
    assert len(conditions(found.assessment)) == 2
    assert ", à condition que le dossier soit complété." in sentence(
        made.package, given_facts, found.changes, found.assessment
    )


def test_what_is_missing_hides_no_refusal() -> None:
    made = small(
        [integer("amount", 9, lever=Lever()), integer("income", 9, WhenAbsent.MISSING), boolean("resident")],
        {},
        [(BLOCKING, "amount > 5"), (BLOCKING, "amount > income"), (BLOCKING, "not resident")],
    )
    (found,) = suggested(made, {"amount": 9, "resident": True}, ("amount",)).found
    assert found.changes == {"amount": 5}
    assert found.assessment.outcome is Outcome.INCOMPLETE
    refused = suggested(made, {"amount": 9, "resident": False}, ("amount",))
    assert [rule.code for rule in refused.fixed] == ["R2"]
    assert suggested(made, {"amount": 5, "resident": True}, ("amount",)).only_incomplete


def test_a_value_is_not_invented_for_an_unknown_fact() -> None:
    facts = [
        money("amount", 8, WhenAbsent.MISSING, lever=Lever()),
        integer("months", 6, WhenAbsent.UNKNOWN, lever=Lever()),
        boolean("agreed", WhenAbsent.NO, lever=Lever()),
        money("savings", 8, WhenAbsent.NOT_APPLICABLE, lever=Lever()),
    ]
    made = small(facts, {}, [(BLOCKING, "not agreed"), (BLOCKING, "not known(savings)")])
    names = tuple(one.name for one in facts)
    assert changeable(made.package, {"request_date": DAY}, names) == ("agreed", "savings")
    (found,) = suggested(made, {}, ("agreed", "savings")).found
    assert found.changes == {"agreed": True, "savings": 0}


def test_a_rule_that_no_given_fact_reads_ends_the_search() -> None:
    made = small(FACTS, {}, [(BLOCKING, "amount > ceiling"), (BLOCKING, "not resident")])
    facts = {one.name: domain(one)[0] for one in FACTS} | {"amount": 500}
    found = suggested(made, facts)
    assert not found.found
    assert [rule.code for rule in found.fixed] == ["R1"]


def test_a_lever_never_leaves_the_domain_of_its_fact() -> None:
    """Its bound is another fact, which may be worth more."""
    most = Lever(most=Reference("cost", ValueType(Kind.MONEY)))
    facts = [money("savings", 3, lever=most), money("cost", 9), money("wanted", 9)]
    made = small(facts, {}, [(BLOCKING, "savings < wanted")])
    given_facts: dict[str, Value] = {"savings": 0, "cost": 900, "wanted": 500}
    assert suggested(made, given_facts, ("savings",)).found == ()
    (found,) = suggested(made, {**given_facts, "wanted": 300}, ("savings",)).found
    assert found.changes == {"savings": 300}
