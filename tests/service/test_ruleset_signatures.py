"""A server with public keys: a stripped, swapped, replayed or older package changes nothing; keys come, go.

Every attack on a signature is a test of the store of releases; here are those that cross the whole server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from microcredit.eligibility.v1 import decision_service_pb2 as decisions
from microcredit.eligibility.v1.ruleset_service_pb2 import (
    GetShadowRequest,
    StartShadowRequest,
    StopShadowRequest,
)
from services.eligibility.__main__ import main as server_command
from services.eligibility.cli import main as command
from services.kit.releases.archive import SIGNATURE_FILE
from services.kit.releases.signature import generate_key, key_id, read_public_key
from tests.eligibility_support import PACKAGE
from tests.ruleset_support import (
    TIMEOUT,
    Rules,
    refusal,
    serving,
    shared_store,
    signed,
    variant,
    version_name,
    with_ceiling,
)
from tests.support import Launch, throwaway_stores, wait_until

KEY, PUBLIC_KEY = generate_key()
OTHER, OTHER_PUBLIC = generate_key()
KEY_ID, OTHER_ID = key_id(read_public_key(PUBLIC_KEY)), key_id(read_public_key(OTHER_PUBLIC))
NEWER = with_ceiling(variant("2026.3"), 4000)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The options of a server that accepts one key, and begins with a copy of the package that it signed."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "keys").mkdir()
    (folder / "keys" / "auteur.pem").write_bytes(PUBLIC_KEY)
    (folder / "auteur.key").write_bytes(KEY)
    copy = str(folder / "package")
    assert command(["sign", str(PACKAGE), "--key", str(folder / "auteur.key"), "--out", copy]) == 0
    return "--public-keys-directory", str(folder / "keys"), "--package-directory", copy


@pytest.fixture(scope="module")
def rules(launch: Launch, options: tuple[str, ...]) -> Iterator[Rules]:
    with serving(launch, *options) as client:
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

    older = refusal(rules.publish, signed(with_ceiling(variant("2026.3-rc1"), 3500), KEY))
    assert (older.code, older.reason) == ("FAILED_PRECONDITION", "VERSION_OLDER")
    assert rules.activate("2026.3", "2011-01-01").event.digest
    assert rules.assess(amount="3500.00").ruleset.version in ("2026.1", "2026.3")


@pytest.mark.parametrize(
    "service",
    ["eligibility", pytest.param("documents", marks=pytest.mark.more("signe tous les modèles livrés"))],
)
def test_a_first_start_without_signatures_says_what_to_do_and_that_is_enough(
    launch: Launch, tmp_path: Path, service: str
) -> None:
    """The sentence is followed to the letter, on the stores that the refused start left."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "auteur.pem").write_bytes(PUBLIC_KEY)
    (tmp_path / "auteur.key").write_bytes(KEY)
    start = partial(
        launch, f"services.{service}", f"--public-keys-directory={tmp_path / 'keys'}", "--workers=1"
    )
    env = throwaway_stores(tmp_path)
    with pytest.raises(AssertionError) as refused:
        start(env=env)
    said = str(refused.value).replace("\u00a0", " ")
    folders = [*dict.fromkeys(re.findall(rf"(/\S+/services/{service}/[\w/]+)", said))]
    settings = [*dict.fromkeys(re.findall(rf"({service.upper()}_\w+_DIRECTORY)", said))]
    for number, (folder, setting) in enumerate(zip(folders, settings, strict=True)):
        assert f"{service} sign {folders[0]} --key CLÉ --out DOSSIER" in said
        copy = str(tmp_path / f"copy-{number}")
        sign = import_module(f"services.{service}.cli").main
        assert sign(["sign", folder, "--key", str(tmp_path / "auteur.key"), "--out", copy]) == 0
        env[setting] = copy
    assert start(env=env).stop() == 0


def why(rules: Rules, shadow: str) -> str:
    """Why a shadow run counts no more."""
    return str(rules.rulesets.GetShadow(GetShadowRequest(name=shadow), timeout=TIMEOUT).shadow.problem)


def test_keys_are_added_revoked_and_retired_while_the_server_runs(
    launch: Launch, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day whose version is void has no answer, on another server too: never the older rules."""
    env = shared_store(tmp_path)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "bruno.pem").write_bytes(OTHER_PUBLIC)

    def trust(*words: str) -> None:
        assert server_command(["trust", *words, "--by", "dsi"]) == 0

    with serving(launch, *options, env=env) as rules:
        past = rules.assess().decision_id
        newer = signed(NEWER, OTHER)
        assert refusal(rules.publish, newer).reason == "SIGNATURE_REFUSED"
        trust("add-key", str(tmp_path / "bruno.pem"), "--name", "Bruno")
        assert rules.publish(newer).created
        rules.activate("2026.3", "2027-01-01")
        assert rules.assess("2027-02-01").ruleset.version == "2026.3"
        shadow = rules.rulesets.StartShadow(
            StartShadowRequest(name=version_name("2026.3")), timeout=TIMEOUT
        ).shadow
        assert shadow.problem == ""
        trust("revoke-key", OTHER_ID)
        wait_until(lambda: bool(rules.status().problem))
        assert "la clé qui l’a signée a été révoquée" in rules.status().problem
        assert "sa clé a été révoquée" in why(rules, shadow.name), "it counts no more"
        stopped = rules.rulesets.StopShadow(StopShadowRequest(name=shadow.name), timeout=TIMEOUT).shadow
        assert (stopped.problem, why(rules, shadow.name)) == ("", ""), "nothing is expected of it any more"
    with serving(launch, env=env) as rules:
        refused = refusal(rules.assess, "2027-02-01")
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "VERSION_UNUSABLE")
        assert rules.assess("2026-12-31").ruleset.version == "2026.1"
        assert not rules.publish(signed(NEWER, KEY)).created
        wait_until(lambda: not rules.status().problem)
        assert rules.assess("2027-02-01").ruleset.version == "2026.3"
        trust("policy", "--signed-activations")
        assert refusal(rules.rollback).reason == "SIGNATURE_REFUSED"
        key = str(Path(options[-1]).with_name("auteur.key"))
        assert command(["rollback", "--server", rules.address, "--key", key]) == 0
        assert rules.assess("2027-02-01").ruleset.version == "2026.1"
        assert rules.events()[0].key_id == KEY_ID
        trust("retire-key", KEY_ID)
        assert refusal(rules.publish, signed(variant("2026.4"), KEY)).reason == "SIGNATURE_REFUSED"
        replay = decisions.ReplayDecisionRequest(name=f"decisions/{past}")
        assert rules.decisions.ReplayDecision(replay, timeout=TIMEOUT).identical
        explain = decisions.ExplainDecisionRequest(name=f"decisions/{past}")
        assert rules.decisions.ExplainDecision(explain, timeout=TIMEOUT).markdown
    with pytest.raises(AssertionError, match=f"{KEY_ID} .* n’est plus acceptée par la base"):
        launch("services.eligibility", *options, "--workers", "1", env=env)
