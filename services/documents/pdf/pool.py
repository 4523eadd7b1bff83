"""LibreOffice processes held ready: each converts one file at a time, and is replaced now and then."""

from __future__ import annotations

import fcntl
import os
import queue
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

from services.documents.pdf.office import DONE, FAILED, LENGTH_BYTES, READY, READY_PRIVATE
from services.kit.context import ClientGoneError, check_awaited
from services.kit.errors import FailedPrecondition, Unavailable

START_SECONDS = 60.0

MEMORY = Path("/dev/shm")  # noqa: S108 - the memory file system, where what is written is on no disk
MEMORY_BYTES = 1024**3
"""What must be free in the memory file system for a worker to use it: a container often gives 64 MiB."""

_LOOK_SECONDS = 0.5
"""How often the processor time of a conversion is read."""

_PREFIX = "microcredit-pdf-"
_ROOT = Path(__file__).resolve().parents[3]
_PIPE_BYTES = 65536

log = structlog.get_logger()


def default_folder() -> Path:
    """Where files under conversion are by default: in memory where there is room, else in the temporary
    folder of the system."""
    with suppress(OSError):
        if os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES:
            return MEMORY
    return Path(tempfile.gettempdir())


class OfficeError(Exception):
    """A LibreOffice gave no PDF, and its process is no more; `of_document` says that the document is the
    cause, not a machine that lacked time or memory."""

    def __init__(self, cause: str, *, of_document: bool) -> None:
        super().__init__(cause)
        self.of_document = of_document


class ProcessorError(Exception):
    """A conversion took more of the processor than it may."""


class Office:
    """One LibreOffice process, which starts as soon as it is made.

    It dies with the thread that makes it (PR_SET_PDEATHSIG): the main one, or one of the server's.
    """

    def __init__(self, library: Path, place: Path, processor_seconds: float) -> None:
        self._processor_seconds = processor_seconds
        self._spent_before = 0.0
        self._folder, self._held = _held_folder(place)
        folder = str(self._folder)
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", f"{__package__}.office", str(library), folder],
            cwd=_ROOT,
            # Without a screen; its settings and temporary files in the folder that is removed with it.
            env={**os.environ, "SAL_USE_VCLPLUGIN": "svp", "HOME": folder, "TMPDIR": folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._input, self._output = (
            pipe.fileno() for pipe in (self._process.stdin, self._process.stdout) if pipe is not None
        )
        os.set_blocking(self._input, False)
        self._ready = False
        self.conversions = 0

    def convert(self, content: bytes, seconds: float) -> bytes:
        """The PDF of a .docx; OfficeError."""
        try:
            if not self._ready:
                self._start()
            deadline = time.monotonic() + seconds
            self._spent_before = self._spent()
            self._send(len(content).to_bytes(LENGTH_BYTES, "big") + content, deadline)
            mark, converted = self._answer(deadline)
        except (OSError, EOFError, TimeoutError, ProcessorError) as error:
            died = self._process.poll()
            self.kill()
            # Late without its share of the processor, killed by a kernel short of memory, not even started:
            # the same document may be asked again.
            by_machine = isinstance(error, TimeoutError) or died == -signal.SIGKILL or not self._ready
            raise OfficeError(type(error).__name__, of_document=not by_machine) from error
        if mark != DONE:
            self.kill()
            raise OfficeError("refused" if mark == FAILED else "disorder", of_document=True)
        self.conversions += 1
        return converted

    def kill(self) -> None:
        """Ends the process and everything that it started, and removes its files; harmless once done."""
        if self._held < 0:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._held)
        self._held = -1

    def _spent(self) -> float:
        """The processor time of the process since it started, in seconds; EOFError once it is gone."""
        try:
            ticks = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        except FileNotFoundError:
            raise EOFError from None
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def _start(self) -> None:
        mark, _ = self._answer(time.monotonic() + START_SECONDS)
        if mark not in (READY, READY_PRIVATE):
            raise EOFError
        if mark == READY and not self._folder.is_relative_to(MEMORY):
            log.warning("pdf_folder_on_disk", folder=str(self._folder.parent))
        self._ready = True

    def _send(self, content: bytes, deadline: float) -> None:
        """Writes to the process; OSError once it is dead, TimeoutError once it is late."""
        left = memoryview(content)
        with selectors.DefaultSelector() as selector:
            selector.register(self._input, selectors.EVENT_WRITE)
            while left:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                left = left[os.write(self._input, left[:_PIPE_BYTES]) :]

    def _answer(self, deadline: float) -> tuple[bytes, bytes]:
        """The mark and the content of an answer; EOFError from the dead, TimeoutError from the late."""
        head = self._read(1 + LENGTH_BYTES, deadline)
        return head[:1], self._read(int.from_bytes(head[1:], "big"), deadline)

    def _read(self, count: int, deadline: float) -> bytes:
        read = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while len(read) < count:
                if not selector.select(min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
                    if self._ready and self._spent() - self._spent_before > self._processor_seconds:
                        raise ProcessorError
                    if time.monotonic() >= deadline:
                        raise TimeoutError
                    continue
                piece = os.read(self._output, min(_PIPE_BYTES, count - len(read)))
                if not piece:
                    raise EOFError
                read += piece
        return bytes(read)


class Pool:
    """A fixed number of LibreOffice; those who wait for one are refused when their time would run out."""

    def __init__(
        self,
        library: Path,
        size: int,
        restart_after: int,
        job_seconds: float,
        processor_seconds: float,
        place: Path,
    ) -> None:
        self._library = library
        self._processor_seconds = processor_seconds
        self._place = place
        self._restart_after = restart_after
        self._job_seconds = job_seconds
        self._idle: queue.Queue[Office] = queue.Queue()
        self._all: set[Office] = set()
        self._changing = threading.Lock()
        _sweep(place)
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
            check_awaited()
            converted = office.convert(content, min(self._job_seconds, deadline - time.monotonic()))
        except ClientGoneError:
            self._idle.put(office)
            raise
        except OfficeError as error:
            log.warning("conversion_failed", cause=str(error), bytes=len(content))
            self._replace(office)
            if error.of_document:
                raise FailedPrecondition(
                    "PDF_FAILED",
                    "LibreOffice n’a pas pu convertir ce document, ou y a passé trop de temps de processeur.",
                ) from None
            raise Unavailable(
                "PDF_BUSY",
                "Le convertisseur PDF n’a pas pu finir, faute de temps ou de mémoire sur sa machine ; "
                "réessayez dans un instant.",
            ) from None
        if office.conversions >= self._restart_after:
            office.kill()
            self._replace(office)
        else:
            self._idle.put(office)
        return converted

    def close(self) -> None:
        """Ends every LibreOffice, and removes its files."""
        with self._changing:
            for office in self._all:
                office.kill()
            self._all.clear()

    def _replace(self, office: Office) -> None:
        with self._changing:
            self._all.discard(office)
        self._add()

    def _add(self) -> None:
        """Adds a LibreOffice."""
        office = Office(self._library, self._place, self._processor_seconds)
        with self._changing:
            self._all.add(office)
        self._idle.put(office)


def _held_folder(place: Path) -> tuple[Path, int]:
    """A new folder, and what holds it as long as this process lives: one that nobody holds is left over."""
    made = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}", dir=place))
    held = os.open(made, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    # Under its name once it is held: another worker that starts meanwhile would take it for left over.
    return made.rename(made.with_name(made.name.removeprefix("new-"))), held


def _sweep(place: Path) -> None:
    """Removes the folders of workers that were killed: nobody holds them any more."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)
