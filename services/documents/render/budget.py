"""What a document may cost, whatever its template: loops pay before they turn, output is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from itertools import islice
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

MAX_STEPS = 500_000
"""What loops may do in one part: each turn counts one step, each expression in it one, each filter 50. The
dearest filter of the house takes some 130 µs, the others fewer than 5: this stays far under a second."""
MAX_CHARACTERS = 16 * 1024 * 1024
"""The longest part of a document."""
FILTER_STEPS = 50

CHARGED = "charged_"
"""Filter that the compiler puts around what each loop goes through."""

# One piece may be a text of ten thousand characters: what is not yet counted stays small.
_BATCH = 1024


class BudgetError(Exception):
    """The document costs more than any should."""


class Spending(Context):
    """The context of one part of one document, with what its loops have cost so far."""

    steps = 0
    characters = 0


@pass_context
def charged(context: Spending, items: Sized, steps: int, characters: int) -> Sized:
    """What a loop goes through, once its turns are paid for; BudgetError.

    `pass_context` also keeps jinja2 from running this as it compiles, when the items are known.
    """
    turns = len(items)
    context.steps += turns * steps
    context.characters += turns * characters
    if context.steps > MAX_STEPS or context.characters > MAX_CHARACTERS:
        raise BudgetError
    return items


def bounded(tree: nodes.Template) -> nodes.Template:
    """The same program, whose loops are charged."""
    for loop in list(tree.find_all(nodes.For)):
        own = (*loop.body, *loop.else_, *([loop.test] if loop.test else []))
        costs = [nodes.Const(1 + sum(map(steps_of, own))), nodes.Const(sum(map(_characters, own)))]
        loop.iter = nodes.Filter(loop.iter, CHARGED, costs, [], None, None, lineno=loop.lineno)
    return tree


def steps_of(node: nodes.Node) -> int:
    """What a node costs each time, the inside of its loops left out: they are charged apart."""
    own = FILTER_STEPS if isinstance(node, nodes.Filter) else int(isinstance(node, nodes.Expr))
    return own + sum(map(steps_of, _inside(node)))


def joined(pieces: Iterable[str]) -> str:
    """The text of these pieces; BudgetError as soon as it is too long."""
    coming, texts, length = iter(pieces), list[str](), 0
    while True:
        batch = list(islice(coming, _BATCH))
        text = "".join(batch)
        length += len(text)
        if length > MAX_CHARACTERS:
            raise BudgetError
        if len(batch) < _BATCH:
            return "".join((*texts, text)) if texts else text
        texts.append(text)


def _characters(node: nodes.Node) -> int:
    """The text that a node prints whatever the data, the longest of its branches counting like all."""
    own = len(node.data) if isinstance(node, nodes.TemplateData) else 0
    return own + sum(map(_characters, _inside(node)))


def _inside(node: nodes.Node) -> Iterator[Any]:
    return iter([node.iter]) if isinstance(node, nodes.For) else node.iter_child_nodes()
