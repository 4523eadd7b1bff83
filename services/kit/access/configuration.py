"""The file of accesses (TOML): who vouches for agents, which applications call, who is withdrawn."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from services.kit.access.files import Watched
from services.kit.errors import StartupError

GATEWAY = "gateway"
"""The account of an application that carries the calls of others, and says whose in a header."""

AGENTS = "agents"
"""The account of an application that calls for agents alone: without a token it may do nothing."""

LOOPBACK = "loopback"
"""The name of whatever calls in clear from this machine."""

_FRENCH = {"missing": "est obligatoire", "extra_forbidden": "n’existe pas"}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _secure(url: str) -> str:
    """A URL over HTTPS; in clear on this machine only."""
    parts = urlsplit(url)
    clear = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not (clear or parts.scheme == "https") or not parts.hostname:
        raise ValueError(url)
    return url


Url = Annotated[str, AfterValidator(_secure)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,30}$")]
Text = Annotated[str, Field(min_length=1, max_length=300)]
Siret = Annotated[str, Field(pattern=r"^[0-9]{14}$")]


class _Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Introspection(_Part):
    """Where the provider says whether a token is good (RFC 7662), and how this server names itself there."""

    uri: Url
    client_id: Text
    secret_file: Path
    secret: str = Field("", exclude=True)


class Claims(_Part):
    """The names of the claims of a token that the services read."""

    roles: Text = "roles"
    team: Text = "team"
    siret: Text = "siret"
    audience: Text = "aud"
    """Of an introspected token alone: ProConnect names there, by `client_id`, whom it made the token for."""


class Provider(_Part):
    """Who vouches for agents: the OIDC provider of the town, or ProConnect."""

    name: Name
    issuer: Url
    audience: Text
    jwks_uri: Url | None = None
    authority_file: Path | None = None
    token_type: Literal["at+jwt", "JWT"] = "at+jwt"  # noqa: S105 - no password
    introspection: Introspection | None = None
    claims: Claims = Claims()
    roles: Mapping[str, tuple[Text, ...]] = {}
    sirets: tuple[Siret, ...] = ()


class Application(_Part):
    """An application by its name in its certificate, what the role table knows of it, and its quota."""

    name: Text
    account: Name
    calls_per_minute: int = Field(0, ge=0)


class Agent(_Part):
    """An agent whose roles, team and employer are said here, where the provider does not know them."""

    provider: Name
    subject: Text
    roles: tuple[Text, ...]
    team: str = ""
    siret: Siret | None = None


class Withdrawals(_Part):
    """What is refused from now on: certificates by their SHA-256, agents by `sub`, tokens by `jti`."""

    certificates: frozenset[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = frozenset()
    subjects: frozenset[Text] = frozenset()
    tokens: frozenset[Text] = frozenset()


class AccessRules(_Part):
    """All that the file says."""

    providers: tuple[Provider, ...] = ()
    applications: tuple[Application, ...] = Field(min_length=1)
    agents: tuple[Agent, ...] = ()
    withdrawals: Withdrawals = Withdrawals()


def watch(path: Path) -> Watched[AccessRules]:
    """What the file says, followed as it changes."""
    return Watched([path], lambda contents: read(path, contents[0]))


def read(path: Path, content: bytes) -> AccessRules:
    """What the file says; StartupError with all that is wrong in it."""
    try:
        rules = AccessRules.model_validate(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise _refused(path, ["ce n’est pas du TOML en UTF-8"]) from None
    except ValidationError as error:
        raise _refused(path, [_sentence(item["loc"], item["type"]) for item in error.errors()]) from None
    if problems := list(_contradictions(rules)):
        raise _refused(path, problems)
    return _beside(path, rules)


def _contradictions(rules: AccessRules) -> Iterable[str]:
    for kind, names in (
        ("fournisseur", [provider.name for provider in rules.providers]),
        ("émetteur", [provider.issuer for provider in rules.providers]),
        ("application", [application.name for application in rules.applications]),
        ("agent", [f"{agent.provider}:{agent.subject}" for agent in rules.agents]),
    ):
        yield from (f"{kind} nommé deux fois : {name}" for name, count in Counter(names).items() if count > 1)
    if sum(provider.introspection is not None for provider in rules.providers) > 1:
        yield "un seul fournisseur est interrogé par introspection : un jeton opaque ne dit pas d’où il vient"
    for provider in rules.providers:
        if provider.claims.audience != "aud" and not provider.introspection:
            yield f"claims.audience est aux jetons interrogés par introspection : {provider.name}"
    known = {provider.name for provider in rules.providers}
    named = dict.fromkeys(agent.provider for agent in rules.agents)
    yield from (f"fournisseur inconnu : {provider}" for provider in named if provider not in known)


def _beside(path: Path, rules: AccessRules) -> AccessRules:
    """The rules with the files that they name found from their folder, and the secrets read."""
    providers = []
    for provider in rules.providers:
        changes: dict[str, object] = {}
        if provider.authority_file:
            changes["authority_file"] = path.parent / provider.authority_file
        if provider.introspection:
            file = path.parent / provider.introspection.secret_file
            secret = Watched([file], lambda contents: contents[0].decode("utf-8", "replace").strip()).value
            changes["introspection"] = provider.introspection.model_copy(update={"secret": secret})
        providers.append(provider.model_copy(update=changes))
    return rules.model_copy(update={"providers": tuple(providers)})


def _sentence(place: Sequence[int | str], kind: str) -> str:
    steps = [str(step + 1) if isinstance(step, int) else step for step in place]
    return f"{'.'.join(steps)} {_FRENCH.get(kind, 'n’a pas une valeur acceptée')}"


def _refused(path: Path, problems: Sequence[str]) -> StartupError:
    lines = [f"Le fichier d’accès {path} est refusé :", *(f"- {problem}." for problem in problems)]
    return StartupError("\n".join(lines))
