"""Each command that a guide gives to its reader is open to a role of this reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import isclass
from types import CodeType, FunctionType, MethodType
from typing import Any

import pytest

from services.kit.access.roles import RoleTable, shipped
from tools.contracts.reading import ROOT

GUIDES = {
    "tenue-du-registre.md": {"registry_keeper"},
    "regles.md": {"rules_author", "rules_activator"},
    "modeles.md": {"template_author", "rules_activator"},
    "decisions.md": {"supervisor", "dpo", "auditor", "operator"},
}
"""The roles of the reader of each guide that gives commands; the lines before a block may name others."""

PROGRAMS = {"eligibility": "eligibility", "documents": "documents", "bank-registry": "bank_registry"}
KINDS = ("Bank", "Agreement", "LocalConvention")
"""What the name of a method ends with, where a command makes it of a verb and of the kind at hand."""

_COMMAND = re.compile(r"(?:^|[\s`/])(eligibility|documents|bank-registry) ([a-z][a-z-]+)(?: ([a-z]+))?")
_BLOCK = re.compile(r"(?P<before>(?:[^\n]+\n)*)\n?```sh\n(?P<lines>.*?)```", re.DOTALL)
_ROLE = re.compile(r"`([a-z_]+)`")


def given(guide: str, reader: set[str]) -> Iterator[tuple[str, str, set[str]]]:
    """The program and the words of each command that a guide gives, and the roles of who types it."""
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        roles = reader | set(_ROLE.findall(block["before"]))
        for line in block["lines"].splitlines():
            if found := _COMMAND.search(line):
                yield found[1], f"{found[2]} {found[3] or ''}", roles


def function_of(program: str, words: str) -> Any:
    """The function of a command, which may be one of a group."""
    app = import_module(f"services.{PROGRAMS[program]}.cli.main").app
    name, more = words.split(" ")
    for group in app.registered_groups:
        if group.name == name:
            app, name = group.typer_instance, more
    commands = {
        one.name or one.callback.__name__.replace("_", "-"): one.callback for one in app.registered_commands
    }
    return commands[name]


def used(code: CodeType) -> Iterator[tuple[set[str], set[str]]]:
    """The names and the texts of a function, and of the functions inside it."""
    texts = {value for value in code.co_consts if isinstance(value, str)}
    yield set(code.co_names), texts
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from used(inner)


def reached(function: Any, known: set[str], seen: set[Any]) -> set[str]:
    """The RPCs among the names that a function of ours uses, itself or through those that it calls."""
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType) or function in seen:
        return set()
    seen.add(function)
    if not function.__module__.startswith("services."):
        return set()
    found = list(used(function.__code__))
    names = set().union(*(each for each, _ in found))
    made = {f"{text}{kind}" for _, texts in found for text in texts for kind in KINDS}
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    held += [function.__globals__[name] for name in names & function.__globals__.keys()]
    classes = [each for each in function.__globals__.values() if isclass(each)]
    held += [vars(each)[name] for each in classes for name in names & vars(each).keys()]
    held += [each.__func__ for each in held if isinstance(each, MethodType)]
    return ((names | made) & known).union(*(reached(each, known, seen) for each in held))


def open_to(table: RoleTable, method: str, roles: set[str]) -> bool:
    """Whether an act of that name is open to one of the roles."""
    return any(table.allowed(act) & roles for act in table.acts if act.method.rpartition("/")[2] == method)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_command_of_a_guide_is_open_to_its_reader(guide: str) -> None:
    closed, asked = {}, set()
    for program, words, roles in given(guide, GUIDES[guide]):
        table = shipped(ROOT / "services" / PROGRAMS[program] / "roles.toml")
        methods = reached(
            function_of(program, words), {act.method.rpartition("/")[2] for act in table.acts}, set()
        )
        asked |= methods
        if refused := sorted(method for method in methods if not open_to(table, method, roles)):
            closed[f"{program} {words}"] = refused
    assert closed == {}
    assert asked, "no command of this guide was followed to the calls that it makes"


def test_every_guide_that_gives_commands_says_whose_they_are() -> None:
    guides = {path.name for path in (ROOT / "docs").glob("*.md") if any(given(path.name, set()))}
    assert guides == GUIDES.keys()
