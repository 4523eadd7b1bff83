"""Every RPC of every service, called by every role, against the table: real servers, callers as if proved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from microcredit.access.v1 import access_service_pb2
from microcredit.bankregistry.v1 import (
    bank_editing_service_pb2,
    bank_registry_service_pb2,
    envelope_service_pb2,
    registry_admin_service_pb2,
)
from microcredit.documents.v1 import document_service_pb2, store_service_pb2, template_service_pb2
from microcredit.eligibility.v1 import (
    decision_service_pb2,
    eligibility_service_pb2,
    loan_service_pb2,
    ruleset_service_pb2,
)
from microcredit.releases.v1 import release_service_pb2
from services.kit.access.roles import RELEASES, Act, shipped
from tests import access_probe
from tests.access_probe import reason
from tests.support import ROOT, Launch, RunningServer, wait_until

SERVED: Mapping[str, tuple[Any, ...]] = {
    "eligibility": (
        eligibility_service_pb2,
        loan_service_pb2,
        ruleset_service_pb2,
        decision_service_pb2,
        release_service_pb2,
        access_service_pb2,
    ),
    "documents": (
        document_service_pb2,
        store_service_pb2,
        template_service_pb2,
        release_service_pb2,
        access_service_pb2,
    ),
    "bank_registry": (
        bank_registry_service_pb2,
        bank_editing_service_pb2,
        envelope_service_pb2,
        registry_admin_service_pb2,
        access_service_pb2,
    ),
}
REFUSALS = {"ROLE_NOT_ALLOWED", "APPLICATION_NOT_ALLOWED", "QUOTA_EXCEEDED"}
ACCOUNTS = """
[accounts.nuit]
methods = ["microcredit.eligibility.v1.EligibilityService/BatchAssessEligibility"]
calls_per_minute = 3
"""


@dataclass(frozen=True)
class Rpc:
    """A method of a server, and the message that a call of it sends."""

    act: Act
    request: Message
    client_streaming: bool
    server_streaming: bool


def rpcs(service: str) -> Iterator[Rpc]:
    """Every RPC of a service; those of releases once for each collection, and once for none."""
    collections = sorted(shipped(ROOT / "services" / service / "roles.toml").collections)
    for module in SERVED[service]:
        for proto in module.DESCRIPTOR.services_by_name.values():
            for method in proto.methods:
                for collection in ("", *collections) if proto.full_name == RELEASES else ("",):
                    act = Act(f"{proto.full_name}/{method.name}", collection)
                    request = asked(method.input_type, collection)
                    yield Rpc(act, request, method.client_streaming, method.server_streaming)


def asked(kind: Any, collection: str) -> Message:
    """A message that names a collection, and what makes of a watch a wrong request rather than a wait."""
    pool = descriptor_pool.Default()
    message: Message = message_factory.GetMessageClass(pool.FindMessageTypeByName(kind.full_name))()
    request: Any = message
    for field in ("collection", "name", "parent"):
        if collection and hasattr(request, field):
            setattr(request, field, collection if field == "collection" else f"{collection}/inconnu")
    if hasattr(request, "after_state_number"):
        request.after_state_number = -1
    return message


def refusal(channel: Any, rpc: Rpc, metadata: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """The code and the reason of an answer."""
    sent = rpc.request.SerializeToString()
    path = f"/{rpc.act.method}"
    try:
        if rpc.client_streaming:
            list(channel.stream_stream(path)(iter([sent]), metadata=metadata, timeout=300))
        elif rpc.server_streaming:
            list(channel.unary_stream(path)(sent, metadata=metadata, timeout=300))
        else:
            channel.unary_unary(path)(sent, metadata=metadata, timeout=300)
    except grpc.RpcError as error:
        call: Any = error
        return call.code().name, reason(call)
    return "OK", ""


@pytest.fixture(scope="module")
def roles_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("roles") / "roles.toml"
    path.write_text(ACCOUNTS)
    return path


@pytest.fixture(scope="module")
def eligibility(launch: Launch, roles_file: Path) -> RunningServer:
    return launch("tests.access_probe:serve_eligibility", "--roles-file", str(roles_file), "--workers", "2")


def serving(service: str, launch: Launch, eligibility: RunningServer) -> RunningServer:
    return eligibility if service == "eligibility" else launch(f"tests.access_probe:serve_{service}")


@pytest.mark.parametrize("service", SERVED)
def test_every_rpc_is_open_to_the_roles_of_the_table_and_to_no_other(
    service: str, launch: Launch, eligibility: RunningServer
) -> None:
    table = shipped(ROOT / "services" / service / "roles.toml")
    roles, wrong, calls = sorted(table.roles), [], 0
    with grpc.insecure_channel(serving(service, launch, eligibility).address) as channel:
        for rpc in rpcs(service):
            acts = [rpc.act]
            if rpc.act.method.startswith(RELEASES) and not rpc.act.collection:
                acts = [Act(rpc.act.method, collection) for collection in table.collections]
            for role in roles:
                may = all(role in table.allowed(act) for act in acts)
                got = refusal(channel, rpc, access_probe.header("marie", role, "nord"))
                calls += 1
                if (got == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")) is may:
                    wrong.append((str(rpc.act), role, got))
            denied = refusal(channel, rpc, access_probe.header("marie", "", "nord"))
            alone = refusal(channel, rpc, access_probe.header())
            assert denied == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED"), rpc.act
            assert alone == ("PERMISSION_DENIED", "APPLICATION_NOT_ALLOWED"), rpc.act
    assert wrong == []
    assert calls >= 300


def test_what_is_not_permitted_reveals_nothing_of_the_request(eligibility: RunningServer) -> None:
    """Bytes that are no message, sent by who may not call: the refusal is that of the role."""
    path = "/microcredit.eligibility.v1.DecisionService/GetDecision"
    channel: Any
    with grpc.insecure_channel(eligibility.address) as channel:
        for role, expected in (("rules_author", "ROLE_NOT_ALLOWED"), ("supervisor", "REQUEST_UNREADABLE")):
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary(path)(b"\xff", metadata=access_probe.header("marie", role))
            assert reason(refused.value) == expected


def test_an_account_has_its_methods_and_its_quota_for_all_the_workers(eligibility: RunningServer) -> None:
    batch, other = (
        next(rpc for rpc in rpcs("eligibility") if rpc.act.method.endswith(f"/{name}"))
        for name in ("BatchAssessEligibility", "AssessEligibility")
    )
    outcomes = []
    for _ in range(3):  # a connection each: the workers share them, and count together
        with grpc.insecure_channel(
            eligibility.address, options=[("grpc.use_local_subchannel_pool", 1)]
        ) as one:
            metadata = access_probe.header(account="nuit", application="lot")
            assert refusal(one, other, metadata)[1] == "APPLICATION_NOT_ALLOWED"
            outcomes += [refusal(one, batch, metadata)[1] for _ in range(2)]
    assert outcomes == ["INVALID_FIELDS"] * 3 + ["QUOTA_EXCEEDED"] * 3
    with grpc.insecure_channel(eligibility.address) as channel:
        another = access_probe.header(account="nuit", application="autre")
        assert refusal(channel, batch, another)[1] == "INVALID_FIELDS"


def test_a_changed_file_of_roles_is_followed_and_a_wrong_one_is_not(
    eligibility: RunningServer, roles_file: Path
) -> None:
    (rpc,) = (rpc for rpc in rpcs("eligibility") if rpc.act.method.endswith("/SimulateLoan"))
    metadata = access_probe.header("marie", "auditor")

    with grpc.insecure_channel(eligibility.address) as channel:

        def is_open() -> bool:
            return refusal(channel, rpc, metadata)[1] not in REFUSALS

        assert not is_open()
        opened = '[services."microcredit.eligibility.v1.LoanService"]\nSimulateLoan = ["auditor"]\n'
        roles_file.write_text(ACCOUNTS + opened)
        wait_until(is_open)
        roles_file.write_text("[services.\n")
        # The file is looked at when a call comes: the one that finds it wrong is served by the table before.
        wait_until(lambda: not is_open() or "roles_refused" in eligibility.log.read_text())
        assert is_open()
        roles_file.write_text(ACCOUNTS)
        wait_until(lambda: not is_open())
