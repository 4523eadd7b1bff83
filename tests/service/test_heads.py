"""The heads of chains are anchored by themselves, apart; a store that is behind them does not start."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.kit.store.heads import HeadError, read_signed
from tests import warm
from tests.bank_registry_support import agreement, bank, import_banks
from tests.support import Launch, registry_keys, wait_until

SERVICE = "services.bank_registry"


def lines(path: Path) -> list[str]:
    """The whole lines of the anchored heads."""
    return path.read_text().splitlines() if path.exists() else []


def test_a_store_put_back_or_rewritten_does_not_start_until_someone_answers_for_it(
    launch: Launch, tmp_path: Path
) -> None:
    database = tmp_path / "registry.sqlite3"
    url = f"sqlite:///{database}"
    env = {"BANK_REGISTRY_DATABASE_URL": url, "BANK_REGISTRY_HEADS_SECONDS": "0.1", **registry_keys(url)}
    heads = Path(env["BANK_REGISTRY_HEADS_FILE"])
    import_banks(url, tmp_path, bank("a", 1, agreement()))
    server = launch(SERVICE, "--workers", "2", env=env)
    first = read_signed(lines(heads)[-1])
    assert first.heads["audit chain"].sequence == 2
    with closing(sqlite3.connect(database)) as file:
        file.execute("VACUUM INTO ?", [str(tmp_path / "backup")])
    import_banks(url, tmp_path, bank("a", 1, agreement()), bank("b", 2, agreement()))
    wait_until(lambda: read_signed(lines(heads)[-1]).heads["audit chain"].sequence == 4)
    assert heads.stat().st_mode & 0o777 == 0o600
    assert server.stop() == 0
    (anchored,) = [line for line in server.log.read_text().splitlines() if "head_anchored" in line][-1:]
    assert json.loads(anchored)["heads"]["audit chain"][0] == 4

    for path in tmp_path.glob("registry.sqlite3-[sw]*"):
        path.unlink()
    shutil.copy(tmp_path / "backup", database)
    last = read_signed(lines(heads)[-1])
    refused = warm.run(SERVICE, "--port", "0", env=env)
    assert refused.returncode == 1
    assert last.id in refused.stderr
    wrong = warm.run(SERVICE, "acknowledge-head", first.id, "--by", "Camille", env=env)
    assert wrong.returncode == 1
    done = warm.run(SERVICE, "acknowledge-head", last.id, "--by", "Camille", env=env)
    assert (done.returncode, done.stdout.startswith("Camille répond")) == (0, True), done.stderr
    kept = read_signed(lines(heads)[-1])
    assert kept.acknowledged == {"by": "Camille", "lost": last.id}
    launch(SERVICE, "--workers", "1", env=env).stop()

    published = warm.run(SERVICE, "publish-head", "--by", "Camille", env=env).stdout.strip()
    key = json.loads(published)["public_key"]
    assert read_signed(published, key).heads["audit chain"].sequence == 2
    for forged in (published.replace("[2,", "[3,"), published.replace("base", "vase")):
        with pytest.raises(HeadError):
            read_signed(forged, key)
