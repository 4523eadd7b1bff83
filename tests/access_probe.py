"""The services with callers that the header x-actor names, as if proved: "sub=marie;roles=committee"."""

from __future__ import annotations

import sys
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.bank_registry import app as bank_registry
from services.bank_registry import config as bank_registry_config
from services.documents import app as documents
from services.documents import config as documents_config
from services.eligibility import app as eligibility
from services.eligibility import config as eligibility_config
from services.kit.caller import Caller
from services.kit.serve import server
from services.kit.serve.config import ServerSettings


def header(
    sub: str = "", roles: str = "", team: str = "", account: str = "", application: str = "logiciel"
) -> tuple[tuple[str, str], ...]:
    """The metadata that make a caller of this probe."""
    named = {"sub": sub, "roles": roles, "team": team, "account": account, "application": application}
    return (("x-actor", ";".join(f"{name}={value}" for name, value in named.items() if value)),)


def reason(call: Any) -> str:
    """The reason in the ErrorInfo of a failed call."""
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(call)
    if status is not None and status.details and status.details[0].Unpack(info):
        return str(info.reason)
    return ""


class Believing:
    """Stands for `Access`: believes what a call says of its caller."""

    def start(self) -> None:
        """Has nothing to keep fresh."""

    def credentials(self) -> None:
        """Opens the port in clear."""

    def identify(self, call: grpc.ServicerContext) -> Caller:
        """The caller of the header."""
        text = dict(call.invocation_metadata())["x-actor"]
        given = dict(part.split("=", 1) for part in str(text).split(";"))
        return Caller(
            application=given["application"],
            account=given.get("account", ""),
            subject=given.get("sub", ""),
            provider="essai" if "sub" in given else "",
            roles=frozenset(filter(None, given.get("roles", "").split(","))),
            team=given.get("team", ""),
        )


def _believe() -> None:
    ServerSettings.access = lambda _: Believing()  # type: ignore[assignment,method-assign,return-value]


def serve_eligibility() -> None:
    _believe()
    sys.exit(server.main(eligibility_config.Settings, eligibility.make_app))


def serve_documents() -> None:
    _believe()
    sys.exit(server.main(documents_config.Settings, documents.make_app))


def serve_bank_registry() -> None:
    _believe()
    sys.exit(server.main(bank_registry_config.Settings, bank_registry.make_app))
