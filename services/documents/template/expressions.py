"""The expressions of tags: an allow-list of what may be written, and the kind of every value."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jinja2 import nodes

from services.documents.render import FILTERS, ITEM, SAME, TESTS, Filter
from services.documents.template.fields import Field, printing
from services.documents.template.scope import Scope
from services.documents.template.usual_filters import one_of, summed

INTEGER, BOOLEAN, TEXT = Field("integer"), Field("boolean"), Field("text")
UNKNOWN = Field("unknown")
"""What stands for the item of something that is no list: already told, not to be told again."""
LOOP = Field(
    "object",
    fields={
        **dict.fromkeys(("index", "index0", "length", "revindex", "revindex0"), INTEGER),
        **dict.fromkeys(("first", "last"), BOOLEAN),
    },
)
_KINDS = {
    "boolean": "oui ou non",
    "code": "code",
    "date": "date",
    "image": "image",
    "integer": "nombre entier",
    "list": "liste",
    "money": "montant",
    "object": "groupe de champs",
    "rate": "nombre décimal",
    "rich": "texte enrichi",
    "text": "texte",
    "time": "heure",
}
_WRITINGS: Mapping[type[nodes.Node], str] = {
    nodes.Call: " : un appel de fonction",
    nodes.Dict: " : un dictionnaire",
    nodes.Div: " : une division",
    nodes.FloorDiv: " : une division",
    nodes.List: " : une liste de valeurs",
    nodes.Mul: " : une multiplication",
    nodes.Pow: " : une puissance",
    nodes.Tuple: " : une liste de valeurs",
}
_ORDERED = ("integer", "date", "rate")
_LIST_SUGGESTION = "Parcourez la liste : {%p for element in … %}."


def check(node: nodes.Node, scope: Scope) -> Field | None:
    """The kind of an expression, None when it cannot be told; what is wrong goes to the scope."""
    checker = _CHECKERS.get(type(node))
    if checker is None:
        scope.say(
            "EXPRESSION_FORBIDDEN",
            f"Cette écriture est interdite dans un modèle{_WRITINGS.get(type(node), '')}.",
            "Un modèle nomme des champs, les filtre et les compare ; il n’appelle rien et ne calcule pas.",
        )
        return None
    return checker(node, scope)


def check_printed(node: nodes.Node, scope: Scope) -> None:
    """An expression that is printed: text, rich or not, or a whole number."""
    if (found := check(node, scope)) is None or found.kind in ("text", "integer", "rich"):
        return
    scope.say(
        "FILTER_MISSING",
        f"« {written(node)} » est de type {_KINDS[found.kind]} et ne s’imprime pas tel quel.",
    )


def present_if(node: nodes.Node, truth: bool) -> frozenset[str]:
    """The paths that are there when a condition is true, or false."""
    if isinstance(node, nodes.Not):
        return present_if(node.node, not truth)
    if isinstance(node, nodes.And if truth else nodes.Or):
        return present_if(node.left, truth) | present_if(node.right, truth)
    if isinstance(node, nodes.Test) and node.name == ("defined" if truth else "undefined"):
        return frozenset({written(node.node)})
    if truth and isinstance(node, nodes.Name | nodes.Getattr):
        return frozenset({written(node)})
    return frozenset()


def written(node: nodes.Node) -> str:
    """A path as the template writes it."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr):
        return f"{written(node.node)}.{node.attr}"
    if isinstance(node, nodes.Filter) and node.node is not None:
        return f"{written(node.node)} | {node.name}"
    return "cette expression"


def _name(node: nodes.Name, scope: Scope) -> Field | None:
    found = scope.names.get(node.name)
    if found is not None and found.kind == UNKNOWN.kind:
        return None
    if found is None:
        _unknown(node.name, scope)
        return None
    return _known(written(node), found, scope)


def _getattr(node: nodes.Getattr, scope: Scope) -> Field | None:
    owner = check(node.node, scope)
    if owner is None:
        return None
    path = written(node)
    if owner.kind != "object":
        scope.say(
            "FIELD_UNKNOWN",
            f"« {written(node.node)} » est de type {_KINDS[owner.kind]}, sans champ « {node.attr} ».",
            _LIST_SUGGESTION if owner.kind == "list" else "",
        )
        return None
    found = owner.fields.get(node.attr)
    if found is None:
        _unknown(path, scope)
        return None
    return _known(path, found, scope)


def _known(path: str, found: Field, scope: Scope) -> Field:
    if found.optional and path not in scope.present:
        scope.say(
            "OPTIONAL_UNGUARDED",
            f"« {path} » est facultatif : le document échouerait quand il manque.",
            path=path,
        )
    return found


def _unknown(path: str, scope: Scope) -> None:
    scope.say(
        "FIELD_UNKNOWN",
        f"Le champ « {path} » n’existe pas dans le contrat.",
        "Choisissez-le dans la liste des champs.",
        path,
    )


def _const(node: nodes.Const, scope: Scope) -> Field | None:
    kinds = {str: TEXT, int: INTEGER, bool: BOOLEAN}
    found = kinds.get(type(node.value))
    if found is None:
        scope.say("EXPRESSION_FORBIDDEN", "Seuls un texte et un nombre entier s’écrivent dans une balise.")
    return found


def _filter(node: nodes.Filter, scope: Scope) -> Field | None:
    # What « default » stands for may be absent, what holds it may not.
    lacking = {written(node.node)} if node.name == "default" and node.node is not None else set()
    inside = replace(scope, present=scope.present | lacking)
    taken = check(node.node, inside) if node.node is not None else None
    known = FILTERS.get(node.name)
    if known is None or len(node.args) > len(known.arguments):
        for argument in node.args:
            check(argument, scope)
    if known is None:
        scope.say(
            "FILTER_UNKNOWN",
            f"Le filtre « {node.name} » n’existe pas.",
            f"Les filtres : {', '.join(sorted(FILTERS))}.",
            node.name,
        )
        return None
    if taken is None or not _accepts(node, known, taken, scope):
        return None
    return _given(known, taken)


def _accepts(node: nodes.Filter, known: Filter, taken: Field, scope: Scope) -> bool:
    if taken.kind not in known.takes:
        expected = " ou ".join(_KINDS[kind] for kind in known.takes)
        scope.say(
            "FILTER_KIND",
            f"Le filtre « {node.name} » attend : {expected} ; reçu : {_KINDS[taken.kind]}.",
            f"Pour ce type : {', '.join(printing(taken.kind))}." if printing(taken.kind) else "",
        )
        return False
    if node.kwargs or not _callable_with(known.function, len(node.args)):
        scope.say("FILTER_ARGUMENTS", f"Le filtre « {node.name} » n’a pas les valeurs qu’il attend.")
        return False
    for argument, kind in zip(node.args, known.arguments, strict=False):
        _expect(argument, (kind,), scope)
    if known.items and taken.item is not None and taken.item.kind not in known.items:
        scope.say(
            "FILTER_KIND",
            f"Le filtre « {node.name} » attend une liste de textes ; reçu : {_KINDS[taken.item.kind]}.",
            _LIST_SUGGESTION,
        )
        return False
    fields = (taken.item.fields if taken.item else {}) if taken.kind == "list" else taken.fields
    lacking = [name for name in known.needs if name not in fields or fields[name].optional]
    if lacking:
        scope.say(
            "FILTER_KIND", f"Le filtre « {node.name} » a besoin de {', '.join(lacking)}, qui manque ici."
        )
    if node.name == "sum" and not summed(node, taken, scope.say):
        return False
    path = written(node.node) if node.node is not None else ""
    return not lacking and (known.gives != ITEM or one_of(node, path, path in scope.present, scope.say))


def _callable_with(function: Callable[..., object], arguments: int) -> bool:
    try:
        inspect.signature(function).bind(None, *range(arguments))
    except TypeError:
        return False
    return True


def _given(known: Filter, taken: Field) -> Field | None:
    if known.gives == SAME:
        return taken
    if known.gives == ITEM:
        return taken.item
    if known.gives.startswith("list:"):
        return taken.item.fields.get(known.gives.removeprefix("list:")) if taken.item else None
    return Field(known.gives)


def _test(node: nodes.Test, scope: Scope) -> Field:
    if node.name not in TESTS:
        scope.say(
            "TEST_UNKNOWN", f"Le test « is {node.name} » n’existe pas.", f"Les tests : {', '.join(TESTS)}."
        )
    if node.name in ("defined", "undefined"):
        check(node.node, scope.knowing([written(node.node)]))
    else:
        _expect(node.node, ("integer",), scope)
    return BOOLEAN


def _compare(node: nodes.Compare, scope: Scope) -> Field:
    left_node, left = node.expr, check(node.expr, scope)
    for operand in node.ops:
        right = check(operand.expr, scope)
        if left is not None and right is not None:
            _comparable(operand.op, left, right, scope)
            _check_code(left, operand.expr, scope)
            _check_code(right, left_node, scope)
        left_node, left = operand.expr, right
    return BOOLEAN


def _comparable(operator: str, left: Field, right: Field, scope: Scope) -> None:
    if operator in ("in", "notin"):
        item = right.item if right.kind == "list" else None
        fits = item is not None and _same(left, item)
    else:
        fits = _same(left, right) and (operator in ("eq", "ne") or left.kind in _ORDERED)
    if not fits:
        scope.say(
            "COMPARISON",
            f"Un champ de type {_KINDS[left.kind]} ne se compare pas ainsi à : {_KINDS[right.kind]}.",
            "Comparez deux valeurs de même type ; un montant ne se compare qu’à un montant, par == ou !=.",
        )


def _same(left: Field, right: Field) -> bool:
    texts = ("text", "code", "time")
    return left.kind == right.kind or (left.kind in texts and right.kind in texts)


def _check_code(one: Field, other: nodes.Node, scope: Scope) -> None:
    if not one.codes or not isinstance(other, nodes.Const) or other.value in one.codes:
        return
    scope.say(
        "CODE_UNKNOWN",
        f"« {other.value} » n’est pas une valeur possible de ce champ.",
        f"Les valeurs : {', '.join(one.codes)}.",
        str(other.value),
        one.codes,
    )


def _both(node: nodes.And | nodes.Or, scope: Scope) -> Field | None:
    left = check(node.left, scope)
    # The right of « and » is read only when the left is true, that of « or » only when it is false.
    check(node.right, scope.knowing(present_if(node.left, isinstance(node, nodes.And))))
    return None if left is None else BOOLEAN


def _not(node: nodes.Not, scope: Scope) -> Field:
    check(node.node, scope)
    return BOOLEAN


def _choice(node: nodes.CondExpr, scope: Scope) -> Field | None:
    check(node.test, scope)
    chosen = check(node.expr1, scope.knowing(present_if(node.test, True)))
    if node.expr2 is None:
        scope.say("EXPRESSION_FORBIDDEN", "Un choix s’écrit avec « else ».", "Ajoutez « else ''  ».")
        return None
    other = check(node.expr2, scope.knowing(present_if(node.test, False)))
    if chosen is not None and other is not None and not _same(chosen, other):
        scope.say("COMPARISON", "Les deux valeurs de ce choix ne sont pas de même type.")
        return None
    return chosen or other


def _slice(node: nodes.Getitem, scope: Scope) -> Field | None:
    found = check(node.node, scope)
    bounds = (node.arg.start, node.arg.stop, node.arg.step) if isinstance(node.arg, nodes.Slice) else (None,)
    if not isinstance(node.arg, nodes.Slice) or not all(map(_is_whole, bounds)) or node.arg.step is not None:
        scope.say(
            "EXPRESSION_FORBIDDEN",
            "Entre crochets, seuls deux rangs sont permis, par exemple [:-1].",
            _LIST_SUGGESTION,
        )
        return None
    if found is not None and found.kind != "list":
        scope.say("FILTER_KIND", f"« {written(node.node)} » n’est pas une liste.")
        return None
    return found


def _is_whole(bound: nodes.Node | None) -> bool:
    inner = bound.node if isinstance(bound, nodes.Neg) else bound
    return inner is None or (isinstance(inner, nodes.Const) and type(inner.value) is int)


def _whole(node: nodes.BinExpr, scope: Scope) -> Field:
    for operand in (node.left, node.right):
        _expect(operand, ("integer",), scope)
    if isinstance(node, nodes.Mod) and not (isinstance(node.right, nodes.Const) and node.right.value):
        scope.say(
            "DIVISION",
            "« % » donne un reste : il se calcule par un nombre écrit dans la balise, autre que zéro.",
            "Écrivez par exemple « loop.index % 2 ».",
        )
    return INTEGER


def _concatenated(node: nodes.Concat, scope: Scope) -> Field:
    for operand in node.nodes:
        _expect(operand, ("text", "integer"), scope)
    return TEXT


def _expect(node: nodes.Node, kinds: Sequence[str], scope: Scope) -> None:
    found = check(node, scope)
    if found is not None and found.kind not in kinds:
        expected = " ou ".join(_KINDS[kind] for kind in kinds)
        scope.say("FILTER_KIND", f"« {written(node)} » devrait être de type : {expected}.")


_CHECKERS: Mapping[type[nodes.Node], Callable[..., Field | None]] = {
    nodes.Name: _name,
    nodes.Getattr: _getattr,
    nodes.Const: _const,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.Compare: _compare,
    nodes.And: _both,
    nodes.Or: _both,
    nodes.Not: _not,
    nodes.CondExpr: _choice,
    nodes.Getitem: _slice,
    nodes.Add: _whole,
    nodes.Sub: _whole,
    nodes.Mod: _whole,
    nodes.Concat: _concatenated,
}
