"""A town for the tests of access: an authority, applications, a provider, a server that asks who calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives import hashes
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from tests import oidc
from tests.service.kit_probe import NAME
from tools import certificates
from tools.certificates import Pair

SOFTWARE, GATEWAY, NIGHT = "spiffe://essai/logiciel", "spiffe://essai/passerelle", "spiffe://essai/nuit"
TEAM = {"team": "ploermel", "siret": "20005682600015", "acr": "eidas2"}
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "claire": {"roles": ["mc-instruction"], **TEAM},
    "denis": {"roles": ["mc-instruction", "inconnu"], **TEAM},
    "elise": {"roles": ["mc-instruction"], **TEAM},
    "fanny": {},
}
RULES = """
[[applications]]
name = "spiffe://essai/logiciel"
account = "agents"

[[applications]]
name = "spiffe://essai/passerelle"
account = "gateway"

[[applications]]
name = "spiffe://essai/nuit"
account = "traitement-de-nuit"
calls_per_minute = 30

[[agents]]
provider = "ville"
subject = "fanny"
roles = ["auditor", "reader"]
team = "controle"

[[providers]]
name = "ville"
issuer = "{issuer}"
audience = "microcredit"

[providers.roles]
mc-instruction = ["reader"]
"""


def fingerprint(pair: Pair) -> str:
    """What tells a certificate from any other."""
    return pair.certificate.fingerprint(hashes.SHA256()).hex()


@dataclass
class Town:
    """The files of a server, the certificates of applications, and the provider of agents."""

    folder: Path
    provider: oidc.Provider
    root: Pair = field(default_factory=certificates.authority)
    rules: str = RULES
    pairs: dict[str, Pair] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (SOFTWARE, GATEWAY, NIGHT):
            self.pairs[name] = certificates.issue(self.root, name, [name])
        self.renew()
        self.allow()

    def renew(self) -> Pair:
        """Gives the server a new certificate."""
        pair = certificates.issue(self.root, "serveur", certificates.HOSTS, server=True)
        certificates.write(self.root, self.folder, "autorite")
        certificates.write(pair, self.folder, "serveur")
        return pair

    def allow(self, more: str = "") -> None:
        """Writes the file of accesses, with something more at its end."""
        draft = self.folder / "draft"
        draft.write_text(self.rules.format(issuer=self.provider.issuer) + more)
        draft.replace(self.folder / "acces.toml")

    def options(self) -> tuple[str, ...]:
        """The options of a server of this town."""
        files = {
            "tls-certificate": "serveur.crt",
            "tls-key": "serveur.key",
            "tls-authorities": "autorite.crt",
        }
        return tuple(
            f"--{name}-file={self.folder / file}" for name, file in (files | {"access": "acces.toml"}).items()
        )

    @contextmanager
    def channel(self, address: str, pair: Pair | None) -> Iterator[grpc.Channel]:
        """A connection under the certificate of an application."""
        own = (pair.key_pem(), pair.pem()) if pair else (None, None)
        credentials = grpc.ssl_channel_credentials(self.root.pem(), *own)
        with grpc.secure_channel(address, credentials, [("grpc.use_local_subchannel_pool", 1)]) as channel:
            yield channel


def ask(channel: grpc.Channel, token: str = "", word: str = "caller", **headers: str) -> str:
    """What the probe answers to a call with a token and headers (`_` for `-`)."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    metadata += [(name.replace("_", "-"), value) for name, value in headers.items()]
    method: Any = channel.unary_unary(f"/{NAME}/One")
    return bytes(method(word.encode(), timeout=60, metadata=metadata)).decode()


def caller(channel: grpc.Channel, token: str = "", **headers: str) -> dict[str, Any]:
    """Who the probe says that calls."""
    found: dict[str, Any] = json.loads(ask(channel, token, **headers))
    return found


def refusal(channel: grpc.Channel, token: str = "", **headers: str) -> str:
    """Why a call is refused: its reason and the cause; empty if it is answered."""
    try:
        ask(channel, token, **headers)
    except grpc.RpcError as error:
        status: Any = rpc_status.from_call(error)
        if status is None:  # the handshake, or the core of gRPC: nothing of ours was reached
            return error.code().name
        info = ErrorInfo()
        reasons = [info.reason for detail in status.details if detail.Unpack(info)]
        return " ".join([*reasons, *info.metadata.values()])
    return ""
