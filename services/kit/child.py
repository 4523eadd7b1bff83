"""Work on what a stranger sent, in a child process with bounds: crashes and endless loops cost it alone.

A question and its answer are data only: JSON, and files beside it. Neither side runs what the other sent.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import Any

from services.kit.errors import Unavailable
from services.kit.french import plural

_OUT_OF_MEMORY, _TOO_MUCH_OUTPUT = 3, 4
_PR_SET_PDEATHSIG = 1
_LENGTH_BYTES = 8
_READ_BYTES = 1 << 16
_MEBIBYTE = 1 << 20
_NICENESS = 5


class Stopped(Enum):
    """Why a child gave no answer."""

    PROCESSOR = "PROCESSOR"
    MEMORY = "MEMORY"
    OUTPUT = "OUTPUT"
    CRASH = "CRASH"
    TIME = "TIME"
    MACHINE = "MACHINE"


_REASONS = {
    _OUT_OF_MEMORY: Stopped.MEMORY,
    _TOO_MUCH_OUTPUT: Stopped.OUTPUT,
    -signal.SIGXCPU: Stopped.PROCESSOR,
    -signal.SIGKILL: Stopped.MACHINE,  # not by us: the kernel, short of memory
}


@dataclass(frozen=True)
class Bounds:
    """What a child may use: three bounds that do not depend on the load of the machine, and the time to wait.

    `memory` is its address space in bytes, `output` the bytes of its answer.
    """

    processor_seconds: int
    memory: int
    output: int
    wall_seconds: float


@dataclass(frozen=True)
class Message:
    """A question or an answer: JSON values, and the bytes of files."""

    data: Any
    files: Sequence[bytes] = ()


class StoppedError(Exception):
    """The child gave no answer."""

    def __init__(self, reason: Stopped, bounds: Bounds) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.bounds = bounds

    @property
    def is_transient(self) -> bool:
        """True when the machine lacked time or memory: this says nothing of the question."""
        return self.reason in (Stopped.TIME, Stopped.MACHINE)

    def raise_if_transient(self) -> None:
        """Unavailable when the machine lacked time or memory: the same question may be asked again."""
        if self.is_transient:
            raise Unavailable(
                "CHECK_INTERRUPTED",
                "Le contrôle n’a pas pu finir, faute de temps ou de mémoire sur cette machine : réessayez.",
            ) from None

    def bound(self) -> str:
        """The bound that was passed, in French; empty when none was."""
        bounds = self.bounds
        return {
            Stopped.PROCESSOR: f"{plural(bounds.processor_seconds, 'seconde')} de processeur",
            Stopped.MEMORY: f"{bounds.memory // _MEBIBYTE} Mio de mémoire",
            Stopped.OUTPUT: f"{bounds.output // 1024} Kio de réponse",
            Stopped.TIME: plural(round(bounds.wall_seconds), "seconde"),
        }.get(self.reason, "")


def ask(module: str, question: Message, bounds: Bounds) -> Message:
    """What `module`, run as a program that calls `answer`, makes of a question; raises StoppedError."""
    deadline = time.monotonic() + bounds.wall_seconds
    limits = map(str, (os.getpid(), bounds.processor_seconds, bounds.memory, bounds.output))
    try:
        # A file in memory, not a pipe: the child reads it when it likes, and nobody has to feed it meanwhile.
        with os.fdopen(os.memfd_create("question"), "wb") as asked:
            asked.writelines(_packed(question))
            asked.flush()
            asked.seek(0)
            child = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", module, *limits],
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
    except OSError:
        raise StoppedError(Stopped.MACHINE, bounds) from None
    try:
        written = _read(child, bounds.output, deadline)
    except TimeoutError:
        raise StoppedError(Stopped.TIME, bounds) from None
    except OverflowError:
        raise StoppedError(Stopped.OUTPUT, bounds) from None
    finally:
        _end(child)
    if child.returncode != 0:
        raise StoppedError(_REASONS.get(child.returncode, Stopped.CRASH), bounds)
    try:
        return _unpacked(written)
    except (ValueError, RecursionError):
        raise StoppedError(Stopped.CRASH, bounds) from None


def answer(reply_to: Callable[[Message], Message]) -> int:
    """The child: sets its limits, then writes what the function replies to the question; gives its status."""
    parent, processor_seconds, memory, output = map(int, sys.argv[1:5])
    _die_with(parent)
    os.nice(_NICENESS)  # who waits for an answer goes first, but a busy server must not starve a check
    # Past the first limit SIGXCPU tells why it ends; where both are equal the kernel says SIGKILL alone.
    _limit(resource.RLIMIT_CPU, processor_seconds, processor_seconds + 1)
    _limit(resource.RLIMIT_AS, memory, memory)
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_FSIZE, 0, 0)
    try:
        reply = b"".join(_packed(reply_to(_unpacked(sys.stdin.buffer.read()))))
    except MemoryError:
        return _OUT_OF_MEMORY
    if len(reply) > output:
        return _TOO_MUCH_OUTPUT
    sys.stdout.buffer.write(reply)
    sys.stdout.flush()
    return 0


def _read(child: subprocess.Popen[bytes], most: int, deadline: float) -> bytes:
    """All that a child writes before it ends; TimeoutError past the deadline, OverflowError past `most`."""
    written = bytearray()
    pipe, ended = child.stdout, os.pidfd_open(child.pid)
    with closing(selectors.DefaultSelector()) as selector, os.fdopen(ended):
        selector.register(pipe, selectors.EVENT_READ)  # type: ignore[arg-type]
        selector.register(ended, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select(max(0, deadline - time.monotonic()))]
            if not ready:
                raise TimeoutError
            if pipe not in ready:  # the child ended, and nothing that it wrote is left to read
                return bytes(written)
            read = os.read(pipe.fileno(), _READ_BYTES)
            written += read
            if len(written) > most:
                raise OverflowError
            if not read:
                selector.unregister(pipe)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Nothing of the child outlives the question, what it started included.

    Its group goes before the child is buried: afterwards its number could be that of another process.
    """
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout:
        child.stdout.close()


def _die_with(parent: int) -> None:
    """A server that is killed leaves no child at work."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _limit(kind: int, soft: int, hard: int) -> None:
    """Sets a limit, never above that of the process that asked: only root may raise it."""
    highest = resource.getrlimit(kind)[1]
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.setrlimit(kind, (soft, hard))


def _packed(message: Message) -> Iterator[bytes]:
    """The JSON and each file after its length."""
    for part in (json.dumps(message.data).encode(), *message.files):
        yield len(part).to_bytes(_LENGTH_BYTES, "big")
        yield part


def _unpacked(packed: bytes) -> Message:
    """What was packed; ValueError for anything else."""
    parts: list[bytes] = []
    offset = 0
    while offset < len(packed):
        start = offset + _LENGTH_BYTES
        offset = start + int.from_bytes(packed[offset:start], "big")
        if offset > len(packed):
            raise ValueError("cut message")
        parts.append(packed[start:offset])
    if not parts:
        raise ValueError("empty message")
    return Message(json.loads(parts[0]), parts[1:])


def _environment() -> dict[str, str]:
    """Nothing of the server's own settings; a fixed hash seed, for the same question has the same answer."""
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
