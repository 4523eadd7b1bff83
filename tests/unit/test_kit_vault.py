"""The file of the master key: made whole for its owner alone, refused in one sentence if it is not sound."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from services.kit.errors import StartupError
from services.kit.store import vault


def test_a_new_key_is_read_again_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "master.key"
    vault.create(path)
    assert vault.load(path).fingerprint() == vault.load(path).fingerprint()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("size", [0, vault.KEY_BYTES - 1, vault.KEY_BYTES + 1])
def test_a_key_of_another_length_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(base64.b64encode(bytes(size)))
    with pytest.raises(StartupError, match="bonne longueur"):
        vault.load(path)


def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text("secret&")
    with pytest.raises(StartupError, match="ne peut pas être lue") as refused:
        vault.load(path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o640, False), (0o604, True)])
def test_a_key_that_anyone_reads_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, exposed: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr(vault.log, "warning", lambda event, **_: said.append(event), raising=False)
    path = tmp_path / "master.key"
    vault.create(path)
    path.chmod(mode)
    vault.warn_if_exposed(path)
    assert said == (["master_key_exposed"] if exposed else [])


def test_a_secret_is_read_in_its_place_alone() -> None:
    key = vault.new_key()
    sealed = vault.encrypted(key, b"texte", "a")
    assert vault.decrypted(key, sealed, "a") == b"texte"
    for other, place in ((key, "b"), (vault.new_key(), "a")):
        with pytest.raises(vault.UnreadableError):
            vault.decrypted(other, sealed, place)
