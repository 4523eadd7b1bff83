"""Settings: environment, options, refusals in French, masked printing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.errors import StartupError
from services.kit.french import spaced
from services.kit.serve.config import ServerSettings
from services.kit.serve.options import unknown_variables


class ProbeSettings(ServerSettings):
    """Settings of a service."""

    model_config = SettingsConfigDict(env_prefix="PROBE_")

    database_url: str = Field("sqlite:///var/probe.db", description="Base de données.")


def refusal(*argv: str) -> list[str]:
    """The lines of the sentence that refuses the settings, as it leaves."""
    with pytest.raises(StartupError) as raised:
        ProbeSettings.load(argv)
    return spaced(str(raised.value)).splitlines()


def test_options_override_the_environment_which_overrides_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROBE_PORT", "1234")
    monkeypatch.setenv("PROBE_THREADS", "8")
    monkeypatch.setenv("PROBE_WORKERS", "")
    settings = ProbeSettings.load(["--port", "0", "--ready-file=ready"])
    assert (settings.port, settings.threads, settings.workers) == (0, 8, None)
    assert settings.ready_file == Path("ready")
    assert settings.limits().threads == 8


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        ProbeSettings.load([]).port = 1


def test_everything_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PROBE_PROT": "1",
        "PROBE_COLOUR": "x",
        "PROBE_PORT": "abc",
        "PROBE_WORKERS": "0",
    }.items():
        monkeypatch.setenv(name, value)
    lines = refusal("--thread", "5", "--deadline-seconds", "nan", "--log-level", "loud", "--host")
    assert lines[0] == "Configuration refusée\u00a0:"
    assert set(lines[1:]) == {
        "- L’option --deadline-seconds doit être un nombre fini (reçu «\u00a0nan\u00a0»).",
        "- L’option --host attend une valeur.",
        "- L’option --log-level doit être 'debug', 'info', 'warning' ou 'error' (reçu «\u00a0loud\u00a0»).",
        "- L’option --thread n’existe pas\u202f; vouliez-vous dire --threads\u202f?",
        "- La variable PROBE_COLOUR n’existe pas.",
        "- La variable PROBE_PORT doit être un nombre entier (reçu «\u00a0abc\u00a0»).",
        "- La variable PROBE_PROT n’existe pas\u202f; vouliez-vous dire PROBE_PORT\u202f?",
        "- La variable PROBE_WORKERS doit être au moins 1 (reçu «\u00a00\u00a0»).",
    }


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://agent:oiseau@serveur/base",
        "postgresql://agent:oi@s/eau@serveur/base",
        "postgresql://agent@serveur/base?sslmode=require&password=oiseau",
    ],
)
def test_print_config_masks_passwords(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROBE_DATABASE_URL", url)
    with pytest.raises(SystemExit) as raised:
        ProbeSettings.load(["--print-config", "--port", "7"])
    printed = capsys.readouterr().out
    assert raised.value.code == 0
    assert "PROBE_PORT=7\n" in printed
    assert "agent" in printed
    assert "***" in printed
    assert "oi" not in printed.split("PROBE_DATABASE_URL=")[1]
    assert "eau" not in printed


def test_help_lists_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ProbeSettings.load(["--help"])
    printed = capsys.readouterr().out
    for name, field in ProbeSettings.model_fields.items():
        assert f"--{name.replace('_', '-')} (PROBE_{name.upper()})" in printed
        assert field.description
        assert spaced(field.description) in printed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_may_be_plain(host: str) -> None:
    assert ProbeSettings.load(["--host", host]).access() is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "serveur.mairie"])
def test_another_address_must_not_be_plain(host: str) -> None:
    with pytest.raises(StartupError, match="PROBE_TLS_AUTHORITIES_FILE et PROBE_ACCESS_FILE"):
        ProbeSettings.load(["--host", host]).access()
    with pytest.raises(StartupError, match="refuse d’écouter en clair"):
        ProbeSettings.load(["--host", host, "--access-file=acces.toml"]).access()


def test_the_address_that_the_command_line_calls_is_no_variable_of_the_server() -> None:
    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_")

        port: int = 1

    assert unknown_variables(Settings, {"SHOP_SERVER": "127.0.0.1:1", "SHOP_PORT": "2"}) == []
    assert len(unknown_variables(Settings, {"SHOP_SERVERS": "x"})) == 1
