"""The child process that works on what strangers sent: data only, and bounds told apart."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from services.kit.child import Bounds, Message, Stopped, StoppedError, ask

_BOUNDS = Bounds(processor_seconds=30, memory=256 * 1024**2, output=1024**2, wall_seconds=600)
_PROBE = "tests.child_probe"


def _stopped(question: str, **bounds: float) -> StoppedError:
    with pytest.raises(StoppedError) as caught:
        ask(_PROBE, Message(question), replace(_BOUNDS, **bounds))  # type: ignore[arg-type]
    return caught.value


def test_data_and_files_cross_whole() -> None:
    question = Message({"é": [1, None, True, "\ud800", {"b": ""}]}, [b"", bytes(range(256)), b"x" * 100_000])
    reply = ask(_PROBE, question, _BOUNDS)
    assert reply.data == question.data
    assert list(reply.files) == list(question.files)


@pytest.mark.parametrize(
    ("question", "bounds", "reason", "bound"),
    [
        ("burn", {"processor_seconds": 1}, Stopped.PROCESSOR, "1\u00a0seconde de processeur"),
        ("swell", {}, Stopped.MEMORY, "256 Mio de mémoire"),
        ("talk", {"output": 4096}, Stopped.OUTPUT, "4 Kio de réponse"),
        ("babble", {"output": 4096}, Stopped.OUTPUT, "4 Kio de réponse"),
        ("abort", {}, Stopped.CRASH, ""),
        ("lie", {}, Stopped.CRASH, ""),
    ],
)
def test_what_the_question_is_guilty_of_is_told_by_its_bound(
    question: str, bounds: dict[str, float], reason: Stopped, bound: str
) -> None:
    error = _stopped(question, **bounds)
    assert (error.reason, error.bound(), error.is_transient) == (reason, bound, False)


@pytest.mark.parametrize(
    ("question", "bounds", "reason"),
    [
        ("wait", {"wall_seconds": 0.5}, Stopped.TIME),
        ("close", {"wall_seconds": 0.5}, Stopped.TIME),
        ("wait", {"wall_seconds": 0.0}, Stopped.TIME),
        ("killed", {}, Stopped.MACHINE),
    ],
)
def test_what_the_machine_lacked_says_nothing_of_the_question(
    question: str, bounds: dict[str, float], reason: Stopped
) -> None:
    error = _stopped(question, **bounds)
    assert (error.reason, error.is_transient) == (reason, True)


def test_an_answer_at_the_bound_passes_and_one_byte_more_does_not() -> None:
    length = 8 + len('"x"') + 8 + 1000
    question = Message("x", [b"x" * 1000])
    assert ask(_PROBE, question, replace(_BOUNDS, output=length)).files == [b"x" * 1000]
    with pytest.raises(StoppedError, match="OUTPUT"):
        ask(_PROBE, question, replace(_BOUNDS, output=length - 1))


def test_the_child_writes_no_file_and_sees_nothing_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_KEY_FILE", "/secret")
    assert ask(_PROBE, Message("write"), _BOUNDS).data == "refused"
    assert not {"MASTER_KEY_FILE", "HOME"} & set(ask(_PROBE, Message("environment"), _BOUNDS).data)


def test_what_the_child_started_ends_with_it() -> None:
    _until_dead(ask(_PROBE, Message("parent"), _BOUNDS).data)


def test_a_child_dies_with_the_process_that_asked() -> None:
    asking = (
        "from services.kit.child import *\n"
        f"print(flush=True); ask({_PROBE!r}, Message('wait'), Bounds(30, 1 << 28, 1024, 600))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        while not (found := children.read_text().split()):
            pass
        child = int(found[0])
        while b"child_probe" not in Path(f"/proc/{child}/cmdline").read_bytes():
            pass
        parent.kill()
    _until_dead(child)


def _until_dead(process: int) -> None:
    """Waits for the kernel to end a process; the time limit of the test tells one that lives on."""
    with suppress(FileNotFoundError, ProcessLookupError):
        while Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass


def test_a_child_goes_after_who_waits_for_an_answer_and_is_not_starved() -> None:
    own = os.nice(0)
    assert min(own + 1, 19) <= ask(_PROBE, Message("niceness"), _BOUNDS).data <= own + 5
