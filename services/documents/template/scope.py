"""What an expression may name where it stands, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from services.documents.template.fields import IMPLIED, Field


@dataclass(frozen=True)
class Problem:
    """Something wrong in an expression."""

    code: str
    message: str
    suggestion: str = ""
    path: str = ""
    """What is wrong, as it is written: a field, a filter, a value."""
    among: tuple[str, ...] = ()
    """The values that it could have."""


@dataclass(frozen=True)
class Scope:
    """What may be named at a place: fields by name, and the paths known to be there."""

    names: Mapping[str, Field]
    present: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)

    def knowing(self, paths: Iterable[str]) -> Scope:
        """The same place where these paths are there too, with what holds them and what they imply."""
        found = set(self.present)
        waiting = list(paths)
        # Until nothing is added: what a path implies may imply more.
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += (path.rpartition(".")[0], *IMPLIED.get(path, ()))
        return replace(self, present=frozenset(found))

    def say(
        self, code: str, message: str, suggestion: str = "", path: str = "", among: tuple[str, ...] = ()
    ) -> None:
        """Notes a problem."""
        self.problems.append(Problem(code, message, suggestion, path, among))
