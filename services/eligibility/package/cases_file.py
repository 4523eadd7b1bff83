"""cases/*.yaml and properties.yaml: the package's own tests, which a lawyer can read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

from services.eligibility.package.facts import Fact, check_facts
from services.eligibility.package.findings import did_you_mean
from services.eligibility.package.model import Case, Outcome, Property
from services.eligibility.package.tables import Table, parse_literal
from services.eligibility.package.tree import Kind, Value, Values, ValueType
from services.kit.dates import Period

_OUTCOMES = {outcome.value: outcome for outcome in Outcome if outcome is not Outcome.NEEDS_REVIEW}


class CaseReader:
    """Reads cases against the names that the package declares."""

    def __init__(
        self,
        validity: Period,
        facts: Mapping[str, Fact],
        scope: Mapping[str, ValueType],
        codes: frozenset[str],
        orientations: frozenset[str],
    ) -> None:
        self._wrong_in_base: Mapping[str, str] = {}
        self._ids: set[str] = set()
        self._validity = validity
        self._facts = facts
        self._scope = scope
        self._codes = codes
        self._orientations = orientations

    def read_base(self, table: Table) -> Values:
        """The facts that every case starts from, under the key `facts`."""
        rows = table.table("facts")
        table.close()
        facts = self._facts_of(rows) if rows else {}
        if rows:
            self._wrong_in_base = self._problems(facts)
            for name, problem in self._wrong_in_base.items():
                rows.fail(name, problem)
        return facts

    def read_cases(self, table: Table, base: Values) -> list[Case]:
        """The cases of one file, under the key `cases`."""
        cases = [self._case(row, base) for row in table.tables("cases")]
        table.close()
        return [case for case in cases if case is not None]

    def _case(self, row: Table, base: Values) -> Case | None:
        changes = row.table("changes", required=False)
        facts = {**base, **(self._facts_of(changes) if changes else {})}
        for absent in row.scalars("without", required=False):
            if absent.text not in self._facts:
                hint = did_you_mean(absent.text, self._facts)
                row.fail_at(absent.place, f"« {absent.text} » n’est pas un fait de facts.yaml{hint}")
            facts[absent.text] = None
        expected = row.table("expected")
        for name, problem in self._problems(facts).items():
            if name not in self._wrong_in_base:
                (changes if changes and name in changes else row).fail(name, problem)
        id_, title, basis = row.text("id"), row.typeset("title"), row.typeset("basis", required=False)
        row.close()
        if id_ in self._ids:
            row.fail("id", f"Un autre cas s’appelle déjà « {id_} ».")
        self._ids.add(id_)
        if expected is None:
            return None
        outcome = expected.choice("outcome", _OUTCOMES)
        reasons = self._codes_of(expected, "reasons", self._codes)
        orientations = self._codes_of(expected, "orientations", self._orientations)
        figures = expected.table("figures", required=False)
        case = Case(
            id=id_,
            title=title,
            basis=basis,
            facts=facts,
            outcome=outcome or Outcome.ELIGIBLE,
            reasons=reasons,
            orientations=orientations,
            figures=self._figures_of(figures) if figures else {},
        )
        expected.close()
        return case

    def _problems(self, facts: Values) -> dict[str, str]:
        """What the service would refuse in these facts, by name."""
        problems = {problem.field: problem.description for problem in check_facts(self._facts, facts)}
        day = facts.get("request_date")
        if isinstance(day, date) and day not in self._validity:
            problems["request_date"] = "Le paquet n’est pas en vigueur ce jour-là."
        return problems

    def _facts_of(self, table: Table) -> dict[str, Value | None]:
        return self._values_of(table, {name: fact.type for name, fact in self._facts.items()})

    def _figures_of(self, table: Table) -> dict[str, Value | None]:
        """Expected figures; the word `none` says that a figure cannot be computed."""
        return self._values_of(table, self._scope)

    def _values_of(self, table: Table, types: Mapping[str, ValueType]) -> dict[str, Value | None]:
        values: dict[str, Value | None] = {}
        for name in table.names():
            type_ = types.get(name)
            if type_ is None:
                sentence = f"« {name} » n’est pas un nom de ce paquet{did_you_mean(name, types)}"
                table.fail_at(table.mapping.keys[name], sentence)
                table.node(name)
            elif type_.kind is Kind.CODES:
                values[name] = tuple(scalar.text for scalar in table.scalars(name))
            else:
                values[name] = table.parsed(name, partial(_value, type_.kind))
        return values

    def _codes_of(self, table: Table, key: str, known: frozenset[str]) -> tuple[str, ...]:
        scalars = table.scalars(key, required=False)
        for scalar in scalars:
            if scalar.text not in known:
                hint = did_you_mean(scalar.text, known)
                table.fail_at(scalar.place, f"« {scalar.text} » n’est pas un nom de ce paquet{hint}")
        return tuple(scalar.text for scalar in scalars)


def read_properties(
    table: Table, scope: Mapping[str, ValueType], facts: Mapping[str, Fact]
) -> tuple[Property, ...]:
    """What must hold of every application."""
    properties: list[Property] = []
    for id_, _, row in table.rows():
        title = row.typeset("title")
        if "never_worse_with_more" in row:
            fact = row.text("never_worse_with_more")
            if fact not in facts:
                hint = did_you_mean(fact, facts)
                row.fail("never_worse_with_more", f"« {fact} » n’est pas un fait de facts.yaml{hint}")
            properties.append(Property(id_, title, None, (), fact))
        else:
            condition = row.expression("when", scope)
            excluded = tuple(
                _OUTCOMES[item.text] for item in row.scalars("never") if _is_outcome(row, item.text)
            )
            properties.append(Property(id_, title, condition, excluded, ""))
        row.close()
    return tuple(properties)


def _is_outcome(row: Table, word: str) -> bool:
    if word not in _OUTCOMES:
        row.fail("never", f"« {word} » n’est pas une issue.")
    return word in _OUTCOMES


def _value(kind: Kind, text: str) -> Value | None:
    return None if text == "none" else parse_literal(kind, text)
