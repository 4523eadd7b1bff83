"""What the conversation says under règlements that have nothing in common: the shipped one, a city's and a
port's. Checked by trying every change of one and of two facts."""

# ruff: noqa: E501 - sentences as they are said

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations, product
from random import Random

import pytest

from services.eligibility.answer import (
    Assessment,
    Situation,
    assess,
    changeable,
    grid,
    least_change,
    plain_lines,
)
from services.eligibility.answer.changes import Suggestions, smallest_changes
from services.eligibility.answer.levers import limits
from services.eligibility.answer.wording import conditions, verdict
from services.eligibility.engine import CompiledRules, LazyValues, all_values, request_day
from services.eligibility.package import (
    Kind,
    Outcome,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    check_facts,
    completed,
    read_package,
)
from tests.foreign_reglements import city, port
from tests.ruleset_support import SHIPPED, edited
from tests.support import examples

REGLEMENTS = {"shipped": SHIPPED, "city": city(), "port": port()}
_AMOUNTS = (0, 29_999, 30_000, 100_000, 200_000, 300_000, 300_001, 500_000, 600_000)
_MONTHS = (5, 6, 12, 24, 25, 36, 37, 48, 60, 84)
_FEW = (1, 2, 4, 18)


class Body:
    """A body with its règlement, and what it says."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.package: RulePackage = read_package(files)
        self._engine = CompiledRules(self.package).fire

    def assess(self, facts: Values) -> Assessment:
        """The advice."""
        return assess(self.package, self._engine, facts)

    def levers(self, facts: Values) -> tuple[str, ...]:
        """The facts that the person may change."""
        named = (name for name, fact in self.package.facts.items() if fact.lever)
        return changeable(self.package, facts, named)

    def suggested(self, facts: Values) -> Suggestions:
        """The suggestions, as many as there are."""
        return smallest_changes(self.package, self._engine, facts, self.levers(facts), 20, lambda: None)

    def said(self, facts: Values) -> str:
        """The sentence of the suggestions, ordinary spaces."""
        found, names = self.suggested(facts), self.levers(facts)
        return spaced(verdict(self.package, facts, self.assess(facts), found, names))

    def plain(self, facts: Values) -> tuple[str, ...]:
        """The plain lines of the explanation, ordinary spaces."""
        current = self.assess(facts)
        values = dict(all_values(self.package, facts))
        change = least_change(self.package, self._engine, facts, current, lambda: None)
        told = Situation(self.package, current, facts, values, "", "", request_day(facts), change)
        return tuple(map(spaced, plain_lines(told)))

    def grid(self, facts: Values, amounts: range, months: range) -> str:
        """What is said of a grid, ordinary spaces."""
        asked = grid.Grid(amounts, months)
        cells = list(grid.explore(self.package, self._engine, facts, asked, lambda: None))
        return spaced(grid.summary(self.package, asked, cells, self.assess(facts)))

    def values(self, name: str, facts: Values) -> tuple[Value, ...]:
        """Some values of a fact, those of the other facts among them."""
        type_ = self.package.facts[name].type
        match type_.kind:
            case Kind.BOOLEAN:
                return (False, True)
            case Kind.CODE:
                return tuple(type_.labels)
            case Kind.INTEGER:
                return _MONTHS if name == grid.MONTHS else _FEW
            case Kind.MONEY:
                near = (value for value in facts.values() if isinstance(value, int) and value > 1_000)
                return tuple(sorted({*_AMOUNTS, *near}))
        return ()

    def drawn(self, rank: int) -> dict[str, Value | None]:
        """The base application with other values, and with absences; half of them are funded exactly."""
        random = Random(rank)
        facts: dict[str, Value | None] = dict(self.package.base)
        for name, fact in self.package.facts.items():
            choice = self.values(name, facts)
            if choice and random.random() < 0.3:
                absent = fact.when_absent.value != "refused" and random.random() < 0.4
                facts[name] = None if absent else random.choice(choice)
        if "project.total_cost" in facts and random.random() < 0.5:
            facts["project.total_cost"] = facts["loan.amount"] + facts["project.other_funding"]  # type: ignore[operator]
        return {name: value for name, value in facts.items() if value is not None}

    def changes(self, facts: Values) -> Iterator[dict[str, Value]]:
        """Every change of one and of two facts among these values, within the levers."""
        names = self.levers(facts)
        present = LazyValues(self.package, completed(self.package.facts, facts))
        bounds = {name: limits(self.package.facts[name], present) for name in names}
        free = {
            name: [
                value
                for value in self.values(name, facts)
                if value != present[name] and bounds[name].admit(value)
            ]
            for name in names
        }
        for several in (*combinations(names, 1), *combinations(names, 2)):
            for chosen in product(*(free[name] for name in several)):
                change = dict(zip(several, chosen, strict=True))
                if not check_facts(self.package.facts, {**facts, **change}):
                    yield change


@cache
def body(name: str) -> Body:
    """One of the three."""
    return Body(REGLEMENTS[name])


def spaced(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def is_blocked(found: Assessment) -> bool:
    return any(reason.severity is RuleSeverity.BLOCKING for reason in found.reasons)


@pytest.mark.parametrize("name", REGLEMENTS)
def test_nothing_is_missed_hidden_or_promised(name: str) -> None:
    """Of every change of one and of two facts: what makes presentable is found, a refusal that they move is
    answered even while something is missing, and one that they do not move is told."""
    one = body(name)
    tried = 0
    for rank in range(examples(10)):
        facts = one.drawn(rank)
        current = one.assess(facts)
        if check_facts(one.package.facts, facts) or current.outcome.is_presentable:
            continue
        tried += 1
        found = one.suggested(facts)
        outcomes = [(change, one.assess({**facts, **change})) for change in one.changes(facts)]
        strict = [set(each.changes) for each in found.found if each.assessment.outcome.is_presentable]
        for change, advice in outcomes:
            assert not advice.outcome.is_presentable or any(done <= set(change) for done in strict), (
                rank,
                change,
            )
        if is_blocked(current) and not found.found:
            assert all(is_blocked(advice) for _, advice in outcomes), rank
            assert not found.only_incomplete
            for rule in found.fixed:
                assert next(each.message for each in current.reasons if each.code == rule.code)
        for each in found.found:
            told = one.assess({**facts, **each.changes})
            assert told == each.assessment
            assert not is_blocked(told)
            assert told.outcome.is_presentable != bool(conditions(told))
        lines = one.plain(facts)
        assert len(lines) <= 10
        assert any("Ce qui peut changer cet avis" in line for line in lines) == bool(found.found)
    assert tried > 3


def facts_of(name: str, **changes: Value | None) -> dict[str, Value | None]:
    """The base application of a règlement, changed."""
    changed = {**body(name).package.base, **{key.replace("__", "."): one for key, one in changes.items()}}
    return {key: one for key, one in changed.items() if one is not None}


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        (
            "city",
            {"loan__amount": 350_000, "project__total_cost": 300_000, "own_income": None},
            "ramener le montant demandé de 3 500 € à 3 000 €, à condition que le dossier soit complété et que les "
            "réponses ne s’y opposent pas. Informations à demander : Ressources.",
        ),
        (
            "city",
            {"committee": None, "district": 3, "loan__amount": 350_000},
            "Aucun changement de ces éléments ne rend le dossier présentable : Motif DISTRICT.",
        ),
        (
            "city",
            {"support__accepted": False, "support__referent_named": False},
            "passer « Suivi accepté » de « non » à « oui », à condition que le dossier soit complété. Motif REFERENT.",
        ),
        (
            "shipped",
            {"loan__amount": 370_000, "project__total_cost": 370_000, "budget__monthly_charges": 110_000},
            "ramener le montant demandé de 3 700 € à 1 181 €, porter les autres financements de 0 € à 2 519 € et "
            "ramener les charges mensuelles de 1 100 € à 990 €.",
        ),
        ("port", {"loan__amount": 250_000}, "passer « Formule » de « courte » à « solidaire »."),
        (
            "port",
            {"formula": "LONGUE", "loan__amount": 700_000, "income": None},
            "ramener le montant demandé de 7 000 € à 4 000 € et passer « Formule » de « longue » à « solidaire », à "
            "condition que le dossier soit complété et que les réponses ne s’y opposent pas.",
        ),
    ],
)
def test_what_is_suggested_to_a_person(name: str, changes: dict[str, Value | None], expected: str) -> None:
    assert expected in body(name).said(facts_of(name, **changes))


@pytest.mark.parametrize(
    ("name", "changes", "amounts", "months"),
    [
        ("city", {}, (30_000, 300_000), (6, 36)),
        ("city", {"life_accident": True}, (30_000, 500_000), (6, 60)),
        ("port", {}, (30_000, 200_000), (6, 24)),
        ("port", {"formula": "SOLIDAIRE"}, (30_000, 400_000), (6, 84)),
        ("port", {"formula": "LONGUE"}, (30_000, 600_000), (6, 84)),
        ("port", {"formula": "LONGUE", "co_borrower": True}, (30_000, 800_000), (6, 84)),
    ],
)
def test_the_bounds_of_the_grid_are_those_of_the_person(
    name: str, changes: dict[str, Value | None], amounts: tuple[int, int], months: tuple[int, int]
) -> None:
    package, facts = body(name).package, facts_of(name, **changes)
    assert grid.admitted(package, facts, grid.AMOUNT, grid.MONTHS) == amounts
    assert grid.admitted(package, facts, grid.MONTHS, grid.AMOUNT) == months


def test_a_grid_claims_what_it_searched() -> None:
    told = body("city").grid(facts_of("city"), range(30_000, 300_001, 90_000), range(6, 37, 10))
    assert told == (
        "Aucune case de cette grille n’est présentable : les motifs y sont, selon la case, PLAN_SHORT, BURDEN et "
        "PLAN_EXCESS."
    )
    told = body("port").grid(facts_of("port"), range(150_000, 150_001), range(10, 31, 10))
    assert told == (
        "Parmi les montants et les durées essayés (1 500,00 € ; de 10 mois à 30 mois, de 10 mois en 10 mois), le "
        "plus grand montant présentable est de 1 500,00 €, sur 10 mois au plus court : mensualité de 151,38 €."
    )


def test_a_grid_tells_what_its_best_terms_wait_for() -> None:
    """Those of the application wait for nothing: only the larger amount asks for savings that are unknown."""
    files = edited(
        port(),
        ("facts.yaml", "label: Épargne, minimum", "label: Épargne, question: Combien ?, minimum"),
        ("facts.yaml", "9999.00, when_absent: not_applicable", "9999.00, when_absent: unknown"),
        ("derived.yaml", "put_aside: {label: Épargne comptée, value: or_zero(savings)}\n", ""),
        ("rules.yaml", "formula == 'LONGUE' and put_aside", "loan.amount > amount_solidarity and savings"),
    )
    one = Body(files)
    facts = {**one.package.base, "formula": "LONGUE"}
    assert one.assess(facts).outcome is Outcome.ELIGIBLE
    told = one.grid(facts, range(450_000, 500_001, 50_000), range(24, 25))
    assert "est de 5 000,00 €, sur 24 mois au plus court" in told
    assert "à condition que le dossier soit complété et que les réponses ne s’y opposent pas" in told
    assert "faute de « Épargne »" in told


def test_what_the_plain_lines_say_without_any_plain_wording() -> None:
    """What was found, which figure against which, how it was computed, what would change it, whom to see."""
    lines = body("port").plain(facts_of("port", formula="LONGUE", loan__amount=700_000, co_borrower=True))
    assert lines == (
        "Votre demande du 1er décembre 2026 : elle ne peut pas être présentée. C’est un avis, une personne décide.",
        "Motif SAVINGS.",
        "Épargne comptée : « Épargne » (sans objet), ou 0 si sans objet, soit 0,00 €.",
        "Épargne demandée : « Seuil savings_share » (10,00 %) × « Montant demandé » (7 000,00 €), soit 700,00 €.",
        "Ce qui peut changer cet avis : indiquer 700 € pour l’épargne.",
        "Vous pouvez parler de cet avis au service : CCAS de port.",
    )
    (change,) = (
        line
        for line in body("city").plain(facts_of("city", loan__amount=350_000, own_income=None))
        if "peut changer" in line
    )
    assert change.endswith(", une fois le dossier complété.")
