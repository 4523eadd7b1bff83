"""Questions: an absent fact is asked exactly when some answer to it can change the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.eligibility.answer.questions import questions
from services.eligibility.package.facts import Fact, WhenAbsent
from services.eligibility.package.model import RuleSeverity
from services.eligibility.package.tree import Value
from tests.advice_support import DAY, Small, boolean, code, domain, integer, small
from tests.support import examples

CALCULATIONS = {"total": "a + b", "gap": "a - b", "missing_count": "count(missing_facts)"}
LEAVES = [
    *(f"{name} {operator} {{}}" for name in ("a", "b", "total", "gap") for operator in ("<", ">=", "==")),
    "flag",
    "other",
    "a < b",
    "kind == 'X'",
    "kind in ['Y', 'Z']",
    *(f"known({name})" for name in ("a", "flag", "total")),
    "missing_count > 0",
]
NUMBERS = st.sampled_from([WhenAbsent.MISSING, WhenAbsent.UNKNOWN])
FLAGS = st.sampled_from([WhenAbsent.MISSING, WhenAbsent.UNKNOWN, WhenAbsent.NO])
LEAF = st.builds(str.format, st.sampled_from(LEAVES), st.integers(0, 5))
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map("({0[0]} {0[1]} {0[2]})".format),
    ),
    max_leaves=4,
)


@st.composite
def packages(draw: st.DrawFn) -> Small:
    """A few rules over two numbers, two yes/no and a code."""
    facts = [
        integer("a", 4, draw(NUMBERS)),
        integer("b", 4, draw(NUMBERS)),
        boolean("flag", draw(FLAGS)),
        boolean("other", draw(FLAGS)),
        code("kind", "XYZ", draw(NUMBERS)),
    ]
    rules = draw(st.lists(st.tuples(st.sampled_from(RuleSeverity), CONDITION), min_size=1, max_size=5))
    return small(facts, CALCULATIONS, rules)


def asked(made: Small, facts: dict[str, Value | None]) -> list[str]:
    """The names of the facts asked."""
    given_facts = {"request_date": DAY, **facts}
    found = questions(made.package, made.engine, given_facts, made.assess(facts))
    return [question.fact.name for question in found]


def answers(one: Fact) -> tuple[Value | None, ...]:
    """Every answer; not to know is one when it is admitted."""
    return (*domain(one), None) if one.when_absent is WhenAbsent.UNKNOWN else domain(one)


def useful(made: Small, facts: dict[str, Value | None]) -> Iterator[str]:
    """By enumeration: the facts for which two answers, the others being the same, give two outcomes, or whose
    absence alone makes an outcome worse."""
    absent = [one for name, one in made.package.facts.items() if name not in facts and name != "request_date"]
    rank = {
        chosen: made.rank({**facts, **dict(zip((one.name for one in absent), chosen, strict=True))})
        for chosen in product(*((*domain(one), None) for one in absent))
    }
    for place, one in enumerate(absent):
        others = [answers(other) for other in absent[:place] + absent[place + 1 :]]
        for chosen in product(*others):
            known = {rank[*chosen[:place], value, *chosen[place:]] for value in answers(one)}
            left_out = rank[*chosen[:place], None, *chosen[place:]]
            if len(known) > 1 or (one.when_absent is WhenAbsent.MISSING and left_out < max(known)):
                yield one.name
                break


@st.composite
def situations(draw: st.DrawFn) -> tuple[Small, dict[str, Value | None]]:
    """A package, and an application of which one to three facts are absent."""
    made = draw(packages())
    names = [name for name in made.package.facts if name != "request_date"]
    absent = draw(st.sets(st.sampled_from(names), min_size=1, max_size=3))
    facts = {name: draw(st.sampled_from(domain(made.package.facts[name]))) for name in names}
    return made, {name: value for name, value in facts.items() if name not in absent}


@settings(max_examples=examples(80), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(situations())
def test_a_fact_is_asked_if_and_only_if_it_can_change_the_outcome(
    situation: tuple[Small, dict[str, Value | None]],
) -> None:
    made, facts = situation
    assert set(asked(made, facts)) == set(useful(made, facts))


def test_the_most_useful_question_comes_first() -> None:
    """The gravest rules, most of them, those that it settles alone."""
    facts = [integer(name, 9, WhenAbsent.MISSING) for name in "abcd"]
    made = small(
        facts,
        {"both": "a + b", "missing_count": "count(missing_facts)"},
        [
            (RuleSeverity.RESERVE, "d > 0"),
            (RuleSeverity.BLOCKING, "both > 0"),
            (RuleSeverity.BLOCKING, "c > 0"),
            (RuleSeverity.MISSING, "missing_count > 0"),
        ],
    )
    assert asked(made, {}) == ["c", "a", "b", "d"]


def test_what_cannot_be_proved_useless_within_the_effort_is_asked() -> None:
    """Each rule needs two answers that exclude each other: tried for a few facts, not for sixty."""
    for count, expected in ((2, 0), (60, 60)):
        facts = [integer(f"a{rank}", 9, WhenAbsent.UNKNOWN) for rank in range(count)]
        texts = [f"a{rank} > b{rank} and a{rank} < b{rank}" for rank in range(count)]
        made = small(
            [*facts, *(integer(f"b{rank}", 9) for rank in range(count))],
            {},
            [(RuleSeverity.RESERVE, text) for text in texts],
        )
        assert len(asked(made, {f"b{rank}": 5 for rank in range(count)})) == expected
