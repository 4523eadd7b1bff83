"""The tags of a part executed on kinds instead of values: every branch, every loop, whatever the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from jinja2 import TemplateSyntaxError, nodes

from services.documents.render import ENVIRONMENT, MAX_STEPS, steps_of
from services.documents.template.advice import MAX_TRIES, Advice, Names, Run
from services.documents.template.expressions import (
    LOOP,
    UNKNOWN,
    check,
    check_printed,
    present_if,
    written,
)
from services.documents.template.fields import Field
from services.documents.template.reading import CELL_TAGS, Occurrence
from services.documents.template.scope import Problem, Scope
from services.documents.template.structure import KEYWORDS, finding
from services.documents.template.tags import Tag
from services.kit.findings import Finding
from services.kit.french import number

_SHELLS = {
    "if": "{{% {} %}}{{% endif %}}",
    "elif": "{{% if true %}}{{% {} %}}{{% endif %}}",
    "for": "{{% {} %}}{{% endfor %}}",
}


@dataclass(frozen=True)
class _Frame:
    """An open block: the scope outside, and what the conditions refused so far leave known."""

    outside: Scope
    refused: frozenset[str]
    turns: int
    """How many times at most, with data of the contract, what is inside is gone through."""
    listed: str = ""
    """What a loop goes through."""


def contract(
    occurrences: Iterable[Occurrence], fields: Mapping[str, Field], requires: Iterable[str]
) -> Iterator[Finding]:
    """Everything wrong with what the tags of a part name; `requires` are paths that the data always has."""
    scope, frames = Scope(fields).knowing(requires), list[_Frame]()
    steps, dearest, most = 0, None, 0
    advised: dict[tuple[object, ...], str] = {}
    names, tries = Names(fields), [MAX_TRIES]
    for one in occurrences:
        problems = Scope(scope.names, scope.present)
        before, held = problems, list(frames)
        cost = _turns(frames) * _steps(one)
        steps += cost
        if cost > most:
            dearest, most = one, cost
        if one.tag.sign == "{%" and one.tag.keyword not in (*KEYWORDS, *CELL_TAGS):
            problems.say(
                "TAG_UNKNOWN",
                f"« {one.tag.keyword or one.tag.body} » n’est pas une instruction des modèles.",
                "Les instructions sont if, elif, else et for.",
            )
        try:
            scope = step(one.tag, problems, frames)
        except TemplateSyntaxError as error:
            problems.say("TAG_SYNTAX", f"La balise « {one.tag.source} » est mal écrite.", _advice(error))
        if problems.problems:
            told = Advice(names, partial(_runner, before, held), tries)
            for problem in dict.fromkeys(problems.problems):
                key = (problem, one.tag.source, before.present, tuple(before.names))
                if key not in advised:
                    advised[key] = told.instead(problem, one.tag) or problem.suggestion
                yield finding(one.line, problem.code, problem.message, advised[key])
    if dearest is not None and steps > MAX_STEPS:
        yield finding(
            dearest.line,
            "LOOP_COST",
            f"Avec des listes pleines, cette partie demanderait {number(steps)} pas ; le service en fait "
            f"{number(MAX_STEPS)} au plus.",
            "Retirez une boucle de l’intérieur d’une autre, autour de cet endroit.",
        )


def _turns(frames: Sequence[_Frame]) -> int:
    return frames[-1].turns if frames else 1


def _steps(one: Occurrence) -> int:
    """What the engine counts for a tag, each time that it meets it."""
    tag = one.tag
    source = {"{{": tag.body, "{%": tag.rest}.get(tag.sign, "")
    try:
        return 1 + steps_of(_expression(source.partition(" in ")[2] if tag.keyword == "for" else source))
    except (TemplateSyntaxError, AttributeError):  # said elsewhere, or nothing that is computed
        return 1


def _runner(scope: Scope, frames: Sequence[_Frame]) -> Run:
    """What runs tags one after the other from a place, as if they stood there."""
    here, opened = scope, list(frames)

    def run(tag: Tag) -> Sequence[Problem]:
        nonlocal here
        asked = replace(here, problems=[])
        here = step(tag, asked, opened)
        return asked.problems

    return run


def beginning(fields: Mapping[str, Field], requires: Iterable[str]) -> Advice:
    """What could be written where no condition and no loop is open."""
    return Advice(Names(fields), partial(_runner, Scope(fields).knowing(requires), ()), [MAX_TRIES])


def step(tag: Tag, scope: Scope, frames: list[_Frame]) -> Scope:
    """The scope after a tag, and what is wrong with the tag in `scope.problems`."""
    if tag.sign == "{#":
        return scope
    if tag.sign == "{{":
        check_printed(_expression(tag.body), scope)
    elif tag.keyword in ("colspan", "cellbg"):
        check_printed(_expression(tag.rest), scope)
    elif tag.keyword == "if":
        return _if(_statement("if", tag.body), scope, frames)
    elif tag.keyword == "for":
        return _for(_statement("for", tag.body), scope, frames)
    elif frames and tag.keyword in ("elif", "else"):
        return _otherwise(tag.keyword, tag.body, scope, frames)
    elif frames and tag.keyword in ("endif", "endfor"):
        return frames.pop().outside
    return scope


def _expression(source: str) -> nodes.Node:
    parsed = ENVIRONMENT.parse(f"{{{{ {source} }}}}")
    printed: nodes.Node = parsed.find(nodes.Output).nodes[0]  # type: ignore[union-attr]
    return printed


def _statement(keyword: str, source: str) -> nodes.Node:
    node = ENVIRONMENT.parse(_SHELLS[keyword].format(source)).body[0]
    return node.elif_[0] if keyword == "elif" and isinstance(node, nodes.If) else node


def _if(node: nodes.Node, scope: Scope, frames: list[_Frame]) -> Scope:
    test = node.test  # type: ignore[attr-defined]
    check(test, scope)
    frames.append(_Frame(scope, present_if(test, False), _turns(frames)))
    return scope.knowing(present_if(test, True))


def _otherwise(keyword: str, source: str, scope: Scope, frames: list[_Frame]) -> Scope:
    frame = frames.pop()
    inside = replace(frame.outside.knowing(frame.refused), problems=scope.problems)
    if keyword == "else":
        frames.append(frame)
        return inside
    test = _statement("elif", source).test  # type: ignore[attr-defined]
    check(test, inside)
    frames.append(replace(frame, refused=frame.refused | present_if(test, False)))
    return inside.knowing(present_if(test, True))


def _for(node: nodes.Node, scope: Scope, frames: list[_Frame]) -> Scope:
    frames.append(_Frame(scope, frozenset(), _turns(frames)))
    if not isinstance(node, nodes.For):
        return scope
    listed = check(node.iter, scope)
    if listed is not None and listed.kind != "list":
        scope.say("LOOP_KIND", "Une boucle parcourt une liste ; ce champ n’en est pas une.")
        listed = None
    if not isinstance(node.target, nodes.Name) or node.recursive:
        scope.say("EXPRESSION_FORBIDDEN", "Une boucle s’écrit « for element in liste ».")
        return scope
    if listed is not None:
        path, turns = _listed(node.iter), _turns(frames) * listed.most
        if any(frame.listed == path for frame in frames):
            scope.say(
                "LOOP_NESTED",
                f"Cette boucle parcourt « {path} » à l’intérieur d’une boucle qui la parcourt déjà : jusqu’à "
                f"{number(turns)} tours.",
                "Une seule boucle suffit : retirez celle-ci.",
            )
        frames[-1] = replace(frames[-1], turns=turns, listed=path)
    name = node.target.name
    # The name of the item may hide another, of which presence was known.
    present = frozenset(path for path in scope.present if path.partition(".")[0] not in (name, "loop"))
    item = listed.item if listed is not None else None
    names = {**scope.names, name: item or UNKNOWN, "loop": LOOP}
    inside = replace(scope, names=names, present=present)
    if node.test is not None:
        check(node.test, inside)
        inside = inside.knowing(present_if(node.test, True))
    return inside


def _listed(node: nodes.Node) -> str:
    """The list that a loop goes through, whatever the filters and the slice."""
    while isinstance(node, nodes.Filter | nodes.Getitem) and node.node is not None:
        node = node.node
    return written(node)


def _advice(error: TemplateSyntaxError) -> str:
    if "unexpected char" in (error.message or ""):
        return "Un signe n’y a pas sa place : guillemet, apostrophe, tiret ou espace particulière."
    return "Vérifiez les parenthèses, les guillemets et les mots and, or, not, is, in."
