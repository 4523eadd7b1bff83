"""Who makes a call, once it is proved: an application by its certificate, an agent by a token."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """An application, and the agent it acts for; an application alone (a service account) has no subject."""

    application: str
    """The name of the application in its certificate (SAN), or the one that a gateway forwards."""

    account: str = ""
    """What the table of applications makes of the application: a name that the role table knows."""

    calls_per_minute: int = 0
    """The quota of the application; 0 where none is set."""

    subject: str = ""
    """`sub`: the agent, as the provider names them for ever; empty for an application alone."""

    provider: str = ""
    """Which provider vouches for the agent, by its name in the settings: two may give the same `sub`."""

    roles: frozenset[str] = frozenset()
    """The roles of the agent, in our words; none for an application alone."""

    team: str = ""
    """The team of the agent; empty when the token names none."""

    siret: str = ""
    """The employer of the agent."""

    acr: str = ""
    """How the provider made sure of the agent (`acr`)."""

    token_id: str = ""
    """`jti` of the token; empty when it has none."""

    expires: float = float("inf")
    """The end of what proves the agent, in seconds of Unix time; no end for an application alone."""

    @property
    def identity(self) -> str:
        """What is written of who acted: the agent, or the application that acts alone."""
        return f"{self.provider}:{self.subject}" if self.subject else self.application
