"""Who calls a server over TLS: applications by their certificates, agents by tokens of a real provider."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.kit.access import Outgoing, TlsFiles
from services.kit.cli.outcome import CommandError
from services.kit.cli.remote import Remote
from services.kit.errors import StartupError
from tests import oidc
from tests.access_support import (
    GATEWAY,
    NIGHT,
    PEOPLE,
    SOFTWARE,
    Town,
    ask,
    caller,
    fingerprint,
    refusal,
)
from tests.service.kit_probe import NAME
from tests.support import Launch, RunningServer, wait_until
from tools import certificates

pytestmark = oidc.needs_provider


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with oidc.Provider(oidc.free_port(), folder, PEOPLE).running() as provider:
        yield Town(folder, provider)


@pytest.fixture(scope="module")
def server(town: Town, launch: Launch) -> RunningServer:
    return launch("tests.service.kit_probe", "--workers=1", *town.options())


@pytest.fixture
def channel(town: Town, server: RunningServer) -> Iterator[grpc.Channel]:
    """The software that agents use."""
    with town.channel(server.address, town.pairs[SOFTWARE]) as opened:
        yield opened


@pytest.fixture
def gateway(town: Town, server: RunningServer) -> Iterator[grpc.Channel]:
    with town.channel(server.address, town.pairs[GATEWAY]) as opened:
        yield opened


@pytest.fixture(scope="module")
def claire(town: Town) -> str:
    return town.provider.login("claire").access


def said(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def xfcc(town: Town, name: str, uri: str = "") -> str:
    """What Envoy writes of an application that it saw."""
    return f'Hash={fingerprint(town.pairs[name])};Subject="CN=a,O=\\"b\\"";URI={uri or name}'


@pytest.mark.parametrize("resource", ["urn:microcredit", "urn:microcredit:es256"])
def test_an_agent_is_known_by_a_token_and_the_application_by_its_certificate(
    town: Town, channel: grpc.Channel, resource: str
) -> None:
    token = town.provider.login("claire", resource).access
    expected = {
        "application": SOFTWARE,
        "account": "agents",
        "calls_per_minute": 0,
        "subject": "claire",
        "provider": "ville",
        "roles": ["reader"],
        "team": "ploermel",
        "siret": "20005682600015",
        "acr": "eidas2",
        "token_id": said(token)["jti"],
        "expires": said(token)["exp"],
    }
    assert caller(channel, token) == expected
    assert caller(channel, token) == expected, "remembered"


def test_a_role_that_nothing_translates_gives_none(town: Town, channel: grpc.Channel) -> None:
    assert caller(channel, town.provider.login("denis").access)["roles"] == ["reader"]


def test_the_file_says_the_roles_of_an_agent_whose_provider_does_not(
    town: Town, channel: grpc.Channel
) -> None:
    found = caller(channel, town.provider.login("fanny").access)
    assert (found["roles"], found["team"], found["acr"]) == (["auditor", "reader"], "controle", "")


def test_the_header_actor_is_ignored_when_there_is_an_identity(channel: grpc.Channel, claire: str) -> None:
    for declared in ("dominique", "x" * 101):
        assert ask(channel, claire, "actor", x_actor=declared) == "ville:claire"


def test_an_application_of_agents_may_do_nothing_without_a_token(channel: grpc.Channel) -> None:
    assert refusal(channel) == "TOKEN_REQUIRED"


def test_a_service_account_calls_alone(town: Town, server: RunningServer) -> None:
    with town.channel(server.address, town.pairs[NIGHT]) as night:
        found = caller(night)
        assert (found["application"], found["account"], found["subject"]) == (NIGHT, "traitement-de-nuit", "")
        assert found["calls_per_minute"] == 30
        assert ask(night, word="actor") == NIGHT


def test_the_handshake_refuses_who_has_no_certificate_of_the_authority(
    town: Town, server: RunningServer, claire: str
) -> None:
    foreign = certificates.issue(certificates.authority(), SOFTWARE, [SOFTWARE])
    ended = certificates.issue(town.root, SOFTWARE, [SOFTWARE], ended=True)
    for pair in (None, foreign, ended):
        with town.channel(server.address, pair) as channel, pytest.raises(grpc.RpcError) as raised:
            ask(channel, claire)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError):
        ask(channel, claire)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("most", "ciphers", "spoken"),
    [
        (ssl.TLSVersion.TLSv1_3, "", "TLSv1.3"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA", ""),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", ""),
    ],
)
def test_tls_is_1_3_or_1_2_with_authenticated_encryption(
    town: Town, server: RunningServer, most: ssl.TLSVersion, ciphers: str, spoken: str
) -> None:
    certificates.write(town.pairs[NIGHT], town.folder, "nuit")
    client = ssl.create_default_context(cadata=town.root.pem().decode())
    client.load_cert_chain(town.folder / "nuit.crt", town.folder / "nuit.key")
    client.set_alpn_protocols(["h2"])
    client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    client.maximum_version = most
    if ciphers:
        client.set_ciphers(ciphers)
    host, _, port = server.address.rpartition(":")
    found = ""
    with (
        suppress(OSError),
        socket.create_connection((host, int(port))) as connection,
        client.wrap_socket(connection, server_hostname=host) as wrapped,
    ):
        found = str(wrapped.version())
    assert found == spoken


def test_a_certificate_that_names_no_application_or_two_is_refused(
    town: Town, server: RunningServer, claire: str
) -> None:
    for names in (["spiffe://essai/autre"], [SOFTWARE, NIGHT], ["nuit.essai.invalid"]):
        with town.channel(server.address, certificates.issue(town.root, "x", names)) as channel:
            assert refusal(channel, claire) == "APPLICATION_REFUSED UNKNOWN"


def test_tokens_that_prove_no_agent_of_ours_are_refused(
    town: Town, channel: grpc.Channel, claire: str
) -> None:
    claims, provider, now = said(claire), town.provider, time.time()
    stranger = oidc.Provider(provider.port, provider.folder, {})
    (name,) = (each for each in provider.keys if each.startswith("rs"))
    public = provider.keys[name].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"typ": "at+jwt", "kid": name}
    # PyJWT refuses to sign with a public key: the attacker has no such scruple.
    confused = jwt.api_jws.PyJWS(["HS256"])
    confused._algorithms["HS256"].prepare_key = lambda key: key  # type: ignore[method-assign]
    refused = {
        "audience": (provider.login("claire", "urn:autre-service").access, "TOKEN_REFUSED AUDIENCE"),
        "id_token": (provider.login("claire", client=oidc.OTHER_CLIENT).identity, "TOKEN_REFUSED AUDIENCE"),
        "id_token for us": (provider.sign({**claims, "at_hash": "x"}), "TOKEN_REFUSED KIND"),
        "typ": (provider.sign(claims, typ="JWT"), "TOKEN_REFUSED KIND"),
        "expired": (provider.sign({**claims, "exp": now - 61}), "TOKEN_EXPIRED"),
        "not yet": (provider.sign({**claims, "nbf": now + 120}), "TOKEN_REFUSED NOT_YET_VALID"),
        "issuer": (provider.sign({**claims, "iss": "https://autre.invalid"}), "TOKEN_REFUSED ISSUER"),
        "no end": (provider.sign({k: v for k, v in claims.items() if k != "exp"}), "TOKEN_REFUSED CLAIM"),
        "no subject": (provider.sign({**claims, "sub": "a b"}), "TOKEN_REFUSED CLAIM"),
        "critical": (provider.sign(claims, crit=["x"]), "TOKEN_REFUSED ISSUER"),
        "key by a path": (provider.sign(claims, kid="../../cle"), "TOKEN_REFUSED KEY"),
        "session": (provider.sign({**claims, "nonce": "x"}), "TOKEN_REFUSED KIND"),
        "endless": (provider.sign({**claims, "exp": float("inf")}), "TOKEN_REFUSED MALFORMED"),
        "audiences": (provider.sign({**claims, "aud": ["microcredit", 1]}), "TOKEN_REFUSED AUDIENCE"),
        "issuer and more": (provider.sign({**claims, "iss": f"{claims['iss']}/"}), "TOKEN_REFUSED ISSUER"),
        "not to be withdrawn": (provider.sign({**claims, "jti": "x" * 301}), "TOKEN_REFUSED CLAIM"),
        "none": (jwt.encode(claims, "", "none", header), "TOKEN_REFUSED ALGORITHM"),
        "confusion": (
            confused.encode(json.dumps(claims).encode(), public, "HS256", header),
            "TOKEN_REFUSED ALGORITHM",
        ),
        "other algorithm": (
            jwt.encode(claims, provider.keys[name], "RS512", header),
            "TOKEN_REFUSED ALGORITHM",
        ),
        "key of another kind": (
            provider.sign(claims, "ES256", kid=name),
            "TOKEN_REFUSED ALGORITHM",
        ),
        "unknown key": (stranger.sign(claims), "TOKEN_REFUSED KEY"),
        "signature": (stranger.sign(claims, kid=name), "TOKEN_REFUSED SIGNATURE"),
        "no token": ("abc", "TOKEN_REFUSED ISSUER"),
        "deep": (".".join(["W1tb" * 2000] * 3)[:8000], "TOKEN_REFUSED ISSUER"),
        "long": (f"{claire}{'x' * 8192}", "TOKEN_REFUSED SIZE"),
    }
    assert {name: refusal(channel, token) for name, (token, _) in refused.items()} == {
        name: reason for name, (_, reason) in refused.items()
    }
    assert refusal(channel, provider.sign({**claims, "exp": now - 40})) == "", "within the skew"
    assert refusal(channel, authorization="Basic abc") == "TOKEN_REFUSED MALFORMED"


def test_a_gateway_says_whose_calls_it_carries(town: Town, gateway: grpc.Channel, claire: str) -> None:
    found = caller(gateway, claire, x_forwarded_client_cert=xfcc(town, SOFTWARE))
    assert (found["application"], found["account"], found["subject"]) == (SOFTWARE, "agents", "claire")
    for header in (
        "",
        "URI=" + SOFTWARE,
        xfcc(town, SOFTWARE) + "," + xfcc(town, NIGHT),
        xfcc(town, SOFTWARE) + ",By=" + GATEWAY,
        xfcc(town, SOFTWARE) + ";URI=" + NIGHT,
        xfcc(town, GATEWAY),
    ):
        assert refusal(gateway, claire, x_forwarded_client_cert=header) == "APPLICATION_REFUSED FORWARDED"
    assert refusal(gateway, claire) == "APPLICATION_REFUSED FORWARDED"
    unknown = xfcc(town, SOFTWARE, "spiffe://essai/autre")
    assert refusal(gateway, claire, x_forwarded_client_cert=unknown) == "APPLICATION_REFUSED UNKNOWN"


def test_what_an_ordinary_application_says_of_another_is_ignored(
    town: Town, channel: grpc.Channel, claire: str
) -> None:
    assert caller(channel, claire, x_forwarded_client_cert=xfcc(town, NIGHT))["application"] == SOFTWARE
    assert refusal(channel, x_forwarded_client_cert=xfcc(town, NIGHT)) == "TOKEN_REQUIRED"


def test_health_is_open_and_the_methods_are_not_listed(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=60).status == 1
    listing: Any = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
    with pytest.raises(grpc.RpcError) as raised:
        list(listing(iter([b""]), timeout=60))
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_command_shows_its_certificate_and_its_token(
    town: Town, server: RunningServer, claire: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identity(address: str = server.address) -> bytes:
        remote = Remote(address, "dominique")
        with remote.channel:
            return bytes(remote.call(remote.channel.unary_unary(f"/{NAME}/One"), b"actor"))

    certificates.write(town.pairs[SOFTWARE], town.folder, "logiciel")
    (town.folder / "jeton").write_text(f"{claire}\n")
    monkeypatch.setenv("MICROCREDIT_TOKEN_FILE", str(town.folder / "jeton"))
    with pytest.raises(CommandError, match="ne part pas en clair vers 192"):
        identity("192.0.2.1:50051")
    monkeypatch.setenv("MICROCREDIT_CERTIFICATE_FILE", str(town.folder / "logiciel.crt"))
    with pytest.raises(CommandError, match="trois fichiers à la fois"):
        identity()
    monkeypatch.setenv("MICROCREDIT_AUTHORITIES_FILE", str(town.folder / "autorite.crt"))
    monkeypatch.setenv("MICROCREDIT_KEY_FILE", str(town.folder / "serveur.key"))
    with pytest.raises(CommandError, match="n’est pas celle du certificat"):
        identity()
    monkeypatch.setenv("MICROCREDIT_KEY_FILE", str(town.folder / "logiciel.key"))
    assert identity() == b"ville:claire"
    (town.folder / "jeton").unlink()
    with pytest.raises(CommandError, match="jeton ne se lit pas"):
        identity()


def test_a_server_calls_another_under_its_own_certificate(
    town: Town, server: RunningServer, tmp_path: Path
) -> None:
    def shown(pair: certificates.Pair) -> TlsFiles:
        certificates.write(pair, tmp_path, "nuit")
        certificates.write(town.root, tmp_path, "autorite")
        return TlsFiles(tmp_path / "nuit.crt", tmp_path / "nuit.key", tmp_path / "autorite.crt")

    with pytest.raises(StartupError, match="refuse d’appeler 192"):
        Outgoing("192.0.2.1:50054", None, ())
    outgoing = Outgoing(server.address, shown(town.pairs[NIGHT]), ())
    assert ask(outgoing.channel(), word="actor") == NIGHT
    before = outgoing.channel()
    shown(certificates.issue(town.root, "autre", ["spiffe://essai/autre"]))
    assert refusal(outgoing.channel()) == "APPLICATION_REFUSED UNKNOWN"
    assert ask(before, word="actor") == NIGHT, "what it carried goes on"
    for channel in (before, outgoing.channel()):
        channel.close()


def test_what_is_withdrawn_is_refused_without_a_restart(
    town: Town, server: RunningServer, channel: grpc.Channel, gateway: grpc.Channel, claire: str
) -> None:
    elise, denis = town.provider.login("elise").access, town.provider.login("denis").access
    with town.channel(server.address, town.pairs[NIGHT]) as night:
        assert [refusal(channel, elise), refusal(channel, denis), refusal(night)] == ["", "", ""]
        lost, stolen = fingerprint(town.pairs[NIGHT]), said(denis)["jti"]
        town.allow(f"""[withdrawals]
            certificates = ["{lost}"]
            subjects = ["elise"]
            tokens = ["{stolen}"]
        """)
        wait_until(lambda: refusal(channel, elise) == "TOKEN_REFUSED WITHDRAWN", 60)
        assert refusal(channel, denis) == "TOKEN_REFUSED WITHDRAWN"
        assert refusal(channel, town.provider.login("denis").access) == "", "another token of the same agent"
        assert refusal(night) == "APPLICATION_REFUSED WITHDRAWN", "the connection was open before"
        forwarded = xfcc(town, NIGHT)
        assert refusal(gateway, x_forwarded_client_cert=forwarded) == "APPLICATION_REFUSED WITHDRAWN"
        assert refusal(channel, claire) == ""
        town.allow('[withdrawals]\nsubjects = "elise"\n')
        wait_until(lambda: "withdrawals.subjects n’a pas une valeur acceptée" in server.log.read_text(), 60)
        assert refusal(channel, elise) == "TOKEN_REFUSED WITHDRAWN", "a bad file leaves the last good one"
        town.allow()
        wait_until(lambda: refusal(channel, elise) == "", 60)


def test_a_certificate_is_renewed_without_a_restart(town: Town, server: RunningServer, claire: str) -> None:
    town.renew()
    (town.folder / "serveur.key").write_bytes(town.pairs[NIGHT].key_pem())
    wait_until(lambda: "n’est pas celle du certificat" in server.log.read_text(), 60)
    with town.channel(server.address, town.pairs[SOFTWARE]) as channel:
        assert refusal(channel, claire) == "", "the last good pair serves"
    other = certificates.authority("Seconde autorité")
    (town.folder / "autorite.crt").write_bytes(other.pem())
    certificates.write(certificates.issue(town.root, "s", ["127.0.0.1"], server=True), town.folder, "serveur")
    newcomer = certificates.issue(other, SOFTWARE, [SOFTWARE])

    def welcome(pair: certificates.Pair) -> bool:
        with town.channel(server.address, pair) as channel:
            return refusal(channel, claire) == ""

    wait_until(lambda: welcome(newcomer), 60)
    assert not welcome(town.pairs[SOFTWARE]), "its authority is no longer one of ours"
    town.renew()
    wait_until(lambda: welcome(town.pairs[SOFTWARE]), 60)
