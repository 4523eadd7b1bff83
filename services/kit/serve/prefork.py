"""A master that forks workers, restarts those that die and stops them all; it knows nothing of gRPC."""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import structlog

from services.kit.errors import StartupError
from services.kit.serve.logs import exception_fields

RESTART_DELAYS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the restarts of a worker that keeps dying; the first is immediate."""

STABLE_SECONDS = 60.0
"""A worker that lived so long starts anew at the first delay."""

KILL_AFTER_SECONDS = 5.0
"""What a stopping worker gets beyond the time to drain, before it is killed."""

REPEAT_SECONDS = 0.5
"""Signals closer than this are one wish to stop: a terminal and a parent process may both pass it on."""

_PR_SET_PDEATHSIG = 1
_READY, _BEAT, _REFUSED = "ready", "beat", "refused: "
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

BEAT_SECONDS = 2.0
"""A worker says that often that it answers; one that has missed three beats is replaced."""

SILENCE_SECONDS = 3 * BEAT_SECONDS + 0.5

STARVED_SILENCE_SECONDS = 30.0
"""The same for a worker that waits for a processor: another in its place would wait as long."""

_LATE_SECONDS = 1.5 * BEAT_SECONDS
"""From here on it is read how long a silent worker waits for a processor: a file for each of its threads."""

_STARVED_SECONDS = 1.0

_LOOK_SECONDS = 1.0

log = structlog.get_logger()


class Pulse:
    """What a worker tells its master: that it serves, that it still answers, or why it cannot start."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def ready(self) -> None:
        """The worker serves."""
        self._say(_READY)

    def beat(self) -> None:
        """The worker has just answered a call."""
        self._say(_BEAT)

    def refuse(self, sentence: str) -> None:
        """The worker cannot start; a French sentence says why."""
        self._say(f"{_REFUSED}{sentence}")

    def _say(self, word: str) -> None:
        os.write(self._pipe, f"{word}\n".encode())


Serve = Callable[[int, Pulse], None]
"""The body of a worker: its index, and how it speaks to its master; returns once stopped."""


@dataclass
class _Slot:
    """One worker, and what is known of the ones that held its place before."""

    index: int
    pid: int = 0
    pipe: int = -1
    words: str = ""
    ready: bool = False
    beat_at: float = 0.0
    waited: float | None = None
    deaths: int = 0
    started: float = 0.0
    restart_at: float = 0.0


class Supervisor:
    """Runs `count` workers until SIGTERM or SIGINT; a second signal kills them."""

    def __init__(self, count: int, serve: Serve, on_ready: Callable[[], None], drain_seconds: float) -> None:
        self._slots = [_Slot(index) for index in range(count)]
        self._serve = serve
        self._on_ready = on_ready
        self._drain_seconds = drain_seconds
        self._announced = False
        self._stopping = False
        self._repeat_at = float("inf")
        self._kill_at = float("inf")
        self._prctl = ctypes.CDLL(None).prctl
        self._master = os.getpid()

    def run(self) -> int:
        """Returns the exit code: 0, or 1 if workers had to be killed; StartupError if one cannot start."""
        if threading.active_count() > 1:
            raise RuntimeError("a thread is alive before the fork")
        self._signals, wakeup = socket.socketpair()
        self._signals.setblocking(False)
        wakeup.setblocking(False)
        with self._signals, wakeup:
            before = {number: signal.signal(number, lambda *_: None) for number in _HANDLED}
            previous = signal.set_wakeup_fd(wakeup.fileno())
            try:
                return self._loop()
            finally:
                self._kill()
                signal.set_wakeup_fd(previous)
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _loop(self) -> int:
        forced = False
        looked = time.monotonic()
        while not self._stopping or any(slot.pid for slot in self._slots):
            now = time.monotonic()
            if now >= self._kill_at:
                forced = True
                self._kill()
                continue
            for slot in self._slots:
                if not slot.pid and not self._stopping and now >= slot.restart_at:
                    self._fork(slot)
            self._wait(now)
            self._reap()
            looked = self._replace_silent(looked)
            if not self._announced and all(slot.ready for slot in self._slots):
                self._announced = True
                self._on_ready()
        return int(forced)

    def _wait(self, now: float) -> None:
        """Sleeps until a signal, a word from a worker or the next thing to do."""
        waits = [slot.restart_at for slot in self._slots if not slot.pid and not self._stopping]
        timeout = min([*waits, self._kill_at, now + _LOOK_SECONDS]) - now
        with selectors.DefaultSelector() as selector:
            selector.register(self._signals, selectors.EVENT_READ)
            for slot in self._slots:
                if slot.pipe >= 0:
                    selector.register(slot.pipe, selectors.EVENT_READ, slot)
            for key, _ in selector.select(max(0.0, timeout)):
                if key.data is None:
                    self._read_signals()
                else:
                    self._read_words(key.data)

    def _read_signals(self) -> None:
        if not {signal.SIGTERM, signal.SIGINT} & set(self._signals.recv(4096)):
            return
        now = time.monotonic()
        if self._stopping:
            self._kill_at = now if now >= self._repeat_at else self._kill_at
            return
        log.info("stopping")
        self._stopping = True
        self._repeat_at = now + REPEAT_SECONDS
        self._kill_at = now + self._drain_seconds + KILL_AFTER_SECONDS
        for slot in self._slots:
            if slot.pid:
                os.kill(slot.pid, signal.SIGTERM)

    def _read_words(self, slot: _Slot) -> None:
        """Reads what a worker says: one word a line, or a sentence up to the end of the pipe."""
        said = os.read(slot.pipe, 65536).decode()
        slot.words += said
        if not said:
            os.close(slot.pipe)
            slot.pipe = -1
            self._hear_refusal(slot)
        elif not slot.words.startswith(_REFUSED):
            *words, slot.words = slot.words.split("\n")
            slot.ready = slot.ready or _READY in words
            slot.beat_at, slot.waited = time.monotonic(), None

    def _hear_refusal(self, slot: _Slot) -> None:
        sentence, slot.words = slot.words.removeprefix(_REFUSED).strip(), ""
        if sentence:
            if not self._announced:
                raise StartupError(sentence)
            log.error("worker_cannot_start", worker=slot.index, sentence=sentence)

    def _replace_silent(self, looked: float) -> float:
        """Kills the workers that say nothing any more: they hold their share of the port and serve no one."""
        now = time.monotonic()
        late = now - looked > _LOOK_SECONDS + BEAT_SECONDS  # stopped ourselves, we heard no one meanwhile
        for slot in self._slots:
            if late:
                slot.beat_at, slot.waited = now, None
            silence = now - slot.beat_at
            if not (slot.pid and slot.ready) or self._stopping or silence < _LATE_SECONDS:
                continue
            if slot.waited is None:
                slot.waited = _waited(slot.pid)
            if silence > SILENCE_SECONDS and silence > _patience(slot.pid, slot.waited):
                log.error("worker_silent", worker=slot.index, pid=slot.pid, seconds=round(silence, 1))
                os.kill(slot.pid, signal.SIGKILL)
                slot.beat_at, slot.waited = now, None
        return now

    def _reap(self) -> None:
        for slot in self._slots:
            if slot.pid and os.waitpid(slot.pid, os.WNOHANG)[0]:
                self._bury(slot)

    def _bury(self, slot: _Slot) -> None:
        """Forgets a dead worker and says when its place is taken again."""
        pid, slot.pid = slot.pid, 0
        while slot.pipe >= 0:
            self._read_words(slot)
        slot.ready = False
        if self._stopping:
            return
        if not self._announced:
            raise StartupError(
                "Un processus du serveur s’est arrêté pendant son démarrage ; voyez le journal."
            )
        now = time.monotonic()
        slot.deaths = 0 if now - slot.started > STABLE_SECONDS else slot.deaths
        delay = RESTART_DELAYS[min(slot.deaths, len(RESTART_DELAYS) - 1)]
        slot.deaths += 1
        slot.restart_at = now + delay
        log.error("worker_died", worker=slot.index, pid=pid, restart_in_seconds=delay)

    def _kill(self) -> None:
        for slot in self._slots:
            if slot.pid:
                os.kill(slot.pid, signal.SIGKILL)
                os.waitpid(slot.pid, 0)
                slot.pid = 0

    def _fork(self, slot: _Slot) -> None:
        reader, writer = os.pipe()
        slot.started = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)  # else the child would answer in the master's name
        slot.pid = os.fork()
        if slot.pid == 0:
            self._work(slot.index, writer)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        os.close(writer)
        slot.pipe = reader

    def _work(self, index: int, pipe: int) -> NoReturn:
        """The life of a worker, which never returns into the code of the master."""
        code, pulse = 1, Pulse(pipe)
        try:
            self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self._master:
                os._exit(1)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            self._serve(index, pulse)
            code = 0
        except StartupError as error:
            pulse.refuse(str(error))
        except BaseException as error:
            log.error("exception", **exception_fields(error))
        finally:
            os._exit(code)


def _patience(pid: int, waited: float) -> float:
    """How long a worker may be silent: long if it has been kept from the processors since it is late."""
    return STARVED_SILENCE_SECONDS if _waited(pid) - waited > _STARVED_SECONDS else SILENCE_SECONDS


def _waited(pid: int) -> float:
    """Seconds that the threads of a process have waited for a processor (second figure of schedstat)."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):  # a thread may end meanwhile
            total += int(path.read_text().split()[1])
    return total / 1e9
