"""Which types go together: each check gives the type of the result, or a French sentence."""

from __future__ import annotations

from services.eligibility.package.language import tree
from services.eligibility.package.language.evaluate import FUNCTIONS
from services.eligibility.package.language.tree import (
    FRENCH_KINDS,
    INTEGER,
    MONEY,
    NUMERIC,
    ORDERED,
    PERCENT,
    Kind,
    ValueType,
)

_ARITHMETIC = {
    ("+", Kind.MONEY, Kind.MONEY): MONEY,
    ("-", Kind.MONEY, Kind.MONEY): MONEY,
    ("*", Kind.MONEY, Kind.INTEGER): MONEY,
    ("*", Kind.INTEGER, Kind.MONEY): MONEY,
    ("/", Kind.MONEY, Kind.INTEGER): MONEY,
    ("*", Kind.PERCENT, Kind.MONEY): MONEY,
    ("*", Kind.MONEY, Kind.PERCENT): MONEY,
    ("+", Kind.INTEGER, Kind.INTEGER): INTEGER,
    ("-", Kind.INTEGER, Kind.INTEGER): INTEGER,
    ("*", Kind.INTEGER, Kind.INTEGER): INTEGER,
    ("+", Kind.PERCENT, Kind.PERCENT): PERCENT,
    ("-", Kind.PERCENT, Kind.PERCENT): PERCENT,
    ("*", Kind.PERCENT, Kind.INTEGER): PERCENT,
    ("*", Kind.INTEGER, Kind.PERCENT): PERCENT,
    ("/", Kind.PERCENT, Kind.INTEGER): PERCENT,
}
"""A percent of an amount is an amount: 33 % of 1 600 € is 528 €."""

_MEMBERSHIP = ("in", "not in")
_EQUALITY = ("==", "!=")


def arithmetic_type(operator: str, left: Kind, right: Kind) -> ValueType | str:
    """The type of an operation."""
    found = _ARITHMETIC.get((operator, left, right))
    if found:
        return found
    return f"L’opération « {operator} » n’a pas de sens entre {FRENCH_KINDS[left]} et {FRENCH_KINDS[right]}."


def call_type(name: str, arguments: tuple[tree.Node, ...]) -> ValueType | str:
    """The type of a call."""
    function = FUNCTIONS.get(name)
    if function is None:
        return f"La fonction « {name} » n’existe pas."
    kinds = tuple(argument.type.kind for argument in arguments)
    if kinds != function.parameters:
        wanted = ", ".join(FRENCH_KINDS[kind] for kind in function.parameters)
        return f"La fonction « {name} » attend {wanted}."
    if name == "missing_items" and len({argument.type.of for argument in arguments}) > 1:
        return f"La fonction « {name} » attend deux listes des mêmes codes."
    return function.result or arguments[0].type


def comparison_problem(operator: str, left: tree.Node, right: tree.Node, *, calculation: bool) -> str | None:
    """What is wrong in a comparison; a rule compares names and constants only."""
    if not calculation and not all(isinstance(side, tree.Reference | tree.Literal) for side in (left, right)):
        return "Nommez ce calcul dans derived.yaml, puis comparez-le ici."
    if isinstance(left, tree.Literal) and isinstance(right, tree.Literal):
        return "Une comparaison entre deux constantes ne dépend d’aucun fait."
    if operator in _MEMBERSHIP:
        return _membership_problem(left, right)
    kinds = {left.type.kind, right.type.kind}
    if kinds == {Kind.CODE}:
        return _code_problem(operator, left, right)
    if kinds & {Kind.BOOLEAN}:
        return "Un oui/non ne se compare pas : écrivez son nom, ou « not » devant."
    if len(kinds) == 1 and kinds <= ORDERED:
        return None
    if kinds <= NUMERIC:
        return _constant_problem(left, right)
    return f"{_capital(left.type.kind)} ne se compare pas à {FRENCH_KINDS[right.type.kind]}."


def _constant_problem(left: tree.Node, right: tree.Node) -> str | None:
    for side in (left, right):
        if isinstance(side, tree.Literal) and side.value == 0:
            return None
        if isinstance(side, tree.Literal):
            return "Seul 0 s’écrit ici : un autre seuil est un paramètre daté de parameters.yaml."
    return f"{_capital(left.type.kind)} ne se compare pas à {FRENCH_KINDS[right.type.kind]}."


def _code_problem(operator: str, left: tree.Node, right: tree.Node) -> str | None:
    if operator not in _EQUALITY:
        return "Deux codes se comparent par « == », « != » ou « in »."
    reference, other = (right, left) if isinstance(left, tree.Literal) else (left, right)
    if isinstance(other, tree.Literal):
        return _unknown_codes((str(other.value),), reference.type)
    return None if left.type.of == right.type.of else "Ces deux codes ne viennent pas de la même liste."


def _membership_problem(left: tree.Node, right: tree.Node) -> str | None:
    if left.type.kind not in (Kind.CODE, Kind.TEXT) or right.type.kind is not Kind.CODES:
        return "« in » demande un code à gauche et une liste de codes à droite."
    if isinstance(right, tree.Literal) and isinstance(right.value, tuple):
        return _unknown_codes(right.value, left.type)
    if isinstance(left, tree.Literal):
        return _unknown_codes((str(left.value),), right.type)
    return (
        None if left.type.of == right.type.of else "Ce code et cette liste ne parlent pas de la même chose."
    )


def _unknown_codes(codes: tuple[str, ...], type_: ValueType) -> str | None:
    if type_.kind is Kind.TEXT:
        return "Un texte ne se cherche que dans une liste de parameters.yaml."
    for code in codes:
        if code not in type_.labels:
            return f"Le code « {code} » n’existe pas pour « {type_.of} »."
    return None


def _capital(kind: Kind) -> str:
    words = FRENCH_KINDS[kind]
    return words[0].upper() + words[1:]
