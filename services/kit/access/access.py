"""Who makes a call: the application that its certificate names, and the agent of its token."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
from cachetools import LRUCache

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
)
from services.kit.access.tokens import TokenReader, token_refused
from services.kit.caller import Caller
from services.kit.errors import Unauthenticated

LOOK_SECONDS = 5.0
"""How often the files are looked at: what they withdraw is refused that much later, at most."""

REMEMBERED = 4096
"""How many tokens, and how many certificates, a process remembers."""

_SUBJECT = re.compile(r"[!-~]{1,100}")
_TEAM = re.compile(r"[ -~]{1,100}")
_SIRET = re.compile(r"\d{14}")
_BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)

Headers = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True)
class _Known:
    """A caller whose token was verified, and until when that holds."""

    caller: Caller
    until: float


class Access:
    """Says who calls one process; `start` keeps the files and the keys of the providers fresh."""

    def __init__(self, rules: Path, tls: TlsFiles | None) -> None:
        self._rules = configuration.watch(rules)
        self._shown = certificates.watch(tls) if tls else None
        self._applications: dict[str, Application] = {}
        self._agents: dict[tuple[str, str], Agent] = {}
        self._certificates: LRUCache[bytes, Certificate] = LRUCache(REMEMBERED)
        self._known: LRUCache[tuple[str, bytes], _Known] = LRUCache(REMEMBERED)
        self._lock = threading.Lock()
        self._take(self._rules.value)

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
        """Takes what the files and the providers say now."""
        if self._shown:
            self._shown.refresh()
        before = self._rules.value
        self._rules.refresh()
        if self._rules.value is not before:
            self._take(self._rules.value)
        if self._tokens.refresh():
            with self._lock:
                self._known.clear()

    def identify(self, call: grpc.ServicerContext) -> Caller:
        """Who makes a call; Unauthenticated when that is not proved."""
        proved: Mapping[str, Any] = call.auth_context() if self._shown else {}
        (pem,) = proved.get("x509_pem_cert", (None,))
        return self.caller(pem, call.invocation_metadata())

    def caller(self, pem: bytes | None, headers: Headers) -> Caller:
        """Who calls with a certificate and headers."""
        application = self._application(pem, headers)
        token = _token(headers)
        if token is None:
            if application.account == AGENTS:
                message = "Cet appel demande le jeton de l’agent ; connectez-vous, puis recommencez."
                raise Unauthenticated("TOKEN_REQUIRED", message)
            return _alone(application)
        return self._agent(application, token)

    def _take(self, rules: AccessRules) -> None:
        """Makes rules those in force; what was remembered under others is forgotten."""
        with self._lock:
            self._applications = {each.name: each for each in rules.applications}
            self._agents = {(each.provider, each.subject): each for each in rules.agents}
            self._withdrawn = rules.withdrawals
            self._tokens = TokenReader(rules.providers)
            self._known.clear()

    def _application(self, pem: bytes | None, headers: Headers) -> Application:
        if not self._shown:
            return self._named([LOOPBACK])
        if not pem:
            raise _application_refused("CERTIFICATE")
        certificate = self._certificate(pem)
        application = self._named(certificate.names)
        if application.account != GATEWAY:
            return application
        return self._forwarded(headers)

    def _forwarded(self, headers: Headers) -> Application:
        """The application whose certificate the gateway saw."""
        values = [value for key, value in headers if key == forwarded.HEADER]
        client = forwarded.parse(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
        if client is None:
            raise _application_refused("FORWARDED")
        if client.fingerprint in self._withdrawn.certificates:
            raise _application_refused("WITHDRAWN")
        application = self._named([client.name])
        if application.account == GATEWAY:  # a gateway has no calls of its own, and forwards to no other
            raise _application_refused("FORWARDED")
        return application

    def _named(self, names: Sequence[str]) -> Application:
        """The one application that a certificate names; each name must be that application's or nobody's."""
        found = {name: self._applications[name] for name in names if name in self._applications}
        if len(found) != 1:
            raise _application_refused("UNKNOWN")
        return next(iter(found.values()))

    def _certificate(self, pem: bytes) -> Certificate:
        with self._lock:
            certificate = self._certificates.get(pem)
        if certificate is None:
            certificate = certificates.read_certificate(pem)
            with self._lock:
                self._certificates[pem] = certificate
        # A connection outlives the handshake that proved it: what ended since is refused at the next call.
        if certificate.expires <= time.time():
            raise _application_refused("EXPIRED")
        if certificate.fingerprint in self._withdrawn.certificates:
            raise _application_refused("WITHDRAWN")
        return certificate

    def _agent(self, application: Application, token: str) -> Caller:
        # The digest stands for the token: no secret stays in memory.
        place = application.name, sha256(token.encode()).digest()
        with self._lock:
            known, tokens = self._known.get(place), self._tokens
        if known is None or known.until <= time.time():
            provider, claims, until = tokens.read(token)
            known = _Known(self._described(application, provider, claims), until)
            with self._lock:
                if tokens is self._tokens:  # else the rules changed while this was read by the old ones
                    self._known[place] = known
        return self._still(known.caller)

    def _still(self, caller: Caller) -> Caller:
        """The caller, unless withdrawn."""
        withdrawn = self._withdrawn
        if caller.subject in withdrawn.subjects or (caller.token_id and caller.token_id in withdrawn.tokens):
            raise token_refused("WITHDRAWN")
        return caller

    def _described(self, application: Application, provider: Provider, claims: Mapping[str, Any]) -> Caller:
        """The agent that verified claims describe, in our words."""
        subject, siret = claims.get("sub"), _matching(_SIRET, claims.get(provider.claims.siret))
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise token_refused("CLAIM")
        if provider.sirets and siret not in provider.sirets:
            raise token_refused("EMPLOYER")
        agent = self._agents.get((provider.name, subject))
        return replace(
            _alone(application),
            subject=subject,
            provider=provider.name,
            roles=frozenset(agent.roles if agent else _roles(provider, claims)),
            team=agent.team if agent else _matching(_TEAM, claims.get(provider.claims.team)),
            siret=siret,
            acr=_matching(_TEAM, claims.get("acr")),
            token_id=_matching(_TEAM, claims.get("jti")),
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


def _token(headers: Headers) -> str | None:
    """The token of the header authorization; None without one."""
    values = [value for key, value in headers if key == "authorization"]
    if not values:
        return None
    match = _BEARER.fullmatch(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
    if not match:
        raise token_refused("MALFORMED")
    return match[1]


def _application_refused(cause: str) -> Unauthenticated:
    message = "L’application qui appelle n’est pas reconnue par ce service ; prévenez l’exploitant."
    return Unauthenticated("APPLICATION_REFUSED", message, metadata={"cause": cause})
