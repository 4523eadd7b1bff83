"""What a guide gives to copy is right: its commands are open to a role of its reader, its files are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import isclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import CodeType, FunctionType, MethodType
from typing import Any

import pytest

from services.kit.access.configuration import AGENTS, GATEWAY, AccessRules, read
from services.kit.access.roles import RoleTable, completed, shipped
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
_TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
_LEFT_OUT = re.compile(r"^# (?=[a-z_]+ = )", re.MULTILINE)
"""A setting that a guide shows without giving it."""
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


def settings(guide: str) -> list[str]:
    """The files that a guide gives, what it leaves to fill in filled in."""
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    filled = {"9c1f…": "9c1f" * 16, '"…"': '"https://fournisseur.invalid/"', "…": "0"}
    blocks = _TOML.findall(text)
    for gap, value in filled.items():
        blocks = [block.replace(gap, value) for block in blocks]
    return [_LEFT_OUT.sub("", block) for block in blocks]


def test_the_files_of_accesses_that_the_guide_gives_are_read(tmp_path: Path) -> None:
    """The first is whole; each of the others goes on from it, as its sentence says."""
    (tmp_path / "secret-introspection").write_text("secret")
    first, *others = settings("acces.md")
    assert len(others) == 2
    for more in ("", *others):
        rules = read(tmp_path / "acces.toml", f"{first}\n{more}".encode())
        assert sum(provider.introspection is not None for provider in rules.providers) == bool(more)
        assert unknown_words(rules) == set()


def unknown_words(rules: AccessRules) -> set[str]:
    """The roles and the accounts of a file of accesses that nothing else knows."""
    table = shipped(ROOT / "services/eligibility/roles.toml")
    accounts = completed_by_the_guide(table).accounts
    roles = {role for one in rules.providers for given in one.roles.values() for role in given}
    roles |= {role for agent in rules.agents for role in agent.roles}
    named = {application.account for application in rules.applications}
    return (roles - table.roles.keys()) | (named - accounts.keys() - {AGENTS, GATEWAY})


def completed_by_the_guide(table: RoleTable) -> RoleTable:
    """A table of roles with the file that the guide gives."""
    (file,) = settings("droits.md")
    with NamedTemporaryFile("w", encoding="utf-8", suffix=".toml") as written:
        written.write(file)
        written.flush()
        return completed(table, Path(written.name))


def test_the_table_of_roles_that_the_guide_gives_is_taken() -> None:
    table = shipped(ROOT / "services/eligibility/roles.toml")
    given = completed_by_the_guide(table)
    changed = {str(act) for act in given.acts if given.allowed(act) != table.allowed(act)}
    assert changed == {"microcredit.eligibility.v1.EligibilityService/GetFactCatalog"}
    assert given.accounts.keys() - table.accounts.keys() == {"traitement-de-nuit"}
