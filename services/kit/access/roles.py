"""Which role may call what: the table that a service ships, which an operator's file completes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.kit.errors import StartupError

RELEASES = "microcredit.releases.v1.ReleaseService"
"""The one service whose acts are named by collection too: who changes rules may not change letters."""

FILE = "roles.toml"
"""The table that each service ships in its folder."""

CaseScope = Literal["none", "team", "read", "every"]
"""Which cases a role reaches: none, those of its team, all of them to read alone, all of them."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Role(_Entry):
    """What a person does, and which cases it reaches.

    `opens_cases` makes the team of the agent that of a new case; `break_glass` lets it reach, for a reason, a
    case of another team.
    """

    title: str
    cases: CaseScope = "none"
    opens_cases: bool = False
    break_glass: bool = False


class ServiceAccount(_Entry):
    """What an application may call by itself, without an agent; how often, unless its own entry says it."""

    methods: list[str]
    calls_per_minute: int = Field(600, ge=1, le=60_000)


class _File(_Entry):
    """A file as it is written: `services` and `collections` give the roles of each RPC, `two_persons` that of
    one of two persons."""

    roles: dict[str, Role] = {}
    services: dict[str, dict[str, list[str]]] = {}
    collections: dict[str, dict[str, list[str]]] = {}
    accounts: dict[str, ServiceAccount] = {}
    two_persons: dict[str, str] = {}


class RolesError(Exception):
    """A table cannot be used; its text is French, for who wrote the file."""


@dataclass(frozen=True)
class Act:
    """An RPC, "package.Service/Method", and the collection that it touches if it is one of releases."""

    method: str
    collection: str = ""

    def __str__(self) -> str:
        return f"{self.method} ({self.collection})" if self.collection else self.method


@dataclass(frozen=True, eq=False)  # a table is itself alone: what is computed from it is kept under it
class RoleTable:
    """The roles that each act is open to; an act that is not in it is open to nobody."""

    roles: Mapping[str, Role]
    acts: Mapping[Act, frozenset[str]]
    accounts: Mapping[str, ServiceAccount]
    two_persons: Mapping[str, str]
    """The methods that two persons must ask for, and the role that one of them has at least."""

    @property
    def collections(self) -> frozenset[str]:
        """The collections of packages that the service deploys."""
        return frozenset(act.collection for act in self.acts if act.collection)

    @cached_property
    def callers(self) -> Mapping[str, frozenset[str]]:
        """The roles that may call each method, for one collection at least where it touches several."""
        found: dict[str, frozenset[str]] = {}
        for act, roles in self.acts.items():
            found[act.method] = found.get(act.method, frozenset()) | roles
        return found

    def allowed(self, act: Act) -> frozenset[str]:
        """The roles that may call an act."""
        return self.acts.get(act, frozenset())


def shipped(path: Path) -> RoleTable:
    """The table of a service, as it ships."""
    file = _read(path)
    table = RoleTable(file.roles, dict(_acts(file)), file.accounts, file.two_persons)
    _check(table, file)
    return table


def completed(table: RoleTable, path: Path) -> RoleTable:
    """A table with what an operator's file changes or adds; RolesError if it names what does not exist.

    What it says of an act replaces the roles of this act; the other acts keep theirs.
    """
    file = _read(path)
    whole = RoleTable(
        {**table.roles, **file.roles},
        {**table.acts, **dict(_acts(file))},
        {**table.accounts, **file.accounts},
        # Added to, never taken from: a file cannot make one person enough.
        {**file.two_persons, **table.two_persons},
    )
    unknown = [act for act in dict(_acts(file)) if act not in table.acts]
    if unknown:
        known = get_close_matches(str(unknown[0]), map(str, table.acts), n=1)
        hint = f" ; vouliez-vous dire {known[0]} ?" if known else "."
        raise RolesError(f"L’appel {unknown[0]} n’existe pas dans ce service{hint}")
    _check(whole, file)
    return whole


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError:
        raise RolesError("Le fichier ne peut pas être lu.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise RolesError("Le fichier n’est pas du TOML.") from None
    except ValidationError as error:
        places = sorted({".".join(map(str, detail["loc"])) for detail in error.errors()})
        raise RolesError(f"Ces entrées sont inconnues ou mal écrites : {', '.join(places)}.") from None


def _acts(file: _File) -> Iterator[tuple[Act, frozenset[str]]]:
    for service, methods in file.services.items():
        for method, roles in methods.items():
            yield Act(f"{service}/{method}"), frozenset(roles)
    for collection, methods in file.collections.items():
        for method, roles in methods.items():
            yield Act(f"{RELEASES}/{method}", collection), frozenset(roles)


def _check(table: RoleTable, file: _File) -> None:
    """RolesError if a role or the act of a service account is not one of the table."""
    named = {role for _, roles in _acts(file) for role in roles} | set(file.two_persons.values())
    _refuse_unknown(named, table.roles, "Ce rôle n’est pas décrit")
    methods = {method for account in file.accounts.values() for method in account.methods}
    methods |= set(file.two_persons)
    _refuse_unknown(methods, {act.method for act in table.acts}, "Cet appel n’existe pas dans ce service")


def _refuse_unknown(named: Iterable[str], known: Iterable[str], sentence: str) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise RolesError(f"{sentence} : {', '.join(unknown)}.")


def load(path: Path, operator_file: Path | None) -> RoleTable:
    """The table in force at start; StartupError in French."""
    table = shipped(path)
    if operator_file is None:
        return table
    try:
        return completed(table, operator_file)
    except RolesError as error:
        raise StartupError(f"La table des rôles {operator_file} est refusée. {error}") from None
