"""Work on what a stranger sent, in a child process with limits: crashes and endless loops cost it alone."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from math import ceil

_OUT_OF_MEMORY = 3


class Stopped(Enum):
    """Why a child gave no answer."""

    TIME = "TIME"
    MEMORY = "MEMORY"
    CRASH = "CRASH"


class StoppedError(Exception):
    """The child gave no answer."""

    def __init__(self, reason: Stopped) -> None:
        super().__init__(reason.value)
        self.reason = reason


def ask(module: str, question: bytes, *, seconds: float, memory: int) -> bytes:
    """What `module`, run as a program that calls `answer`, makes of a question; raises StoppedError.

    `memory` is the address space in bytes; processor time is bounded by `seconds` too.
    """
    try:
        child = subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", module, str(ceil(seconds)), str(memory)],
            input=question,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StoppedError(Stopped.TIME) from None
    except OSError:
        raise StoppedError(Stopped.CRASH) from None
    if child.returncode == _OUT_OF_MEMORY:
        raise StoppedError(Stopped.MEMORY)
    if child.returncode == -signal.SIGXCPU:
        raise StoppedError(Stopped.TIME)
    if child.returncode != 0:
        raise StoppedError(Stopped.CRASH)
    return child.stdout


def answer(reply_to: Callable[[bytes], bytes]) -> int:
    """The child: sets its limits, then writes what the function replies to the question."""
    seconds, memory = map(int, sys.argv[1:3])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        reply = reply_to(sys.stdin.buffer.read())
    except MemoryError:
        return _OUT_OF_MEMORY
    sys.stdout.buffer.write(reply)
    sys.stdout.flush()
    return 0


def _environment() -> dict[str, str]:
    """Nothing of the server's own settings; a fixed hash seed, for the same question has the same answer."""
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
