"""What each call must have: a role that its act is open to, or a service account that may make it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import structlog

from services.kit.access.cases import CaseRights, rights_of
from services.kit.access.quota import Quotas
from services.kit.access.roles import RELEASES, Act, RolesError, RoleTable, completed, load, shipped
from services.kit.caller import Caller
from services.kit.errors import PermissionDenied, Unavailable

RELOAD_SECONDS = 1.0
"""How long a table is used before its file is looked at again."""

UNPROVED_PER_MINUTE = 60
"""How many calls that prove nobody a server notes of one certificate: more would fill its journal for whoever
calls, and one count for all would let one hide what others try."""

log = structlog.get_logger()


class Roles:
    """The table in force: an operator's file is read again when it changes, and kept as it was when it
    becomes wrong."""

    def __init__(self, path: Path, operator_file: Path | None) -> None:
        self._shipped = shipped(path)
        self._file = operator_file
        self._table = load(path, operator_file)
        self._mark = self._found()
        self._next_look = time.monotonic() + RELOAD_SECONDS

    def table(self) -> RoleTable:
        """The table, at most RELOAD_SECONDS old."""
        if self._file is not None and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + RELOAD_SECONDS
            if (mark := self._found()) != self._mark:
                self._mark = mark
                self._reload(self._file)
        return self._table

    def _reload(self, file: Path) -> None:
        try:
            self._table = completed(self._shipped, file)
        except RolesError as error:
            log.error("roles_refused", file=str(file), problem=str(error), kept="the table before")
        else:
            log.info("roles_reloaded", file=str(file))

    def _found(self) -> tuple[int, int, int] | None:
        """What changes when the file does; None while it is not there."""
        try:
            found = self._file.stat() if self._file else None
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


class Guard:
    """Says of each call whether it may be made, before anything is looked up for it."""

    def __init__(self, roles: Roles, quotas: Quotas) -> None:
        self._roles = roles
        self._quotas = quotas

    def services(self) -> set[str]:
        """The full names of the proto services."""
        return {method.rpartition("/")[0] for method in self._roles.table().callers}

    def check_method(self, method: str, caller: Caller) -> None:
        """Refuses a call by its method alone, before its request is read."""
        table = self._roles.table()
        if not caller.subject:
            self._check_account(table, method, caller)
        elif not caller.roles & table.callers.get(method, frozenset()):
            raise _not_allowed(method)

    def check_request(self, method: str, request: Any, caller: Caller) -> None:
        """Refuses the call of an agent by the collections that its request names.

        A service account has its methods for every collection.
        """
        if not caller.subject or not method.startswith(f"{RELEASES}/"):
            return
        table = self._roles.table()
        for collection in _collections(request) or table.collections:
            if not caller.roles & table.allowed(Act(method, collection)):
                raise _not_allowed(method)

    def may_note_unproved(self, certificate: str) -> bool:
        """Counts a call that proves nobody, by the fingerprint of its certificate; false once too many are
        noted of it."""
        return self._quotas.take(f"\0{certificate}", UNPROVED_PER_MINUTE)  # no application has such a name

    def second_person(self, method: str) -> str:
        """The role that one of two persons has for a method; empty when one person is enough."""
        return self._roles.table().two_persons.get(method, "")

    def rights(self, caller: Caller, break_glass: str) -> CaseRights:
        """Which cases a caller reaches; `break_glass` is the reason given to reach others."""
        return rights_of(caller, self._roles.table(), break_glass)

    def _check_account(self, table: RoleTable, method: str, caller: Caller) -> None:
        account = table.accounts.get(caller.account)
        if account is None or method not in account.methods:
            raise PermissionDenied(
                "APPLICATION_NOT_ALLOWED",
                "Cette application ne peut pas faire cet appel sans agent : joignez le jeton de l’agent, ou "
                "faites ajouter l’appel à son compte de service.",
                metadata={"method": method},
            )
        limit = caller.calls_per_minute or account.calls_per_minute
        if not self._quotas.take(caller.application, limit):
            raise Unavailable(
                "QUOTA_EXCEEDED",
                f"Cette application a fait les {limit} appels que son compte de service permet par minute ; "
                "réessayez dans la minute qui vient.",
                metadata={"calls_per_minute": str(limit)},
            )


def _collections(request: Any) -> set[str]:
    """The collections that a request names; none for what concerns all of them."""
    names = [getattr(request, "name", ""), getattr(request, "parent", "")]
    if hasattr(request, "edited"):
        names.append(request.edited.name)
    named = {getattr(request, "collection", ""), *(name.partition("/")[0] for name in names)}
    return named - {""}


def _not_allowed(method: str) -> PermissionDenied:
    return PermissionDenied(
        "ROLE_NOT_ALLOWED",
        "Aucun de vos rôles ne permet cet appel ; demandez à votre responsable qui peut le faire.",
        metadata={"method": method},
    )
