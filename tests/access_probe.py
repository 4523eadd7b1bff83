"""The services with callers that the header x-actor names, as if proved: "sub=marie;roles=committee"."""

from __future__ import annotations

import sys
from dataclasses import replace

from services.bank_registry import app as bank_registry
from services.bank_registry import config as bank_registry_config
from services.documents import app as documents
from services.documents import config as documents_config
from services.eligibility import app as eligibility
from services.eligibility import config as eligibility_config
from services.kit import context
from services.kit.caller import Caller
from services.kit.serve import server


def header(
    sub: str = "", roles: str = "", team: str = "", account: str = "", application: str = "logiciel"
) -> tuple[tuple[str, str], ...]:
    """The metadata that make a caller of this probe."""
    named = {"sub": sub, "roles": roles, "team": team, "account": account, "application": application}
    return (("x-actor", ";".join(f"{name}={value}" for name, value in named.items() if value)),)


def _caller(text: str) -> Caller | None:
    if not text:
        return None
    given = dict(part.split("=", 1) for part in text.split(";"))
    return Caller(
        application=given.get("application", "logiciel"),
        account=given.get("account", ""),
        subject=given.get("sub", ""),
        provider="essai" if "sub" in given else "",
        roles=frozenset(filter(None, given.get("roles", "").split(","))),
        team=given.get("team", ""),
    )


def _prove() -> None:
    enter = context.enter
    context.enter = lambda call: enter(replace(call, caller=_caller(call.actor)))


def serve_eligibility() -> None:
    _prove()
    sys.exit(server.main(eligibility_config.Settings, eligibility.make_app))


def serve_documents() -> None:
    _prove()
    sys.exit(server.main(documents_config.Settings, documents.make_app))


def serve_bank_registry() -> None:
    _prove()
    sys.exit(server.main(bank_registry_config.Settings, bank_registry.make_app))
