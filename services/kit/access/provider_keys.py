"""The public keys of a provider (JWKS): kept, asked again when a token names one that is not there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from services.kit.access.asking import ProviderSilent, ask
from services.kit.access.configuration import Provider
from services.kit.errors import Unavailable

ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
"""The one algorithm of each kind of key: a key never verifies what another kind signed."""

LEAST_RSA_BITS = 2048

ATTEMPT_SECONDS = 10.0
"""The shortest time between two requests: tokens with invented keys do not make us a weapon."""

REFRESH_SECONDS = 300.0
"""How often the keys are asked again, so that one that the provider withdrew ends."""

log = structlog.get_logger()


class ProviderKeys:
    """The keys of one provider; the last good ones stay while it does not answer."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asking = threading.Lock()
        self._asked = float("-inf")
        self._silent = True
        self._lost = False

    def key(self, identifier: str) -> jwt.PyJWK | None:
        """The key of that name, asked for if it is not known yet; None if the provider has none."""
        if found := self._keys.get(identifier):
            return found
        with self._asking:
            if identifier not in self._keys:
                self._ask()
        if identifier not in self._keys and self._silent:
            raise silent()
        return self._keys.get(identifier)

    def refresh(self) -> bool:
        """Asks for the keys if they are old; True if one of them went since the last time."""
        with self._asking:
            if time.monotonic() - self._asked > REFRESH_SECONDS:
                self._ask()
            lost, self._lost = self._lost, False
        return lost

    def _ask(self) -> None:
        """Replaces the keys by those that the provider gives now, unless it was asked just before."""
        if time.monotonic() - self._asked < ATTEMPT_SECONDS:
            return
        self._asked = time.monotonic()
        try:
            keys = dict(_usable(ask(self._uri(), self._provider.authority_file)))
        except ProviderSilent:
            keys = {}
        self._silent = not keys
        if keys:
            self._lost |= bool(self._keys.keys() - keys)
            self._keys = keys
        else:
            log.error("provider_silent", provider=self._provider.name)

    def _uri(self) -> str:
        """Where the keys are: as the file says, else as the provider says of itself."""
        if self._provider.jwks_uri:
            return self._provider.jwks_uri
        issuer = self._provider.issuer
        found = ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration", self._provider.authority_file)
        uri = found.get("jwks_uri")
        if found.get("issuer") != issuer or not isinstance(uri, str) or not uri.startswith(_scheme(issuer)):
            raise ProviderSilent(issuer)
        return uri


def silent() -> Unavailable:
    """What a call learns when the provider of its token cannot be asked."""
    message = "Le fournisseur d’identité ne répond pas : l’identité de l’agent ne peut pas être vérifiée."
    return Unavailable("PROVIDER_UNAVAILABLE", message)


def _scheme(issuer: str) -> str:
    return f"{issuer.partition('://')[0]}://"


def _usable(document: Mapping[str, Any]) -> Iterable[tuple[str, jwt.PyJWK]]:
    """The keys that may verify a token, by their name; what is anything else is passed over."""
    keys = document.get("keys")
    for item in keys if isinstance(keys, list) else []:
        if not isinstance(item, dict) or item.get("use", "sig") != "sig":
            continue
        identifier, algorithm = item.get("kid"), ALGORITHMS.get(str(item.get("kty")))
        if isinstance(identifier, str) and algorithm and item.get("alg", algorithm) == algorithm:
            try:
                key = jwt.PyJWK(item, algorithm)
            except jwt.PyJWTError:
                continue
            if _strong(key.key):
                yield identifier, key


def _strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= LEAST_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
