"""A child that behaves as it is told, well or badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

from services.kit.child import Message, answer


def _reply(question: Message) -> Message:
    match question.data:
        case "burn":
            while True:
                pass
        case "swell":
            kept = []
            while True:
                kept.append(bytearray(1 << 24))
        case "talk":
            return Message("x" * 100_000)
        case "babble":
            while True:
                os.write(1, b"x" * 65536)
        case "lie":
            os.write(1, b"neither a length nor a part")
            os._exit(0)
        case "close":
            os.close(1)
            signal.pause()
        case "abort":
            os.abort()
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "write":
            try:
                with tempfile.TemporaryFile() as file:
                    file.write(b"x")
            except OSError:
                return Message("refused")
        case "environment":
            return Message(dict(os.environ))
        case "parent":
            started = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            return Message(started.pid)
        case "niceness":
            return Message(os.nice(0))
        case "wait":
            signal.pause()
    return question


if __name__ == "__main__":
    sys.exit(answer(_reply))
