"""The file of the master key: made whole for its owner alone, refused in one sentence if it is not sound."""

from __future__ import annotations

import base64
import os
import stat
from contextlib import nullcontext
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


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o440, False), (0o604, True), (0o660, True)])
def test_a_key_that_others_read_or_change_is_refused(tmp_path: Path, mode: int, refused: bool) -> None:
    path = tmp_path / "master.key"
    vault.create(path)
    path.chmod(mode)
    with pytest.raises(StartupError, match="D’autres comptes") if refused else nullcontext():
        vault.load(path)


def test_the_folder_of_a_key_is_its_owner_s_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        vault.create(tmp_path / "keys" / "master.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_key_of_yesterday_beside_the_databases_is_to_be_moved(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    vault.create(tmp_path / "var" / "eligibility-master.key")
    for made in (vault.create, vault.load):
        with pytest.raises(StartupError, match=r"mv .*/var/eligibility-master.key .*/keys/elig"):
            made(tmp_path / "keys" / "eligibility-master.key")
    assert not (tmp_path / "keys").exists()


def test_a_systemd_credential_is_the_key_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert vault.place("eligibility") == Path("keys/eligibility-master.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert vault.place("eligibility") == Path("keys/eligibility-master.key")
    vault.create(tmp_path / "eligibility-master.key")
    assert vault.place("eligibility") == tmp_path / "eligibility-master.key"


def test_a_secret_is_read_in_its_place_alone() -> None:
    key = vault.new_key()
    sealed = vault.encrypted(key, b"texte", "a")
    assert vault.decrypted(key, sealed, "a") == b"texte"
    for other, place in ((key, "b"), (vault.new_key(), "a")):
        with pytest.raises(vault.UnreadableError):
            vault.decrypted(other, sealed, place)
