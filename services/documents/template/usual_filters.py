"""What the filters that everybody knows ask of what they are given: default, first and last, sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import nodes

from services.documents.template.fields import Field

Say = Callable[[str, str, str], None]
"""Notes a problem: its code, its sentence, its advice."""


def summed(node: nodes.Filter, taken: Field, say: Say) -> bool:
    """Whether a sum is one of amounts that are all there: what is unknown is not zero."""
    first = node.args[0] if node.args else None
    name = first.value if isinstance(first, nodes.Const) else ""
    item = taken.item.fields.get(str(name)) if name and taken.item else taken.item
    if item is None or item.kind != "money" or item.optional:
        say(
            "FILTER_KIND",
            "« sum » additionne des montants qui sont tous connus.",
            "Nommez le montant : {{ loan.schedule | sum('payment') | euros }}.",
        )
        return False
    return True


def one_of(node: nodes.Filter, path: str, present: bool, say: Say) -> bool:
    """Whether a list has an item to give: nobody knows, outside a condition that says so."""
    if not present:
        say(
            "OPTIONAL_UNGUARDED",
            f"« {path} » peut être vide : « {node.name} » n’aurait rien à donner.",
            f"Entourez le passage de {{% if {path} %}} … {{% endif %}}.",
        )
    return present


USUAL: Mapping[str, str] = {"d": "default", "size": "count", "capitalize": "capital"}
"""The names under which other engines know filters of ours."""
DROPPED = frozenset({"e", "escape", "safe", "string", "trim"})
"""Filters that change nothing here: data has neither markup nor blanks around it."""
