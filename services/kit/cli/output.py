"""What a command prints: one JSON document, or lines and tables for a person."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from services.kit.cli.outcome import CommandError
from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE, spaced

if TYPE_CHECKING:
    from rich.console import Console

Document = Mapping[str, Any]
_WIDTH = 132
_SPACES = {0xE000: NO_BREAK_SPACE, 0xE001: NARROW_NO_BREAK_SPACE}
_UNBREAKABLE = {ord(space): chr(code) for code, space in _SPACES.items()}
"""rich breaks a line at any space: those that must not break pass as private characters."""


class Output:
    """The answer of one command: `document` for machines, the rest for a person."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._console: Console | None = None

    def document(self, document: Document) -> None:
        """Prints the JSON document, if that is what was asked."""
        if self.as_json:
            _write_json(document)

    def line(self, text: str = "", style: str = "") -> None:
        """Prints a line for a person."""
        if not self.as_json:
            self._screen().print(spaced(text), style=style or None, markup=False, soft_wrap=True)

    def lines(self, texts: Iterable[str], style: str = "") -> None:
        """Prints several lines for a person."""
        for text in texts:
            self.line(text, style)

    def finding(self, place: str, message: str, *, warning: bool = False) -> None:
        """Prints « file:line:column: sentence », the place, if there is one, in colour."""
        if self.as_json:
            return
        from rich.text import Text

        colour = "yellow" if warning else "red"
        word = "avertissement : " if warning else ""
        where = f"{place}: " if place else ""
        text = Text.assemble((where, f"bold {colour}"), (spaced(word), colour), spaced(message))
        self._screen().print(text, soft_wrap=True)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
        """Prints a table for a person, its first column never cut; nothing without rows."""
        listed = list(rows)
        if self.as_json or not listed:
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, title=spaced(title) or None, title_justify="left", pad_edge=False)
        for index, name in enumerate(head):
            table.add_column(spaced(name), overflow="fold", no_wrap=index == 0)
        for row in listed:
            table.add_row(*(Text(cell.translate(_UNBREAKABLE)) for cell in row))
        screen = self._screen()
        with screen.capture() as captured:
            screen.print(table)
        sys.stdout.write(captured.get().translate(_SPACES))

    def _screen(self) -> Console:
        if self._console is None:
            from rich.console import Console

            terminal = sys.stdout.isatty()
            self._console = Console(highlight=False, width=None if terminal else _WIDTH)
        return self._console


def show_error(error: CommandError, as_json: bool) -> None:
    """The error in French: on stderr, or as the JSON document."""
    message = spaced(error.message)
    details = [{"field": item.field, "description": spaced(item.description)} for item in error.details]
    if as_json:
        wrong = {"reason": error.reason, "message": message, "details": details}
        _write_json({"error": wrong})
        return
    lines = [message, *(f"  {item['field']}{NO_BREAK_SPACE}: {item['description']}" for item in details)]
    sys.stderr.write("\n".join(lines) + "\n")


def _write_json(document: Document) -> None:
    sys.stdout.write(f"{json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)}\n")
