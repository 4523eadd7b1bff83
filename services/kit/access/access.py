"""Who makes a call: the application that its certificate names, and the agent of its token."""

from __future__ import annotations

import math
import re
import threading
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import grpc

from services.kit.access import certificates, configuration, forwarded
from services.kit.access.certificates import Certificate, TlsFiles
from services.kit.access.configuration import (
    AGENTS,
    GATEWAY,
    LOOPBACK,
    AccessRules,
    Agent,
    Application,
    Provider,
    Withdrawals,
)
from services.kit.access.forwarded import Forwarded
from services.kit.access.tokens import TokenReader, token_refused
from services.kit.caller import Caller
from services.kit.errors import Unauthenticated

LOOK_SECONDS = 5.0
"""How often the files are looked at: what they withdraw is refused that much later, at most."""

REMEMBERED = 4096
"""How many tokens, and how many certificates, a process remembers."""

_LONGEST_NAME = 200
_SUBJECT = re.compile(r"[!-~]{1,100}")
_LONGEST_TEXT, _LONGEST_ID = 100, 300
_SIRET = re.compile(r"[0-9]{14}")

Key = TypeVar("Key")
Value = TypeVar("Value")
Headers = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True)
class Shown:
    """The names in the certificate of a call, of its client where a gateway carries it, and its fingerprint;
    both empty without one."""

    names: str
    fingerprint: str


@dataclass(frozen=True)
class _Known:
    """A caller whose token was verified, and until when that holds."""

    caller: Caller
    until: float


@dataclass(frozen=True)
class _Direct:
    """The application that a certificate names, and the end of the certificate in Unix time."""

    application: Application
    until: float


@dataclass(frozen=True)
class _InForce:
    """What one reading of the file says, and what was proved under it: a call is served by one alone, so that
    what is known was not withdrawn."""

    applications: Mapping[str, Application]
    agents: Mapping[tuple[str, str], Agent]
    withdrawals: Withdrawals
    tokens: TokenReader
    known: dict[tuple[str, bytes], _Known]
    direct: dict[bytes, _Direct]

    def named(self, names: Sequence[str]) -> Application:
        """The one application of the file among the names of a certificate."""
        found = {name: self.applications[name] for name in names if name in self.applications}
        if len(found) != 1:
            raise _application_refused("UNKNOWN")
        return next(iter(found.values()))

    def refuse_withdrawn(self, caller: Caller) -> None:
        """Refuses an agent or a token that is withdrawn."""
        gone = self.withdrawals
        if caller.subject in gone.subjects or (caller.token_id and caller.token_id in gone.tokens):
            raise token_refused("WITHDRAWN")


class Access:
    """Says who calls one process; `start` keeps the files and the keys of the providers fresh."""

    def __init__(self, rules: Path, tls: TlsFiles | None) -> None:
        self._rules = configuration.watch(rules)
        self._shown = certificates.watch(tls) if tls else None
        self._certificates: dict[bytes, Certificate] = {}
        self._keeping = threading.Lock()
        self._in_force = _in_force(self._rules.value)

    def credentials(self) -> grpc.ServerCredentials | None:
        """How the port is opened; None in clear."""
        return certificates.server_credentials(self._shown) if self._shown else None

    def start(self) -> None:
        """Starts the thread that looks at the files, and asks the providers for their keys."""

        def loop() -> None:
            while True:
                self.refresh()
                pause.wait(LOOK_SECONDS)

        pause = threading.Event()
        threading.Thread(target=loop, name="access", daemon=True).start()

    def refresh(self) -> None:
        """Takes what the files and the providers say now; what was proved otherwise is forgotten."""
        if self._shown:
            self._shown.refresh()
        before = self._rules.value
        self._rules.refresh()
        if self._rules.value is not before:
            self._in_force = _in_force(self._rules.value)
        if self._in_force.tokens.refresh():
            self._in_force = replace(self._in_force, known={})

    def identify(self, call: grpc.ServicerContext) -> Caller:
        """Who makes a call; Unauthenticated when that is not proved."""
        return self.caller(self._pem(call), call.invocation_metadata())

    def shown(self, call: grpc.ServicerContext) -> Shown:
        """The certificate that a call shows, whatever it may do."""
        pem = self._pem(call)
        if not pem:
            return Shown("", "")
        certificate = self._certificate(pem)
        try:
            carries = self._direct(self._in_force, pem).account == GATEWAY
        except Unauthenticated:
            carries = False
        client = _client(call.invocation_metadata()) if carries else None
        if client:
            return Shown(client.name[:_LONGEST_NAME], client.fingerprint)
        return Shown(" ".join(certificate.names)[:_LONGEST_NAME], certificate.fingerprint)

    def _pem(self, call: grpc.ServicerContext) -> bytes | None:
        proved: Mapping[str, Any] = call.auth_context() if self._shown else {}
        found: Sequence[bytes | None] = proved.get("x509_pem_cert", (None,))
        return found[0]

    def caller(self, pem: bytes | None, headers: Headers) -> Caller:
        """Who calls with a certificate and headers."""
        rules = self._in_force
        application = self._direct(rules, pem)
        if application.account == GATEWAY:
            application = _forwarded(rules, headers)
        token = _token(headers)
        if token is not None:
            return self._agent(rules, application, token)
        if application.account == AGENTS:
            message = "Cet appel demande le jeton de l’agent ; connectez-vous, puis recommencez."
            raise Unauthenticated("TOKEN_REQUIRED", message)
        return _alone(application)

    def _direct(self, rules: _InForce, pem: bytes | None) -> Application:
        """The application of a certificate, which may be a gateway."""
        known = rules.direct.get(pem or b"")
        if known is None:
            known = self._named(rules, pem)
            self._keep(rules.direct, pem or b"", known)
        # A connection outlives the handshake that proved it: what ended since is refused at the next call.
        if known.until <= time.time():
            raise _application_refused("EXPIRED")
        return known.application

    def _named(self, rules: _InForce, pem: bytes | None) -> _Direct:
        if not self._shown:
            return _Direct(rules.named([LOOPBACK]), math.inf)
        if not pem:
            raise _application_refused("CERTIFICATE")
        certificate = self._certificate(pem)
        if certificate.fingerprint in rules.withdrawals.certificates:
            raise _application_refused("WITHDRAWN")
        return _Direct(rules.named(certificate.names), certificate.expires)

    def _certificate(self, pem: bytes) -> Certificate:
        certificate = self._certificates.get(pem)
        if certificate is None:
            certificate = certificates.read_certificate(pem)
            self._keep(self._certificates, pem, certificate)
        return certificate

    def _agent(self, rules: _InForce, application: Application, token: str) -> Caller:
        # The digest stands for the token: no secret stays in memory.
        place = application.name, sha256(token.encode()).digest()
        known = rules.known.get(place)
        if known is None or known.until <= time.time():
            provider, claims, until = rules.tokens.read(token)
            known = _Known(_described(rules, application, provider, claims), until)
            rules.refuse_withdrawn(known.caller)
            self._keep(rules.known, place, known)
        return known.caller

    def _keep(self, kept: dict[Key, Value], key: Key, value: Value) -> None:
        """Keeps a value, the oldest leaving when there are too many; a read needs no lock, and costs less."""
        with self._keeping:
            if len(kept) >= REMEMBERED:
                del kept[next(iter(kept))]
            kept[key] = value


def _in_force(rules: AccessRules) -> _InForce:
    return _InForce(
        {each.name: each for each in rules.applications},
        {(each.provider, each.subject): each for each in rules.agents},
        rules.withdrawals,
        TokenReader(rules.providers),
        known={},
        direct={},
    )


def _forwarded(rules: _InForce, headers: Headers) -> Application:
    """The application whose certificate a gateway saw."""
    client = _client(headers)
    if client is None:
        raise _application_refused("FORWARDED")
    if client.fingerprint in rules.withdrawals.certificates:
        raise _application_refused("WITHDRAWN")
    application = rules.named([client.name])
    if application.account == GATEWAY:  # a gateway has no calls of its own, and forwards to no other
        raise _application_refused("FORWARDED")
    return application


def _client(headers: Headers) -> Forwarded | None:
    """Whose certificate a gateway says that it saw."""
    values = [value for key, value in headers if key == forwarded.HEADER]
    return forwarded.parse(values[0]) if len(values) == 1 and isinstance(values[0], str) else None


def _described(
    rules: _InForce, application: Application, provider: Provider, claims: Mapping[str, Any]
) -> Caller:
    """The agent that verified claims describe, in our words."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise token_refused("CLAIM")
    token_id = _text(claims.get("jti"), _LONGEST_ID)
    if claims.get("jti") and not token_id:  # nobody could withdraw it
        raise token_refused("CLAIM")
    agent = rules.agents.get((provider.name, subject))
    said = claims.get(provider.claims.siret)
    siret = _matching(_SIRET, agent.siret if agent and agent.siret else said)
    if provider.sirets and siret not in provider.sirets:
        raise token_refused("EMPLOYER")
    return replace(
        _alone(application),
        subject=subject,
        provider=provider.name,
        roles=frozenset(agent.roles if agent else _roles(provider, claims)),
        team=_text(agent.team if agent else claims.get(provider.claims.team)),
        siret=siret,
        acr=_text(claims.get("acr")),
        token_id=token_id,
        expires=float(claims["exp"]),
    )


def _alone(application: Application) -> Caller:
    return Caller(application.name, application.account, application.calls_per_minute)


def _roles(provider: Provider, claims: Mapping[str, Any]) -> list[str]:
    """Our roles for those of the token; what the file does not translate gives none."""
    said = claims.get(provider.claims.roles)
    words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    return [role for word in words if isinstance(word, str) for role in provider.roles.get(word, ())]


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _text(value: object, longest: int = _LONGEST_TEXT) -> str:
    """A printable text without space at its ends, its accents in one form; empty for anything else."""
    text = unicodedata.normalize("NFC", value) if isinstance(value, str) else ""
    return text if len(text) <= longest and text.isprintable() and text == text.strip() else ""


def _token(headers: Headers) -> str | None:
    """The token of the header authorization; None without one."""
    values = [value for key, value in headers if key == "authorization"]
    if not values:
        return None
    scheme, _, token = str(values[0] if len(values) == 1 else "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise token_refused("MALFORMED")
    return token


def _application_refused(cause: str) -> Unauthenticated:
    message = "L’application qui appelle n’est pas reconnue par ce service ; prévenez l’exploitant."
    return Unauthenticated("APPLICATION_REFUSED", message, metadata={"cause": cause})
