"""derived.yaml: named calculations, each over what comes before it."""

from __future__ import annotations

from dataclasses import replace

from services.eligibility.package.facts_file import check_name
from services.eligibility.package.language.types import ValueType
from services.eligibility.package.model import Derived
from services.eligibility.package.tables import Table


def read_derived(table: Table, scope: dict[str, ValueType]) -> dict[str, Derived]:
    """The calculations by name, in the order of the file; each enters the scope of the next ones."""
    derived: dict[str, Derived] = {}
    for name, place, row in table.rows():
        expression = row.expression("value", scope, calculation=True)
        label = row.typeset("label")
        unit = row.text("unit", required=False)
        is_figure = row.flag("figure")
        row.close()
        if name in scope:
            table.fail(name, f"« {name} » est déjà le nom d’un fait, d’un paramètre ou d’un calcul.")
        elif check_name(row, name, place) and expression is not None:
            type_ = replace(expression.type, unit=unit)
            derived[name] = Derived(name, type_, label, expression, is_figure)
            scope[name] = type_
    return derived
