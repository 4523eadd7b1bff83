"""From the text of an expression to its typed tree: Python's own grammar against a whitelist, then which
types go together."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

from services.eligibility.package import tree
from services.eligibility.package.evaluate import FUNCTIONS
from services.eligibility.package.findings import did_you_mean
from services.eligibility.package.syntax import causes, is_enclosed
from services.eligibility.package.tree import (
    FRENCH_KINDS,
    INTEGER,
    MONEY,
    NUMERIC,
    ORDERED,
    PERCENT,
    Kind,
    ValueType,
)

_ARITHMETIC_TYPES = {
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
MAX_LENGTH = 1_000
_TOO_LONG = "L’expression dépasse 1 000 caractères : nommez-en une partie dans derived.yaml."
_MIXED = "« and » et « or » se suivent sans parenthèses : ajoutez-les, pour dire ce qui va ensemble."
MAX_DEPTH = 20

_COMPARISONS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}

_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_SUMS = {
    "or_zero": "un fait de type montant, nombre ou pourcentage",
    "sum_known": "des termes de même type (montants, nombres ou pourcentages)",
}
LITERAL_CODES = ValueType(Kind.CODES, of="?")
LITERAL_CODE = ValueType(Kind.CODE, of="?")


def arithmetic_type(operator: str, left: Kind, right: Kind) -> ValueType | str:
    """The type of an operation."""
    found = _ARITHMETIC_TYPES.get((operator, left, right))
    if found:
        return found
    return f"L’opération « {operator} » n’a pas de sens entre {FRENCH_KINDS[left]} et {FRENCH_KINDS[right]}."


def call_type(name: str, arguments: tuple[tree.Node, ...]) -> ValueType | str:
    """The type of a call."""
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join((*FUNCTIONS, "known"))
        hint = did_you_mean(name, (*FUNCTIONS, "known"), otherwise="")
        return f"La fonction « {name} » n’existe pas{hint or f' ; celles qui existent : {known}.'}"
    kinds = tuple(argument.type.kind for argument in arguments)
    if kinds != function.parameters:
        wanted = ", ".join(FRENCH_KINDS[kind] for kind in function.parameters)
        return f"La fonction « {name} » attend {wanted}."
    if name == "missing_items" and len({argument.type.of for argument in arguments}) > 1:
        return f"La fonction « {name} » attend deux listes des mêmes codes."
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
        return "Un oui/non ne se compare pas : écrivez son nom, ou « not » devant."
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
            return "Seul 0 s’écrit ici : un autre seuil est un paramètre daté de parameters.yaml."
    return f"{_capital(left.type.kind)} ne se compare pas à {FRENCH_KINDS[right.type.kind]}."


def _code_problem(operator: str, left: tree.Node, right: tree.Node) -> str | None:
    if operator not in _EQUALITY:
        return "Deux codes se comparent par « == », « != » ou « in »."
    reference, other = (right, left) if isinstance(left, tree.Literal) else (left, right)
    if isinstance(other, tree.Literal):
        return _unknown_codes((str(other.value),), reference.type)
    return None if left.type.of == right.type.of else "Ces deux codes ne viennent pas de la même liste."


def _membership_problem(left: tree.Node, right: tree.Node) -> str | None:
    if left.type.kind not in (Kind.CODE, Kind.TEXT) or right.type.kind is not Kind.CODES:
        return "« in » demande un code à gauche et une liste de codes à droite."
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
            hint = did_you_mean(code, type_.labels)
            return f"Le code « {code} » n’existe pas pour « {type_.of} »{hint}"
    return None


def _or_zero(term: tree.Node) -> tree.Node:
    asked_when = term.type.asked_when
    if not isinstance(term, tree.Reference) or asked_when is None:
        return term
    return tree.OrZero(term, asked_when, replace(term.type, asked_when=None))


def _capital(kind: Kind) -> str:
    words = FRENCH_KINDS[kind]
    return words[0].upper() + words[1:]


@dataclass(frozen=True)
class Problem:
    """What is wrong in an expression: a French sentence and the offset of the character it speaks of; a doubt
    leaves the tree readable."""

    message: str
    offset: int
    doubt: bool = False


class _InvalidError(Exception):
    """Stops the reading of one sub-expression whose problem is already recorded."""


def parse(
    text: str, scope: Mapping[str, ValueType], *, calculation: bool
) -> tuple[tree.Node | None, list[Problem]]:
    """The typed tree and doubts at most, or no tree and every problem; arithmetic and functions only in a
    calculation."""
    if len(text) > MAX_LENGTH:
        return None, [Problem(_TOO_LONG, 0)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # In parentheses an expression may go on over several lines; the end of line closes a comment.
            body = ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        known = causes(text)
        if known:
            return None, [Problem(*cause) for cause in known]
        place = (getattr(error, "offset", None) or 2) - 2
        return None, [Problem("L’expression n’est pas bien écrite.", max(0, min(place, len(text))))]
    reader = _Reader(text, scope, calculation)
    try:
        return reader.read(body, 0), reader.problems
    except _InvalidError:
        return None, reader.problems


class _Reader:
    """Reads one expression, collecting its problems."""

    def __init__(self, text: str, scope: Mapping[str, ValueType], calculation: bool) -> None:
        self.problems: list[Problem] = []
        self._encoded = f"({text}".encode()
        self._scope = scope
        self._calculation = calculation

    def read(self, node: ast.expr, depth: int) -> tree.Node:
        """The typed tree of a node of the grammar."""
        if depth > MAX_DEPTH:
            raise self._fail(node, "L’expression est trop imbriquée.")
        match node:
            case ast.Name() | ast.Attribute():
                return self._reference(node)
            case ast.Constant():
                return self._constant(node)
            case ast.List() | ast.Tuple():
                return self._list(node)
            case ast.BoolOp():
                return self._bool_op(node, depth)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return tree.Not(self._condition(operand, depth + 1))
            case ast.Compare():
                return self._compare(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                return self._arithmetic(node, depth)
        raise self._fail(node, "Cette écriture n’est pas admise dans une expression.")

    def _fail(self, node: ast.expr, message: str) -> _InvalidError:
        # ast counts bytes, after the parenthesis that was added; people count characters.
        self.problems.append(Problem(message, max(0, self._index(node.lineno, node.col_offset) - 1)))
        return _InvalidError()

    def _index(self, line: int, column: int) -> int:
        """Of a place of the grammar, in the text with the parenthesis that was added."""
        before = b"".join(self._encoded.splitlines(keepends=True)[: line - 1])
        rest = self._encoded[len(before) : len(before) + column]
        return len((before + rest).decode(errors="ignore"))

    def _all(self, nodes: list[ast.expr], depth: int, *, conditions: bool = False) -> tuple[tree.Node, ...]:
        """Reads every operand before giving up, so that all the problems are told."""
        found: list[tree.Node] = []
        for node in nodes:
            try:
                found.append(self._condition(node, depth) if conditions else self.read(node, depth))
            except _InvalidError:
                continue
        if len(found) < len(nodes):
            raise _InvalidError
        return tuple(found)

    def _dotted(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=value, attr=attribute):
                return f"{self._dotted(value)}.{attribute}"
        raise self._fail(node, "Cette écriture n’est pas admise dans une expression.")

    def _reference(self, node: ast.expr) -> tree.Reference:
        name = self._dotted(node)
        if name not in self._scope:
            hint = did_you_mean(name, self._scope)
            sentence = f"« {name} » n’est ni un fait, ni un paramètre, ni un calcul déjà défini{hint}"
            raise self._fail(node, sentence)
        return tree.Reference(name, self._scope[name])

    def _constant(self, node: ast.Constant) -> tree.Literal:
        # Not isinstance: True is an int of Python, and none of the language.
        if type(node.value) is int:
            return tree.Literal(node.value, INTEGER)
        if isinstance(node.value, str):
            return tree.Literal(node.value, LITERAL_CODE)
        if isinstance(node.value, float):
            raise self._fail(node, "Un nombre à virgule s’écrit dans parameters.yaml, daté et justifié.")
        raise self._fail(node, "Cette constante n’est pas admise dans une expression.")

    def _list(self, node: ast.List | ast.Tuple) -> tree.Literal:
        codes = [item.value for item in node.elts if isinstance(item, ast.Constant)]
        texts = [code for code in codes if isinstance(code, str)]
        if not texts or len(texts) < len(node.elts):
            raise self._fail(node, "Une liste écrite dans une expression ne contient que des codes.")
        return tree.Literal(tuple(texts), LITERAL_CODES)

    def _enclosed(self, node: ast.expr) -> bool:
        end = self._index(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return is_enclosed(self._encoded.decode(), self._index(node.lineno, node.col_offset), end)

    def _condition(self, node: ast.expr, depth: int) -> tree.Node:
        read = self.read(node, depth)
        if read.type.kind is not Kind.BOOLEAN:
            raise self._fail(node, "Une condition (oui ou non) est attendue ici.")
        return read

    def _bool_op(self, node: ast.BoolOp, depth: int) -> tree.Node:
        for item in node.values:
            if isinstance(item, ast.BoolOp) and not self._enclosed(item):
                place = self._index(item.lineno, item.col_offset) - 1
                self.problems.append(Problem(_MIXED, place, doubt=True))
        items = self._all(node.values, depth + 1, conditions=True)
        return tree.And(items) if isinstance(node.op, ast.And) else tree.Or(items)

    def _compare(self, node: ast.Compare, depth: int) -> tree.Node:
        operands = self._all([node.left, *node.comparators], depth + 1)
        pairs: list[tree.Node] = []
        for operator, left, right, place in zip(
            node.ops, operands, operands[1:], node.comparators, strict=False
        ):
            symbol = _COMPARISONS.get(type(operator))
            if symbol is None:
                raise self._fail(node, "Cette comparaison n’est pas admise (« is ») ; écrivez « == ».")
            problem = comparison_problem(symbol, left, right, calculation=self._calculation)
            if problem:
                raise self._fail(place, problem)
            pairs.append(tree.Compare(symbol, left, right))
        return pairs[0] if len(pairs) == 1 else tree.And(tuple(pairs))

    def _call(self, node: ast.Call, depth: int) -> tree.Node:
        name = self._dotted(node.func)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self._fail(
                node, "Les arguments d’une fonction s’écrivent simplement, séparés par des virgules."
            )
        if name == "known":
            return self._known(node)
        if not self._calculation:
            raise self._fail(node, "Nommez ce calcul dans derived.yaml, puis comparez-le ici.")
        arguments = self._all(node.args, depth + 1)
        if name in ("or_zero", "sum_known"):
            return self._sum_known(node, name, arguments)
        result = call_type(name, arguments)
        if isinstance(result, str):
            raise self._fail(node, result)
        return tree.Call(name, arguments, result)

    def _sum_known(self, node: ast.Call, name: str, arguments: tuple[tree.Node, ...]) -> tree.Node:
        """The sum of its terms, those that may not concern the person being worth 0 when they do not."""
        kinds = {argument.type.kind for argument in arguments}
        if len(kinds) != 1 or not kinds <= NUMERIC or (name == "or_zero" and len(arguments) != 1):
            raise self._fail(node, f"La fonction « {name} » attend {_SUMS[name]}.")
        found = [_or_zero(argument) for argument in arguments]
        if not any(isinstance(term, tree.OrZero) for term in found):
            # On any other fact it would make zero of what is only not known yet.
            raise self._fail(node, f"« {name} » sert à un fait qui peut ne pas concerner la personne.")
        return reduce(lambda left, right: tree.Arithmetic("+", left, right, left.type), found)

    def _known(self, node: ast.Call) -> tree.Known:
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Name | ast.Attribute):
            raise self._fail(node, "« known » attend le nom d’un fait ou d’un calcul.")
        return tree.Known(self._reference(node.args[0]).name)

    def _arithmetic(self, node: ast.BinOp, depth: int) -> tree.Node:
        if not self._calculation:
            raise self._fail(node, "Nommez ce calcul dans derived.yaml, puis comparez-le ici.")
        left, right = self._all([node.left, node.right], depth + 1)
        operator = _ARITHMETIC[type(node.op)]
        result = arithmetic_type(operator, left.type.kind, right.type.kind)
        if isinstance(result, str):
            raise self._fail(node, result)
        return tree.Arithmetic(operator, left, right, result)
