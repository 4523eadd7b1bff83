"""What is unusual in the accesses of a day, by plain rules: a person judges what it means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.kit.dates import PARIS, paris_start
from services.kit.errors import Unauthenticated
from services.kit.french import plural
from services.kit.store import AccessLine, accesses

MANY_CASES = 40
"""Cases that one agent reaches in a day of usual work, at most."""

FIRST_HOUR, LAST_HOUR = 7, 20
"""Usual work is from 7 h to 20 h, from Monday to Friday."""

_SATURDAY = 5


class Rule(StrEnum):
    """Why accesses are told."""

    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    MANY_CASES = "MANY_CASES"
    OTHER_TEAM = "OTHER_TEAM"
    BREAK_GLASS = "BREAK_GLASS"
    NOT_ALLOWED = "NOT_ALLOWED"
    UNPROVED = "UNPROVED"
    GAP = "GAP"


@dataclass(frozen=True)
class Unusual:
    """What is told of an agent, or of an application alone."""

    rule: Rule
    application: str
    subject: str
    count: int
    message: str


@dataclass
class _Counts:
    """What an agent did in the day."""

    by_rule: dict[Rule, int] = field(default_factory=lambda: defaultdict(int))
    cases: set[str] = field(default_factory=set)


_REASONS = {
    "ROLE_NOT_ALLOWED": Rule.NOT_ALLOWED,
    "APPLICATION_NOT_ALLOWED": Rule.NOT_ALLOWED,
}
_MARKS = {accesses.OTHER_TEAM: Rule.OTHER_TEAM, accesses.BREAK_GLASS: Rule.BREAK_GLASS}
_SENTENCES = {
    Rule.OUTSIDE_HOURS: "{count} en dehors de 7 h à 20 h, ou un jour sans travail.",
    Rule.OTHER_TEAM: "{refused}, pour des dossiers d’une autre équipe.",
    Rule.BREAK_GLASS: "{count} pour un dossier d’une autre équipe, ouvert avec un motif.",
    Rule.UNPROVED: "{refused}, sans preuve de qui appelle.",
    Rule.NOT_ALLOWED: "{refused}, que ses droits ne permettent pas.",
}


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The beginning and the end of a day at Paris."""
    return paris_start(day), paris_start(day + timedelta(days=1))


def summary(lines: Iterable[AccessLine]) -> tuple[list[Unusual], int]:
    """What is unusual in the lines of a day, and how many calls they are of."""
    counts: dict[tuple[str, str], _Counts] = defaultdict(_Counts)
    calls, gaps = set(), 0
    for line in lines:
        gaps += line.kind == accesses.GAP
        if line.kind != accesses.CALL:
            continue
        who = counts[line.application, line.subject]
        if line.case_tag and line.code == "OK" and line.subject:
            who.cases.add(line.case_tag)
        # A call for several cases has several lines: it counts once.
        if (line.process, line.request_id) not in calls:
            calls.add((line.process, line.request_id))
            for rule in _rules(line):
                who.by_rule[rule] += 1
    found = [one for who, each in sorted(counts.items()) for one in _told(who, each)]
    if gaps:
        text = f"{plural(gaps, 'processus interrompu', 'processus interrompus')} : des accès peuvent manquer."
        found.append(Unusual(Rule.GAP, "", "", gaps, text))
    return found, len(calls)


def _rules(line: AccessLine) -> Iterator[Rule]:
    local = line.time.astimezone(PARIS)
    outside = local.weekday() >= _SATURDAY or not FIRST_HOUR <= local.hour < LAST_HOUR
    if outside and line.subject:
        yield Rule.OUTSIDE_HOURS
    if line.mark in _MARKS:
        yield _MARKS[line.mark]
    if line.reason in _REASONS:
        yield _REASONS[line.reason]
    if line.code == Unauthenticated.status:
        yield Rule.UNPROVED


def _told(who: tuple[str, str], counts: _Counts) -> Iterator[Unusual]:
    if len(counts.cases) > MANY_CASES:
        text = f"{len(counts.cases)} dossiers atteints dans la journée, plus de {MANY_CASES}."
        yield Unusual(Rule.MANY_CASES, *who, len(counts.cases), text)
    for rule, sentence in _SENTENCES.items():
        if count := counts.by_rule[rule]:
            calls, refused = plural(count, "appel"), plural(count, "appel refusé", "appels refusés")
            yield Unusual(rule, *who, count, sentence.format(count=calls, refused=refused))
