"""Programs started by a fork of an interpreter that has already imported them: the imports cost a second.

`python -m tests.warm PROGRAM` imports a program (a module, or `module:function`), then obeys one line of
JSON for each start. What it starts dies with it, and it ends when its standard input closes: with the
tests, however these end.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import hashlib
import importlib
import importlib.util
import json
import os
import pickle
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG = 1

ANSWERS = "MICROCREDIT_TESTS_ANSWERS"
"""The folder where a run of the tests keeps the answers of child processes; without it, none is kept."""


class Program:
    """A started program, with the methods of `subprocess.Popen` that the tests use."""

    def __init__(self, parent: _Interpreter, order: Mapping[str, Any]) -> None:
        self._parent = parent
        self.pid = parent.ask(order)
        self.returncode: int | None = None
        self._handle = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, waited for."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._handle], [], [], timeout)[0]:
            self.returncode = self._parent.ask({"reap": self.pid})
            os.close(self._handle)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless the program has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Asks it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Stops it at once."""
        self.send_signal(signal.SIGKILL)


class _Interpreter:
    """The interpreter of a module, for the process that runs the tests."""

    def __init__(self, module: str) -> None:
        command = [sys.executable, "-m", "tests.warm", module]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lock = threading.Lock()
        atexit.register(self._close)

    def ask(self, order: Mapping[str, Any]) -> int:
        """Its answer to an order: the number of a process, or its exit code."""
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def _close(self) -> None:
        self._process.communicate()


@cache
def _interpreter(module: str) -> _Interpreter:
    return _Interpreter(module)


def start(
    module: str, *arguments: str, env: Mapping[str, str], out: Path, err: Path, cwd: Path = ROOT
) -> Program:
    """`python -m module arguments`, with the whole environment given and its output in files."""
    order = {
        "start": [module, *arguments],
        "env": dict(env),
        "cwd": str(cwd),
        "out": str(out),
        "err": str(err),
    }
    return Program(_interpreter(module), order)


def run(
    module: str, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """What `subprocess.run` gives for `python -m module arguments`; `env` is added to the environment."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        program = start(module, *arguments, env={**os.environ, **(env or {})}, out=out, err=err, cwd=cwd)
        code = program.wait(timeout)
        printed, said = (path.read_text(encoding="utf-8") for path in (out, err))
    return subprocess.CompletedProcess([module, *arguments], code, printed, said)


def _answer_once() -> None:
    """What a child process answered to a question is not asked again in the same run of the tests.

    Each server tries the shipped rules as it starts, and many tests publish the same package: the answer of
    a check depends on its question alone. Only answers are kept; a child that was stopped is asked again.
    """
    from services.kit import child

    def ask(module: str, question: child.Message, bounds: child.Bounds) -> child.Message:
        if ANSWERS not in os.environ:
            return asked(module, question, bounds)
        digest = hashlib.sha256(repr((module, question.data, bounds)).encode())
        for content in question.files:
            digest.update(len(content).to_bytes(8, "big") + content)
        path = Path(os.environ[ANSWERS]) / digest.hexdigest()
        if path.exists():
            return child.Message(*pickle.loads(path.read_bytes()))
        answer = asked(module, question, bounds)
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        draft.write_bytes(pickle.dumps((answer.data, list(answer.files))))
        draft.rename(path)
        return answer

    asked, child.ask = child.ask, ask


def _import(program: str) -> None:
    """Imports a program without running it; its last module remains to be run as `__main__`."""
    _answer_once()
    module, _, function = program.partition(":")
    spec = importlib.util.find_spec(module)
    package = bool(spec and spec.submodule_search_locations)
    name = f"{module}.__main__" if package and not function else module
    importlib.import_module(name)
    if not function:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def _obey() -> dict[str, Any] | None:
    """Obeys until the tests end; returns in each child, with what it must run."""
    for line in sys.stdin.buffer:
        order: dict[str, Any] = json.loads(line)
        if "reap" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["reap"], 0)[1])
        elif (answer := os.fork()) == 0:
            return order
        os.write(1, f"{answer}\n".encode())
    return None


def _become(order: Mapping[str, Any]) -> None:
    """Makes of this child the process that a shell would have started."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    for number, path in enumerate((os.devnull, order["out"], order["err"])):
        opened = os.open(path, flags if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - lives as long as the process
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    module, *arguments = order["start"]
    sys.argv = [module, *arguments]
    name, _, function = module.partition(":")
    if function:
        sys.exit(getattr(sys.modules[name], function)())
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # Ctrl-C reaches every process of the terminal: the tests then stop what they started themselves.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import(sys.argv[1])
    if (started := _obey()) is not None:
        _become(started)
