"""Files that are read again when they change: what is in force is the last content that was good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from services.kit.errors import StartupError

Value = TypeVar("Value")

log = structlog.get_logger()


class Watched(Generic[Value]):
    """What some files say together; `read` raises StartupError with a sentence when they are no good."""

    def __init__(self, paths: Sequence[Path], read: Callable[[Sequence[bytes]], Value]) -> None:
        self._paths = tuple(paths)
        self._read = read
        self._seen = self._contents()
        self.value = read(self._seen)

    def refresh(self) -> None:
        """Takes what the files say now; what is no good is said in the log, once, and what was stays.

        Contents are compared, not times: a file may be replaced twice within the grain of a clock.
        """
        try:
            contents = self._contents()
            if contents == self._seen:
                return
            self._seen = contents
            self.value = self._read(contents)
        except StartupError as error:
            self._refuse(str(error))
        else:
            log.info("file_reloaded", files=[str(path) for path in self._paths])

    def _refuse(self, sentence: str) -> None:
        log.error("file_refused", files=[str(path) for path in self._paths], sentence=sentence)

    def _contents(self) -> list[bytes]:
        return [_content(path) for path in self._paths]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise StartupError(f"Le fichier {path} ne se lit pas ; vérifiez son nom et ses droits.") from None
