"""Ten thousand lenders: import, start and verification of the registry, in seconds of processor.

Beside them, what the machine itself takes: a plain loop that writes the same rows in a file of SQLite, and
one that reads them, without checks, chain or triggers. The ratios compare; the seconds belong to the machine.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from services.bank_registry.__main__ import main as command
from services.bank_registry.registry import Geography
from services.bank_registry.store import RegistryStore
from services.bank_registry.store.auditing import altered
from services.kit import context
from services.kit.store import Database
from tests.bank_registry_support import agreement, bank, opened_store, write_file
from tests.support import registry_keys

LENDERS = 10_000
T = TypeVar("T")
Rows = dict[str, list[tuple[Any, ...]]]


def measured(work: Callable[[], T]) -> tuple[float, T]:
    """The seconds of processor of this process that some work takes, and what it gives."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def write_lenders(path: Path) -> Path:
    """A file of lenders of one agreement each."""
    terms = {"envelope": "50000.00", "amount_max": "3000.00", "months_max": 36}
    lenders = (
        bank(f"preteur-{number}", number, agreement(id="fcs", reference=f"FCS-{number}", **terms))
        for number in range(LENDERS)
    )
    return write_file(path, lenders)


def start(url: str) -> RegistryStore:
    """What a worker reads before it answers."""
    Geography.load()
    store = opened_store(url, Database(url))
    store.registry()
    return store


def verify(store: RegistryStore) -> None:
    """The chain, then every row of every table against it."""
    with store.read(any_text=True) as connection:
        assert not store.audit.verify(connection).broken_sequence
        assert not altered(connection)


def rows_of(file: Path) -> Rows:
    """Every row of every table, in a plain loop."""
    with sqlite3.connect(file) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}


def write_rows(file: Path, rows: Rows) -> None:
    """The same rows in a file of their own, one statement each, in one transaction."""
    with sqlite3.connect(file) as connection:
        for name, found in rows.items():
            columns = ", ".join(f"c{index}" for index in range(len(found[0]))) if found else ""
            if columns:
                connection.execute(f'CREATE TABLE "{name}" ({columns})')
            for row in found:
                connection.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(row))})', row)


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store_file = folder / "registry.sqlite3"
        url = f"sqlite:///{store_file}"
        os.environ.update({"BANK_REGISTRY_DATABASE_URL": url, **registry_keys(url)})
        context.enter(context.Call(request_id="", deadline=float("inf"), actor="bench"))
        file = write_lenders(folder / "lenders.json")
        imported, code = measured(lambda: command(["import", str(file), "--init"]))
        assert code == 0
        started, store = measured(lambda: start(url))
        verified, _ = measured(lambda: verify(store))
        read, rows = measured(lambda: rows_of(store_file))
        written, _ = measured(lambda: write_rows(folder / "plain.sqlite3", rows))
    count = sum(map(len, rows.values()))
    sys.stdout.write(f"Registre de {LENDERS} prêteurs, {count} lignes, en secondes de processeur\n")
    for title, seconds, plain in (
        ("import", imported, written),
        ("démarrage", started, read),
        ("vérification", verified, read),
    ):
        sys.stdout.write(f"{title:<32} {seconds:>6.2f} s   boucle SQLite nue {plain:>5.2f} s\n")


if __name__ == "__main__":
    main()
