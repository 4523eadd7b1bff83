"""How a command ends: its exit code, and the errors that a person reads instead of a traceback."""

from __future__ import annotations

from dataclasses import dataclass

GOOD = 0
"""Done, nothing to report."""
REFUSED = 1
"""Refused, different, or findings."""
USAGE = 2
"""The command is not well written."""
SERVER = 3
"""The server cannot be reached, or failed."""


@dataclass(frozen=True)
class Detail:
    """One thing wrong: a field or a place of a file, and a French sentence."""

    field: str
    description: str


class CommandError(Exception):
    """The command ends here, with a French sentence, its details and an exit code."""

    def __init__(
        self, message: str, *, exit_code: int = REFUSED, reason: str = "", details: tuple[Detail, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.reason = reason
        self.details = details
