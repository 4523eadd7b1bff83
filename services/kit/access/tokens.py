"""Tokens of agents: a JWT verified here, or a token that its provider is asked about (RFC 7662)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus, urlencode

import jwt

from services.kit.access.asking import SECONDS, ProviderRefuses, ProviderSilent, ask
from services.kit.access.configuration import Introspection, Provider
from services.kit.access.provider_keys import ALGORITHMS, ProviderKeys, silent
from services.kit.errors import Unauthenticated

SKEW_SECONDS = 60
"""How much the clock of a provider may differ from ours."""

MAX_TOKEN = 8 * 1024

INTROSPECTED_SECONDS = 45.0
"""How long what a provider answers of a token is kept: one that it revokes is refused within a minute."""

MAX_QUESTIONS = 8
"""How many questions a process asks a provider at once: invented tokens do not make us a weapon."""

_ONLY_OF_ID_TOKENS = {"nonce", "at_hash", "c_hash", "s_hash"}

_UNREADABLE = (jwt.PyJWTError, RecursionError)
"""What a token that is no token raises; JSON of a thousand levels is the fault of who sends it."""

_CAUSES: Sequence[tuple[type[Exception], str]] = (
    (jwt.InvalidAudienceError, "AUDIENCE"),
    (jwt.InvalidIssuerError, "ISSUER"),
    (jwt.ImmatureSignatureError, "NOT_YET_VALID"),
    (jwt.InvalidIssuedAtError, "NOT_YET_VALID"),
    (jwt.MissingRequiredClaimError, "CLAIM"),
    (jwt.InvalidAlgorithmError, "ALGORITHM"),
    (jwt.InvalidSignatureError, "SIGNATURE"),
)


def token_refused(cause: str) -> Unauthenticated:
    """The refusal of a token; `cause` is one fixed word, never a part of the token."""
    message = "Le jeton de l’agent est refusé ; reconnectez-vous."
    return Unauthenticated("TOKEN_REFUSED", message, metadata={"cause": cause})


def token_expired() -> Unauthenticated:
    """The refusal of a token that has ended."""
    return Unauthenticated("TOKEN_EXPIRED", "Le jeton de l’agent est périmé ; demandez-en un autre.")


class TokenReader:
    """Reads the tokens of some providers."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._by_issuer = {provider.issuer: provider for provider in providers}
        self._keys = {each.name: ProviderKeys(each) for each in providers if not each.introspection}
        self._asked = next((provider for provider in providers if provider.introspection), None)
        self._questions = threading.BoundedSemaphore(MAX_QUESTIONS)

    def refresh(self) -> bool:
        """Asks for the keys that are old; True if a key went, and with it the tokens that it signed."""
        gone = [keys.refresh() for keys in self._keys.values()]  # each is asked, whatever the others say
        return any(gone)

    def read(self, token: str) -> tuple[Provider, Mapping[str, Any], float]:
        """Who vouches for a token, what it says, and until when (Unix time) that may be kept."""
        if len(token) > MAX_TOKEN:
            raise token_refused("SIZE")
        provider = self._by_issuer.get(_issuer(token))
        if provider and provider.name in self._keys:
            claims = self._verified(token, provider)
            return provider, claims, float(claims["exp"]) + SKEW_SECONDS
        if self._asked and (provider is self._asked or not _is_jwt(token)):
            return self._introspected(token, self._asked)
        raise token_refused("ISSUER")

    def _verified(self, token: str, provider: Provider) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm, name = header.get("alg"), header.get("kid")
            if algorithm not in ALGORITHMS.values():  # before any key is asked for
                raise token_refused("ALGORITHM")
            key = self._keys[provider.name].key(name) if isinstance(name, str) else None
            if not key:
                raise token_refused("KEY")
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=provider.audience,
                issuer=provider.issuer,
                leeway=SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise token_expired() from None
        except _UNREADABLE as error:
            raise token_refused(_cause(error)) from None
        _check_kind(header, claims, provider)
        return claims

    def _introspected(self, token: str, provider: Provider) -> tuple[Provider, Mapping[str, Any], float]:
        """What the provider says of a token; nothing of it is believed but over its own pinned address."""
        if not provider.introspection:
            raise TypeError("a provider without introspection is not asked")
        try:
            with self._question():
                said = ask(*_request(token, provider, provider.introspection))
        except ProviderRefuses:
            raise token_refused("INACTIVE") from None
        except ProviderSilent as error:
            raise silent() from error
        if said.get("active") is not True:
            raise token_refused("INACTIVE")
        audience = said.get(provider.claims.audience)
        if provider.audience not in (audience if isinstance(audience, list) else [audience]):
            raise token_refused("AUDIENCE")
        if said.get("iss", provider.issuer) != provider.issuer:
            raise token_refused("ISSUER")
        now, end = time.time(), said.get("exp")
        if not isinstance(end, int | float) or isinstance(end, bool):
            raise token_refused("CLAIM")
        if end + SKEW_SECONDS <= now:
            raise token_expired()
        return provider, said, min(float(end) + SKEW_SECONDS, now + INTROSPECTED_SECONDS)

    @contextmanager
    def _question(self) -> Iterator[None]:
        """Holds the right to ask a question; raises ProviderSilent when too many are asked already."""
        if not self._questions.acquire(timeout=SECONDS):
            raise ProviderSilent
        try:
            yield
        finally:
            self._questions.release()


def _request(token: str, provider: Provider, to: Introspection) -> tuple[str, Any, bytes, Mapping[str, str]]:
    """The request of RFC 7662, where the server names itself as RFC 6749 §2.3.1 says."""
    pair = f"{quote_plus(to.client_id)}:{quote_plus(to.secret)}".encode()
    headers = {
        "Authorization": f"Basic {base64.b64encode(pair).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    body = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
    return to.uri, provider.authority_file, body, headers


def _check_kind(header: Mapping[str, Any], claims: Mapping[str, Any], provider: Provider) -> None:
    """Refuses what is no access token: an id_token says who logged in to some client, not who may call us."""
    kind = str(header.get("typ", "JWT")).lower().removeprefix("application/")
    if kind != provider.token_type.lower():
        raise token_refused("KIND")
    if _ONLY_OF_ID_TOKENS & claims.keys() or claims.get("typ") == "ID":
        raise token_refused("KIND")


def _cause(error: Exception) -> str:
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), "MALFORMED")


def _is_jwt(token: str) -> bool:
    return token.count(".") == 2


def _issuer(token: str) -> str:
    """Who a JWT says that it comes from, unproved: it only chooses the keys that prove it or not."""
    if not _is_jwt(token):
        return ""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except _UNREADABLE:
        return ""
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""
