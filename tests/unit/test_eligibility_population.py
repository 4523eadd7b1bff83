"""A population in a table: what is read of it, and everything that is wrong said at once."""

from __future__ import annotations

import pytest

from services.eligibility.package import read_package
from services.eligibility.publishing import Application, read_population
from services.kit.findings import PackageError
from tests.ruleset_support import SHIPPED
from tests.support import ROOT

PACKAGE = read_package(SHIPPED)
EXAMPLE = (ROOT / "examples" / "rules" / "population.csv").read_text(encoding="utf-8")


def read(text: str) -> tuple[Application, ...]:
    return read_population(text.encode(), "population.csv", PACKAGE).people


def wrong(text: str) -> list[str]:
    with pytest.raises(PackageError) as caught:
        read(text)
    return [str(one).replace("\u00a0", " ").replace("\u202f", " ") for one in caught.value.findings]


def test_a_row_is_the_application_that_its_cells_say() -> None:
    """The first row of the example says in French what cases/base.yaml says."""
    first, *_ = people = read(EXAMPLE)
    base = next(case for case in PACKAGE.cases if case.id == "E01").facts
    assert first.facts is not None
    assert {name: value for name, value in first.facts.items() if value != base.get(name)} == {}
    assert [one.name for one in people] == [f"A-0{number}" for number in range(1, 9)]
    assert (people[4].facts or {})["budget.monthly_income"] is None


def test_a_column_may_be_called_by_the_label_of_its_fact() -> None:
    labelled = EXAMPLE.replace("loan.amount", "MONTANT demande", 1).replace("reference;", "request_date;", 1)
    labelled = labelled.replace("request_date;request_date;", "Reference;request_date;", 1)
    assert read(labelled) == read(EXAMPLE)


def test_everything_wrong_is_said_at_its_line() -> None:
    text = EXAMPLE.replace("loan.months", "loan.month", 1).replace("fcc", "ficp", 1)
    text = text.replace("14/05/1990", "31/02/1990", 1).replace("MOBILITE", "VOYAGE", 1)
    found = wrong(text)
    assert found[0] == (
        "population.csv:1 : « loan.month » n’est pas un fait de ce règlement : vouliez-vous dire "
        "« loan.months » ?"
    )
    assert found[1] == "population.csv:1 : La colonne « banking.ficp » est là deux fois."
    assert any(one.startswith("population.csv:2 : Ce code n’existe pas pour « ") for one in found)
    assert any("31/02/1990 n’existe pas" in one for one in found)
    assert any(one.startswith("population.csv:9 : « Durée") and "obligatoire" in one for one in found)


def test_a_table_without_an_application_is_refused() -> None:
    assert wrong(EXAMPLE.splitlines()[0]) == [
        "population.csv:1 : Le tableau n’a aucune demande sous ses titres."
    ]
