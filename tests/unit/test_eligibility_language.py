"""The expression language: what is refused and where, exact arithmetic, three-valued logic."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from services.eligibility.package import tree
from services.eligibility.package.evaluate import evaluate
from services.eligibility.package.parse import parse
from services.eligibility.package.tree import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    PERCENT,
    Kind,
    Literal,
    Reference,
    Value,
    Values,
    ValueType,
)

COLOURS = {"RED": "Rouge", "BLUE": "Bleu"}
SCOPE = {
    "a": BOOLEAN,
    "b": BOOLEAN,
    "cost": MONEY,
    "loan.amount": MONEY,
    "count_": INTEGER,
    "rate": PERCENT,
    "day": DATE,
    "birth": DATE,
    "colour": ValueType(Kind.CODE, "colour", COLOURS),
    "colours": ValueType(Kind.CODES, "colour", COLOURS),
    "other": ValueType(Kind.CODE, "other", {"X": "X"}),
    "town": ValueType(Kind.TEXT, "town"),
    "pension": ValueType(Kind.MONEY, asked_when=Reference("b", BOOLEAN)),
    "gift": ValueType(Kind.MONEY, asked_when=Literal(value=False, type=BOOLEAN)),
    "towns": ValueType(Kind.CODES, "town", {"56165": "Ploërmel"}),
}


def read(text: str, *, calculation: bool = True) -> tree.Node:
    """The tree of a right expression."""
    node, problems = parse(text, SCOPE, calculation=calculation)
    assert problems == []
    assert node is not None
    return node


def value_of(text: str, **values: Value | None) -> Value | None:
    """The value of an expression; names that are not given are unknown."""
    known: Values = {name: values.get(name.replace(".", "__")) for name in SCOPE}
    return evaluate(read(text), known)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a and", 0, "bien écrite"),
        ("nope and unknown.too", 0, "« nope »"),
        ("a and unknown.too", 6, "« unknown.too »"),
        ("loan.amount > 3000", 14, "paramètre daté"),
        ("loan.amount > 0.5", 14, "nombre à virgule"),
        ("loan.amount > rate", 14, "ne se compare pas"),
        ("loan.amount > colour", 14, "ne se compare pas"),
        ("colour == 'GREEN'", 10, "« GREEN » n’existe pas"),
        ("colour < 'RED'", 9, "« in »"),
        ("colour == other", 10, "même liste"),
        ("colour in ['RED', 'GREEN']", 10, "« GREEN »"),
        ("colour in towns", 10, "même chose"),
        ("town == '56165'", 8, "ne se compare pas"),
        ("town in ['56165']", 8, "parameters.yaml"),
        ("'GREEN' in colours", 11, "« GREEN »"),
        ("colour in []", 10, "que des codes"),
        ("a == b", 5, "oui/non ne se compare pas"),
        ("'RED' == 'BLUE'", 9, "constantes"),
        ("0 < 0", 4, "constantes"),
        ("cost", None, "condition"),
        ("cost and a", 0, "Une condition"),
        ("not cost", 4, "Une condition"),
        ("a is b", 0, "« is »"),
        ("known(cost + cost)", 0, "« known »"),
        ("cost + loan.amount > 0", 0, "Nommez ce calcul"),
        ("age(birth, day) < count_", 0, "Nommez ce calcul"),
        ("a.__class__", 0, "« a.__class__ »"),
        ("(lambda: a)()", 1, "pas admise"),
        ("[x for x in colours]", 0, "pas admise"),
        ("a if b else a", 0, "pas admise"),
        ("a := b", 0, "pas admise"),
        ("cost[0] > 0", 0, "pas admise"),
        ("f'{a}'", 0, "pas admise"),
        ("None", 0, "constante"),
        ("known(*a)", 0, "arguments"),
        ("__import__('os').system('x')", 0, "pas admise"),
        (f"{'not ' * 30}a", 84, "imbriquée"),
        (f"a and {'a and ' * 200}a", 0, "caractères"),
        ("(" * 300 + "a" + ")" * 300, 199, "bien écrite"),
    ],
)
def test_refused_conditions(text: str, offset: int | None, message: str) -> None:
    node, problems = parse(text, SCOPE, calculation=False)
    if offset is None:
        assert node is not None
        assert node.type.kind is Kind.MONEY
        return
    assert node is None
    assert message in problems[0].message
    assert problems[0].offset == offset


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("or_zero(cost)", "peut ne pas concerner"),
        ("sum_known(cost, cost)", "peut ne pas concerner"),
        ("or_zero(pension, gift)", "attend un fait"),
        ("or_zero(town)", "attend un fait"),
        ("sum_known(pension, rate)", "de même type"),
        ("sum_known()", "de même type"),
        ("cost + rate", "n’a pas de sens"),
        ("cost * loan.amount", "n’a pas de sens"),
        ("cost / loan.amount", "n’a pas de sens"),
        ("count_ / count_", "n’a pas de sens"),
        ("day + count_", "n’a pas de sens"),
        ("cost % count_", "pas admise"),
        ("cost ** count_", "pas admise"),
        ("-cost", "pas admise"),
        ("eval(cost)", "« eval » n’existe pas"),
        ("age(day)", "attend une date, une date"),
        ("count(cost)", "attend une liste de codes"),
        ("missing_items(colours, towns)", "mêmes codes"),
    ],
)
def test_refused_calculations(text: str, message: str) -> None:
    node, problems = parse(text, SCOPE, calculation=True)
    assert node is None
    assert message in problems[0].message


def test_every_problem_of_an_expression_is_told() -> None:
    _, problems = parse("nope > 0 and missing_too and colour == 'GREEN'", SCOPE, calculation=False)
    assert [problem.offset for problem in problems] == [0, 13, 39]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cost + loan.amount", 300),
        ("cost - loan.amount", -100),
        ("cost * count_", 300),
        ("cost / count_", Fraction(100, 3)),
        ("rate * cost", Fraction(3, 2)),
        ("rate + rate", 3),
        ("share_pct(cost, loan.amount)", 50),
        ("round_cents(cost / count_)", 33),
        ("instalment(loan.amount, count_, rate)", 67),
        ("count(colours)", 2),
        ("missing_items(colours, colours)", ()),
        ("add_months(day, count_)", date(2026, 5, 28)),
        ("age(birth, day)", 17),
        ("0 < cost < loan.amount", True),
        ("'RED' in colours and colour not in ['BLUE']", True),
        ("known(town)", False),
    ],
)
def test_values(text: str, expected: Value) -> None:
    known: dict[str, Value] = {
        "cost": 100,
        "loan__amount": 200,
        "count_": 3,
        "rate": Fraction(3, 2),
        "day": date(2026, 2, 28),
        "birth": date(2008, 2, 29),
        "colour": "RED",
        "colours": ("RED", "BLUE"),
    }
    assert value_of(text, **known) == expected


@pytest.mark.parametrize(
    "text",
    [
        "cost / count_",
        "share_pct(loan.amount, count_ * cost)",
        "instalment(cost, count_, rate)",
        "age(birth, day)",
    ],
)
def test_a_value_without_meaning_is_none(text: str) -> None:
    """Division by zero, no month, born after the day."""
    values: dict[str, Value] = {
        "cost": 100,
        "loan__amount": 1,
        "count_": 0,
        "rate": 1,
        "birth": date(2026, 1, 2),
    }
    assert value_of(text, day=date(2026, 1, 1), **values) is None


@pytest.mark.parametrize(
    ("asked", "pension", "expected"),
    [
        (True, 40, 140),
        (True, None, None),
        (None, None, None),
        (False, None, 100),
        (False, 40, 140),
    ],
)
def test_a_term_counts_for_zero_only_where_it_does_not_apply(
    asked: bool | None, pension: int | None, expected: int | None
) -> None:
    """Unknown is not zero: a pension that is asked and absent leaves the sum unknown."""
    known: dict[str, Any] = {"cost": 100, "b": asked, "pension": pension}
    for text in ("cost + or_zero(pension)", "sum_known(cost, pension)", "sum_known(cost, gift, pension)"):
        assert value_of(text, **known) == expected


def test_kleene() -> None:
    """`and` is the least, `or` the greatest of false < unknown < true; `not` turns them round."""
    order: list[bool | None] = [False, None, True]
    for left, right in product(order, order):
        ranks = order.index(left), order.index(right)
        assert value_of("a and b", a=left, b=right) is order[min(ranks)]
        assert value_of("a or b", a=left, b=right) is order[max(ranks)]
        assert value_of("not a", a=left) is order[2 - ranks[0]]
    assert value_of("cost > 0 or known(cost)", a=True) is None
    assert value_of("cost > 0 or not known(cost)") is True


@pytest.mark.parametrize("text", ["not (a and not b)", "not (a or cost >= loan.amount) and not known(town)"])
def test_pushing_negations_changes_nothing(text: str) -> None:
    node = read(text)
    pushed = tree.push_negations(node)
    for a, b, cost in product((True, False, None), (True, False, None), (None, 1, 2)):
        values: Values = {"a": a, "b": b, "cost": cost, "loan.amount": 2, "town": None}
        assert evaluate(node, values) is evaluate(pushed, values)
