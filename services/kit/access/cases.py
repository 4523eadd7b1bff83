"""Which cases a call may reach: those of the agent's team, and what its roles add."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache

import structlog
from cachetools import TTLCache

from services.kit import context
from services.kit.access.roles import RoleTable
from services.kit.caller import Caller
from services.kit.errors import PermissionDenied
from services.kit.store import AccessLog, accesses

REMEMBERED_SECONDS = 2.0
"""How long a process believes that the team of a case is the one it read: a case that a supervisor reassigns
changes hands that much later, at most."""

_REMEMBERED = 10_000

log = structlog.get_logger()


@dataclass(frozen=True)
class CaseBook:
    """What a service says of cases: whether it keeps something of one, and what stands for one in its store.

    `tag` is given where the store knows a case by that alone; elsewhere the journal of accesses has its own.
    """

    is_known: Callable[[str], bool]
    tag: Callable[[str], str] | None = None


@dataclass(frozen=True)
class CaseRights:
    """Which cases a caller reaches, to read and to act: "none", those of its "team", or "every" one.

    `opens` lets it make its team that of a case that nobody acted for; `break_glass` is the reason given to
    reach a case of another team, empty without one.
    """

    reads: str
    acts: str
    team: str
    opens: bool
    break_glass: str = ""


_ALONE = CaseRights("none", "every", "", opens=False)


def rights_of(caller: Caller, table: RoleTable, break_glass: str) -> CaseRights:
    """What the roles of a caller add up to.

    An application alone acts for any case with what it sends, and reads nothing of what is kept.
    """
    if not caller.subject:
        return _ALONE
    rights, breaks = _rights(caller.roles, caller.team, table)
    return replace(rights, break_glass=break_glass) if break_glass and breaks else rights


@lru_cache(maxsize=1024)
def _rights(names: frozenset[str], team: str, table: RoleTable) -> tuple[CaseRights, bool]:
    """The rights of some roles in a team, and whether one of them may reach other cases for a reason."""
    roles = [table.roles[name] for name in names if name in table.roles]
    scopes = {role.cases for role in roles}
    rights = CaseRights(
        reads="every" if scopes & {"every", "read"} else "team" if "team" in scopes else "none",
        acts="every" if "every" in scopes else "team" if "team" in scopes else "none",
        team=team,
        opens=any(role.opens_cases for role in roles) and bool(team),
    )
    return rights, any(role.break_glass for role in roles)


class CaseTeams:
    """The teams of cases, as one process knows them; a case is known by what stands for it, its tag."""

    def __init__(self, store: AccessLog, book: CaseBook) -> None:
        self._store = store
        self._book = book
        self._teams: TTLCache[str, str] = TTLCache(_REMEMBERED, REMEMBERED_SECONDS, time.monotonic)

    def tag(self, reference: str) -> str:
        """What stands for a case; empty without a reference."""
        if not reference:
            return ""
        return self._book.tag(reference) if self._book.tag else self._store.case_tag(reference)

    def is_known(self, reference: str) -> bool:
        """Whether the service keeps something of a case."""
        return self._book.is_known(reference)

    def team(self, tag: str) -> str:
        """The team of a case; empty when it has none."""
        team = self._teams.get(tag) if tag else ""
        if team is None:
            # What has no team is asked for again each time: it gets one at any moment.
            team = self._store.cases.team_of(tag)
            if team:
                self._teams[tag] = team
        return team

    def open(self, tag: str, team: str) -> bool:
        """Makes a team that of a case which has none; false when it got one meanwhile."""
        return self._store.cases.open_case(tag, team, context.actor())

    def close(self, tag: str) -> None:
        """Takes back the team of a case that the call opened and then kept nothing of."""
        self._store.cases.close_case(tag)
        self._teams.pop(tag, None)


@dataclass
class CaseGate:
    """Lets one call through to the cases that it may reach, and takes note of them."""

    teams: CaseTeams
    rights: CaseRights
    opened: list[str] = field(default_factory=list)
    """The references of the cases whose team this very call made its own."""
    permitted: set[str] = field(default_factory=set)
    """The tags of the cases that it was let through to."""
    refused: list[str] = field(default_factory=list)
    """The tags of those that it was not."""

    def reads(self, tag: str) -> bool:
        """Whether the call may read what is kept of a case."""
        return self._reaches(self.rights.reads, tag)

    def changes(self, tag: str) -> bool:
        """Whether the call may change what is kept of a case."""
        return self._reaches(self.rights.acts, tag)

    def lists(self, tag: str) -> bool:
        """Whether a case is among those that the call may list: one of another team is silently left out."""
        return tag in self.permitted or self._is_within(self.rights.reads, tag)

    def acts(self, reference: str, *, tries: bool) -> bool:
        """Whether the call may act for a case, which its team has from then on if none had; `tries` writes
        nothing. What has no reference is no case yet."""
        tag = self.teams.tag(reference)
        if self._may_open(reference, tag):
            if tries:
                return True
            if self.teams.open(tag, self.rights.team):
                self.opened.append(reference)
        return not tag or self._reaches(self.rights.acts, tag)

    def fail(self) -> None:
        """Forgets the cases that the call opened, and failed to keep anything of; it is noted under those
        that it may not reach, which a call that succeeds for others is not."""
        for tag in self.refused:
            context.concern(tag)
        for reference in self.opened:
            if not self.teams.is_known(reference):
                self.teams.close(self.teams.tag(reference))

    def _may_open(self, reference: str, tag: str) -> bool:
        return bool(
            tag and self.rights.opens and not self.teams.team(tag) and not self.teams.is_known(reference)
        )

    def _is_within(self, scope: str, tag: str) -> bool:
        return scope == "every" or (scope == "team" and self.teams.team(tag) == self.rights.team != "")

    def _reaches(self, scope: str, tag: str) -> bool:
        if self._is_within(scope, tag):
            return self._let_through(tag)
        subject = context.subject()
        if scope != "team" or not self.rights.break_glass:
            subject.mark = accesses.OTHER_TEAM
            self.refused.append(tag)
            return False
        if subject.mark != accesses.BREAK_GLASS:
            context.sound_alarm("BREAK_GLASS")
            log.warning("break_glass", agent=context.actor(), case=tag, request_id=context.request_id())
        subject.mark, subject.statement = accesses.BREAK_GLASS, self.rights.break_glass
        return self._let_through(tag)

    def _let_through(self, tag: str) -> bool:
        self.permitted.add(tag)
        context.concern(tag)
        return True


_gate: ContextVar[CaseGate | None] = ContextVar("case_gate", default=None)


def enter_gate(gate: CaseGate | None) -> None:
    """Makes a gate that of the current call, to its end; None lets everything through."""
    _gate.set(gate)


def current_gate() -> CaseGate | None:
    """The gate of the current call."""
    return _gate.get()


def may_read_case(reference: str = "", *, tag: str = "") -> bool:
    """Whether the current call may read what is kept of a case, named by its reference or by its tag.

    Where it may not, the answer is the one that a record which does not exist would get.
    """
    gate = _gate.get()
    return gate is None or gate.reads(tag or gate.teams.tag(reference))


def may_list_case(reference: str) -> bool:
    """Whether a case is among those that the current call may list."""
    gate = _gate.get()
    return gate is None or gate.lists(gate.teams.tag(reference))


def may_change_case(reference: str) -> bool:
    """Whether the current call may change what is kept of a case; without one, only who acts for all may."""
    gate = _gate.get()
    return gate is None or gate.changes(gate.teams.tag(reference))


def act_on_case(reference: str, *, tries: bool = False) -> None:
    """Refuses the current call if it may not act for a case: PermissionDenied; `tries` writes nothing."""
    gate = _gate.get()
    if gate is not None and not gate.acts(reference, tries=tries):
        raise case_not_allowed()


def case_not_allowed() -> PermissionDenied:
    """The refusal of a call for a case of another team."""
    return PermissionDenied(
        "CASE_NOT_ALLOWED",
        "Ce dossier est celui d’une autre équipe, ou n’en a pas encore. Demandez à votre responsable de vous "
        "le confier ; en cas d’urgence, l’en-tête x-break-glass l’ouvre avec un motif, et une alerte.",
    )
