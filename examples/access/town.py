"""What the demonstration needs before a server starts: an authority, an OIDC provider, people who log in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt

from tests import oidc
from tools import certificates

PLOERMEL, JOSSELIN = "ploermel", "josselin"
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "claire": {"roles": ["instruction"], "team": PLOERMEL},
    "hugo": {"roles": ["instruction"], "team": JOSSELIN},
    "camille": {"roles": ["redaction"]},
    "dominique": {"roles": ["mise-en-vigueur"]},
    "odile": {"roles": ["direction"], "team": PLOERMEL},
    "noe": {"roles": ["protection-des-donnees"]},
}
PROVIDER = """
[[providers]]
name = "ville"
issuer = "{issuer}"
audience = "microcredit"

[providers.roles]
instruction = ["instructor"]
redaction = ["rules_author"]
mise-en-vigueur = ["rules_activator"]
direction = ["supervisor"]
protection-des-donnees = ["dpo"]
"""
FOLDER = "DEMO_ACCESS_FOLDER"
APPLICATION = certificates.APPLICATIONS[0]


@contextmanager
def opened(folder: Path) -> Iterator[oidc.Provider]:
    """Writes the certificates and the file of accesses, and runs the provider that the file names."""
    certificates.write_all(folder, ())
    provider = oidc.Provider(oidc.free_port(), folder, PEOPLE)
    with (folder / certificates.ACCESS).open("a", encoding="utf-8") as file:
        file.write(PROVIDER.format(issuer=provider.issuer))
    with provider.running():
        yield provider


def log_in(provider: oidc.Provider, folder: Path, person: str, resource: str = "urn:microcredit") -> Any:
    """What the token of a person says, after a login by the authorization code; it is kept in a file."""
    token = provider.login(person, resource).access
    path = token_file(folder, person if resource == "urn:microcredit" else f"{person}-ailleurs")
    path.touch(0o600)
    path.write_text(token, encoding="ascii")
    return jwt.decode(token, options={"verify_signature": False})  # only shown: the server verifies it


def token_file(folder: Path, person: str) -> Path:
    """Where the token of a person is kept."""
    return folder / f"{person}.jeton"


def of_server(folder: Path) -> Mapping[str, str]:
    """The settings of a server that asks who calls."""
    files = {
        "TLS_CERTIFICATE": "serveur.crt",
        "TLS_KEY": "serveur.key",
        "TLS_AUTHORITIES": "autorite.crt",
        "ACCESS": certificates.ACCESS,
    }
    return {f"ELIGIBILITY_{name}_FILE": str(folder / file) for name, file in files.items()}


def of_client(folder: Path) -> Mapping[str, str]:
    """What a command shows of the application that it is."""
    files = {"CERTIFICATE": f"{APPLICATION}.crt", "KEY": f"{APPLICATION}.key", "AUTHORITIES": "autorite.crt"}
    return {f"MICROCREDIT_{name}_FILE": str(folder / file) for name, file in files.items()}


def folder_of_run() -> Path:
    """The folder that the first half of the demonstration left to the second."""
    return Path(os.environ[FOLDER])
