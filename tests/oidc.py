"""A real OIDC provider (npm oidc-provider) for the tests of access, and a person who logs in to it."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support import ROOT
from tools.certificates import Pair, issue

NODE_MODULES = ROOT / "build/npm/node_modules"
RETURN = "https://logiciel.invalid/retour"
CLIENT, OTHER_CLIENT, SERVER = "logiciel-social", "autre-logiciel", "microcredit"
SECRET = "secret-d-essai"

missing = (
    ""
    if shutil.which("node") and (NODE_MODULES / "oidc-provider").exists()
    else ("sans Node.js ou sans « make validator », le fournisseur OIDC manque")
)
"""Why the provider cannot run here; empty when it can."""
needs_provider = pytest.mark.needs(not missing, missing)

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def signing_keys() -> dict[str, Key]:
    """New keys of a provider, by their names: one for RS256, one for ES256."""
    mark = secrets.token_urlsafe(6)
    return {
        f"rs-{mark}": rsa.generate_private_key(65537, 2048),
        f"es-{mark}": ec.generate_private_key(ec.SECP256R1()),
    }


def jwk(name: str, key: Key) -> dict[str, Any]:
    """A private key as the provider reads it."""
    if isinstance(key, rsa.RSAPrivateKey):
        return {**jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True), "kid": name, "alg": "RS256"}
    return {**jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True), "kid": name, "alg": "ES256"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class _Stay(urllib.request.HTTPRedirectHandler):
    """A browser that shows each redirection."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Tokens:
    """What a login gives."""

    access: str
    identity: str


@dataclass
class Provider:
    """A running provider."""

    port: int
    folder: Path
    agents: Mapping[str, Mapping[str, Any]]
    keys: dict[str, Key] = field(default_factory=signing_keys)
    authority: Pair | None = None
    """Who signs its certificate; in clear without one."""

    @property
    def issuer(self) -> str:
        return f"http{'s' if self.authority else ''}://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[Provider]:
        """Runs it until the end of the block."""
        clients: list[dict[str, Any]] = [
            {"client_id": name, "client_secret": SECRET, "redirect_uris": [RETURN]}
            for name in (CLIENT, OTHER_CLIENT)
        ]
        nothing: dict[str, Any] = {"grant_types": [], "response_types": [], "redirect_uris": []}
        clients.append({"client_id": SERVER, "client_secret": SECRET, **nothing})
        said: dict[str, Any] = {
            "port": self.port,
            "keys": [jwk(name, key) for name, key in self.keys.items()],
            "agents": self.agents,
            "clients": clients,
        }
        if self.authority:
            own = issue(self.authority, "connexion", ["127.0.0.1"], server=True)
            said["tls"] = {"key": own.key_pem().decode(), "cert": own.pem().decode()}
        file = self.folder / f"provider-{self.port}.json"
        file.write_text(json.dumps(said))
        command = ["node", str(ROOT / "tests/npm/provider.mjs"), str(NODE_MODULES), str(file)]
        log = self.folder / f"provider-{self.port}.log"
        with (
            log.open("ab") as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,
        ):
            try:
                assert process.stdout
                assert process.stdout.readline().decode().strip() == self.issuer, log.read_text()
                yield self
            finally:
                process.kill()

    def login(self, agent: str, resource: str = "urn:microcredit", client: str = CLIENT) -> Tokens:
        """What a client gets when an agent logs in, by the authorization code."""
        browser = self._opener(_Stay, urllib.request.HTTPCookieProcessor(CookieJar()))
        asked = {
            "client_id": client,
            "response_type": "code",
            "scope": "openid appeler",
            "redirect_uri": RETURN,
            "resource": resource,
        }
        place, form = f"{self.issuer}/auth?{urlencode(asked)}", None
        while not place.startswith(RETURN):
            if urlsplit(place).path.startswith("/interaction/"):
                prompt = "login" if b'value="login"' in _open(browser, place)[1] else "consent"
                form = {"prompt": prompt, "login": agent, "password": "x"}
            place = urljoin(place, _open(browser, place, form)[0])
            form = None
        code = parse_qs(urlsplit(place).query)["code"][0]
        exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN}
        answer = self.post("/token", {**exchange, "resource": resource}, client)
        return Tokens(answer["access_token"], answer["id_token"])

    def revoke(self, token: str) -> None:
        """Ends a token before its time."""
        self.post("/token/revocation", {"token": token}, CLIENT)

    def post(self, path: str, form: Mapping[str, str], client: str) -> Any:
        """What the provider answers to a client."""
        pair = base64.b64encode(f"{client}:{SECRET}".encode()).decode()
        request = urllib.request.Request(
            self.issuer + path, urlencode(form).encode(), {"Authorization": f"Basic {pair}"}
        )
        with self._opener().open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def _opener(self, *handlers: Any) -> urllib.request.OpenerDirector:
        """A browser that knows its authority, if it has one."""
        trust = ssl.create_default_context(cadata=self.authority.pem().decode()) if self.authority else None
        return urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), *handlers)

    def sign(self, claims: Mapping[str, Any], algorithm: str = "RS256", **header: Any) -> str:
        """A token signed by the keys of the provider, whatever it says: what it would never issue."""
        name = next(each for each in self.keys if each.startswith(algorithm[:2].lower()))
        signed = {"typ": "at+jwt", "kid": name, **header}
        return jwt.encode(dict(claims), self.keys[name], algorithm, signed)


def _open(
    browser: urllib.request.OpenerDirector, place: str, form: Mapping[str, str] | None = None
) -> tuple[str, bytes]:
    """Where a page sends the browser, and what it shows."""
    try:
        with browser.open(place, urlencode(form).encode() if form else None, timeout=60) as answer:
            return "", answer.read()
    except urllib.error.HTTPError as error:
        with error:
            if error.code not in (302, 303):
                raise
            return error.headers["Location"], b""
