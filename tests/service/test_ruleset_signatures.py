"""A server with public keys: a stripped, swapped, replayed or older package changes nothing.

Every attack on a signature is a test of the store of releases; here are those that cross the whole server.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.kit.releases.archive import SIGNATURE_FILE
from services.kit.releases.signature import generate_key
from tests.ruleset_support import (
    SHIPPED,
    Rules,
    refusal,
    serving,
    signed,
    variant,
    with_ceiling,
    written,
)
from tests.support import Launch

KEY, PUBLIC_KEY = generate_key()
NEWER = with_ceiling(variant("2026.3"), 4000)


@pytest.fixture(scope="module")
def rules(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rules]:
    """A client of a server that accepts one key, and began with a package that it signed."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "keys").mkdir()
    (folder / "keys" / "auteur.pem").write_bytes(PUBLIC_KEY)
    package = written(folder / "package", signed(SHIPPED, KEY))
    arguments = ("--public-keys-directory", str(folder / "keys"), "--package-directory", str(package))
    with serving(launch, *arguments) as client:
        yield client


def test_only_what_the_key_signed_is_published(rules: Rules) -> None:
    good = signed(NEWER, KEY)
    stripped = {file: content for file, content in good.items() if file != SIGNATURE_FILE}
    other = signed(with_ceiling(variant("2026.3"), 5000), KEY)
    of_another = {**other, SIGNATURE_FILE: good[SIGNATURE_FILE]}
    before = rules.ruleset()
    for attack in (stripped, of_another):
        refused = refusal(rules.publish, attack)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "SIGNATURE_REFUSED")
    assert rules.ruleset() == before

    assert rules.publish(good).created
    after = rules.ruleset()
    assert not rules.publish(good).created
    assert rules.ruleset() == after

    older = refusal(rules.publish, signed(with_ceiling(variant("2026.2"), 3500), KEY))
    assert (older.code, older.reason) == ("FAILED_PRECONDITION", "VERSION_OLDER")
    assert rules.activate("2026.3").event.digest
    assert rules.assess(amount="3500.00").ruleset.version in ("2026.1", "2026.3")


def test_an_unsigned_first_package_stops_the_start(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "auteur.pem").write_bytes(PUBLIC_KEY)
    with pytest.raises(AssertionError, match="doit être signée"):
        launch("services.eligibility", "--public-keys-directory", str(tmp_path), "--workers", "1")
