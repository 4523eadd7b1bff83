"""LibreOffice processes held ready: each converts one file at a time, and is replaced now and then."""

from __future__ import annotations

import os
import queue
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import structlog

from services.documents.pdf.office import DONE, READY, SOURCE, TARGET
from services.kit.errors import FailedPrecondition, Unavailable

START_SECONDS = 60.0

_PREFIX = "microcredit-pdf-"
_ROOT = Path(__file__).resolve().parents[3]

log = structlog.get_logger()


class OfficeError(Exception):
    """A LibreOffice did not start, died, refused the file or was late; its process is no more."""


class Office:
    """One LibreOffice process, which starts as soon as it is made.

    It dies with the thread that makes it (PR_SET_PDEATHSIG): the main one, or one of the server's.
    """

    def __init__(self, library: Path) -> None:
        prefix = f"{_PREFIX}{os.getpid()}-"
        self._folder = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", f"{__package__}.office", str(library), self._folder.name],
            cwd=_ROOT,
            # Without a screen, and with its settings in the folder that is removed with it.
            env={**os.environ, "SAL_USE_VCLPLUGIN": "svp", "HOME": self._folder.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ready = False
        self.conversions = 0

    def convert(self, content: bytes, seconds: float) -> bytes:
        """The PDF of a .docx; OfficeError."""
        source, target = (Path(self._folder.name) / name for name in (SOURCE, TARGET))
        if not self._ready:
            self._expect(READY, START_SECONDS)
            self._ready = True
        try:
            source.write_bytes(content)
            os.write(self._process.stdin.fileno(), b"\n")  # type: ignore[union-attr]
            self._expect(DONE, seconds)
            self.conversions += 1
            return target.read_bytes()
        except OSError as error:
            self.kill()
            raise OfficeError("died") from error
        finally:
            source.unlink(missing_ok=True)
            target.unlink(missing_ok=True)

    def kill(self) -> None:
        """Ends the process and everything that it started, and removes its files."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._folder.cleanup()

    def _expect(self, word: str, seconds: float) -> None:
        """Waits for a word of the process; OfficeError, and it is killed, if another or none comes."""
        said = self._said(time.monotonic() + seconds)
        if said != word:
            self.kill()
            raise OfficeError(said or "late or dead")

    def _said(self, deadline: float) -> str:
        descriptor, said = self._process.stdout.fileno(), b""  # type: ignore[union-attr]
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while not said.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return ""
                piece = os.read(descriptor, 64)
                if not piece:
                    return ""
                said += piece
        return said.decode().strip()


class Pool:
    """A fixed number of LibreOffice; those who wait for one are refused when their time would run out."""

    def __init__(self, library: Path, size: int, restart_after: int, job_seconds: float) -> None:
        self._library = library
        self._restart_after = restart_after
        self._job_seconds = job_seconds
        self._idle: queue.Queue[Office] = queue.Queue()
        _sweep()
        for _ in range(size):
            self._add()

    def convert(self, content: bytes, seconds: float) -> bytes:
        """The PDF of a .docx within some seconds; Unavailable or FailedPrecondition."""
        deadline = time.monotonic() + seconds
        try:
            office = self._idle.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise Unavailable(
                "PDF_BUSY", "Le convertisseur PDF est occupé ; réessayez dans un instant."
            ) from None
        try:
            converted = office.convert(content, min(self._job_seconds, deadline - time.monotonic()))
        except OfficeError as error:
            log.warning("conversion_failed", cause=str(error), bytes=len(content))
            self._add()
            raise FailedPrecondition(
                "PDF_FAILED", "LibreOffice n’a pas pu convertir ce document, ou pas à temps."
            ) from None
        if office.conversions >= self._restart_after:
            office.kill()
            self._add()
        else:
            self._idle.put(office)
        return converted

    def _add(self) -> None:
        """Adds a LibreOffice."""
        self._idle.put(Office(self._library))


def _sweep() -> None:
    """Removes the folders of workers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
