"""The three services as they ship, over TLS, with the tokens of a real provider that is itself behind TLS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from microcredit.access.v1 import access_service_pb2 as access
from microcredit.access.v1.access_service_pb2_grpc import AccessServiceStub
from microcredit.bankregistry.v1.bank_editing_service_pb2 import CreateBankRequest
from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceStub
from microcredit.bankregistry.v1.bank_pb2 import BANK_KIND_CREDIT_INSTITUTION, Bank
from microcredit.bankregistry.v1.registry_admin_service_pb2 import ListAuditEntriesRequest
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from microcredit.documents.v1.document_service_pb2_grpc import DocumentServiceStub
from microcredit.eligibility.v1.decision_service_pb2 import GetDecisionRequest
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.eligibility_service_pb2 import AssessEligibilityRequest
from microcredit.eligibility.v1.eligibility_service_pb2_grpc import EligibilityServiceStub
from services.kit.access.guard import UNPROVED_PER_MINUTE
from services.kit.access.roles import RELEASES, shipped
from tests import oidc
from tests.access_probe import reason
from tests.access_support import GATEWAY, SOFTWARE, TEAM, Town, fingerprint
from tests.bank_registry_support import siren
from tests.documents_support import REFUSAL, example, request
from tests.eligibility_reglement import BASE
from tests.eligibility_support import application
from tests.service.test_access_roles import SERVED, refusal, rpcs
from tests.support import ROOT, Launch, wait_until
from tools import certificates

pytestmark = oidc.needs_provider

ROLES = sorted(shipped(ROOT / "services/eligibility/roles.toml").roles)
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    **{role: {"roles": [f"mc-{role}"], **TEAM} for role in ROLES},
    "hugo": {"roles": ["mc-instructor"], "team": "josselin"},
}
RULES = f"""
[[applications]]
name = "{SOFTWARE}"
account = "agents"

[[applications]]
name = "{GATEWAY}"
account = "gateway"

[[providers]]
name = "ville"
issuer = "{{issuer}}"
audience = "microcredit"
authority_file = "fournisseur.pem"

[providers.roles]
{"".join(f'mc-{role} = ["{role}"]' + chr(10) for role in ROLES)}
"""
TIMEOUT = 120
CASE = "MC-2026-0777"
Metadata = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    root = certificates.authority("Autorité du fournisseur")
    (folder / "fournisseur.pem").write_bytes(root.pem())
    with oidc.Provider(oidc.free_port(), folder, PEOPLE, authority=root).running() as provider:
        yield Town(folder, provider, rules=RULES)


@pytest.fixture(scope="module")
def addresses(town: Town, launch: Launch) -> Mapping[str, str]:
    """Where each service is."""
    return {name: launch(f"services.{name}", "--workers=1", *town.options()).address for name in SERVED}


@pytest.fixture(scope="module")
def channels(town: Town, addresses: Mapping[str, str]) -> Iterator[Mapping[str, grpc.Channel]]:
    """The social software, connected to each service."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(town.channel(address, town.pairs[SOFTWARE]))
            for name, address in addresses.items()
        }


@pytest.fixture(scope="module")
def tokens(town: Town) -> Mapping[str, Metadata]:
    """What each person shows, who says besides that it is somebody else."""
    return {
        person: (("authorization", f"Bearer {town.provider.login(person).access}"), ("x-actor", "le-maire"))
        for person in PEOPLE
    }


@pytest.mark.parametrize("service", SERVED)
def test_each_role_has_its_calls_and_no_other(
    service: str, channels: Mapping[str, grpc.Channel], tokens: Mapping[str, Metadata]
) -> None:
    """One call that the shipped table permits to a role, and one that it does not: the whole matrix is tried
    in test_access_roles."""
    table, every = shipped(ROOT / "services" / service / "roles.toml"), list(rpcs(service))
    for role in ROLES:
        for rpc in _one_of_each(table.allowed, every, role):
            got = refusal(channels[service], rpc, tokens[role])
            denied = got == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
            assert denied is (role not in table.allowed(rpc.act)), (role, rpc.act, got)
    assert refusal(channels[service], every[0], ()) == ("UNAUTHENTICATED", "TOKEN_REQUIRED")


def _one_of_each(allowed: Any, every: list[Any], role: str) -> Iterator[Any]:
    named = [rpc for rpc in every if rpc.act.collection or not rpc.act.method.startswith(RELEASES)]
    for may in (True, False):
        yield from [rpc for rpc in named if (role in allowed(rpc.act)) is may][:1]


def told(call: Any, message: Any, metadata: Metadata) -> str:
    """OK, or the reason of a refusal."""
    try:
        call(message, metadata=metadata, timeout=TIMEOUT)
    except grpc.RpcError as error:
        return reason(error)
    return "OK"


def noted(channel: grpc.Channel, metadata: Metadata, expected: list[tuple[str, str, str]]) -> None:
    """Waits until the journal of a service holds the lines of the case, oldest first."""
    asked = access.ListAccessesRequest(case_reference=CASE, page_size=200)

    def found() -> bool:
        answer = AccessServiceStub(channel).ListAccesses(asked, metadata=metadata, timeout=TIMEOUT)
        of_town = [one for one in answer.accesses if one.team == TEAM["team"]]
        assert {(one.siret, one.acr) for one in of_town} <= {(TEAM["siret"], TEAM["acr"])}
        lines = [
            (one.subject, one.method.rpartition("/")[2], one.reason or one.code) for one in answer.accesses
        ]
        return [line for line in lines[::-1] if line[1] != "ListAccesses"] == expected

    wait_until(found)


def test_a_case_is_assessed_by_its_team_alone(
    channels: Mapping[str, grpc.Channel], tokens: Mapping[str, Metadata]
) -> None:
    channel = channels["eligibility"]
    asked = AssessEligibilityRequest(case_reference=CASE, application=application(BASE))
    assess, decisions = EligibilityServiceStub(channel).AssessEligibility, DecisionServiceStub(channel)
    answer = assess(asked, metadata=tokens["instructor"], timeout=TIMEOUT)
    read = GetDecisionRequest(name=f"decisions/{answer.assessment.decision_id}")
    assert told(decisions.GetDecision, read, tokens["instructor"]) == "OK"
    assert told(decisions.GetDecision, read, tokens["hugo"]) == "DECISION_NOT_FOUND"
    assert told(assess, asked, tokens["hugo"]) == "CASE_NOT_ALLOWED"
    noted(
        channel,
        tokens["auditor"],
        [
            ("ville:instructor", "AssessEligibility", "OK"),
            ("ville:instructor", "GetDecision", "OK"),
            ("ville:hugo", "GetDecision", "DECISION_NOT_FOUND"),
            ("ville:hugo", "AssessEligibility", "CASE_NOT_ALLOWED"),
        ],
    )


def test_a_letter_is_made_by_the_team_of_its_case_alone(
    channels: Mapping[str, grpc.Channel], tokens: Mapping[str, Metadata]
) -> None:
    channel, letter = channels["documents"], example("refus-budget")
    letter["case"]["reference"] = CASE
    generate = DocumentServiceStub(channel).GenerateDocument
    asked = request(REFUSAL, letter)
    assert told(generate, asked, tokens["instructor"]) == "OK"
    assert told(generate, asked, tokens["hugo"]) == "CASE_NOT_ALLOWED"
    noted(
        channel,
        tokens["auditor"],
        [
            ("ville:instructor", "GenerateDocument", "OK"),
            ("ville:hugo", "GenerateDocument", "CASE_NOT_ALLOWED"),
        ],
    )


def test_the_registry_names_who_proved_who_they_are(
    channels: Mapping[str, grpc.Channel], tokens: Mapping[str, Metadata]
) -> None:
    channel = channels["bank_registry"]
    lender = Bank(display_name="Banque de l’essai", kind=BANK_KIND_CREDIT_INSTITUTION, siren=siren(1))
    create = BankEditingServiceStub(channel).CreateBank
    asked = CreateBankRequest(bank=lender, reason="Convention signée.")
    assert told(create, asked, tokens["instructor"]) == "ROLE_NOT_ALLOWED"
    assert told(create, asked, tokens["registry_keeper"]) == "OK"
    entries = RegistryAdminServiceStub(channel).ListAuditEntries
    written = entries(ListAuditEntriesRequest(), metadata=tokens["auditor"], timeout=TIMEOUT).entries
    assert {entry.actor for entry in written} == {"ville:registry_keeper"}


@pytest.mark.parametrize("service", SERVED)
def test_who_proved_nothing_is_noted_with_its_certificate_and_nothing_it_said(
    service: str, town: Town, addresses: Mapping[str, str], tokens: Mapping[str, Metadata]
) -> None:
    stranger = "spiffe://essai/inconnu"
    pairs = {SOFTWARE: town.pairs[SOFTWARE], stranger: certificates.issue(town.root, stranger, [stranger])}
    asked = access.ListAccessesRequest(page_size=1)
    for pair in pairs.values():
        with town.channel(addresses[service], pair) as channel:
            path, bad = AccessServiceStub(channel).ListAccesses, (("authorization", "Bearer secret.a.b"),)
            assert told(path, asked, bad) in ("TOKEN_REFUSED", "APPLICATION_REFUSED")
    with town.channel(addresses[service], pairs[SOFTWARE]) as channel:
        stub = AccessServiceStub(channel)

        def found() -> set[tuple[str, str, str, str]]:
            request = access.ListAccessesRequest(page_size=200)
            lines = stub.ListAccesses(request, metadata=tokens["auditor"], timeout=TIMEOUT).accesses
            assert "secret" not in str(lines)
            refused = [one for one in lines if one.code == "UNAUTHENTICATED"]
            return {(one.application, one.subject, one.peer, one.reason) for one in refused}

        wait_until(
            lambda: (
                found()
                >= {
                    (SOFTWARE, "", "127.0.0.1", "TOKEN_REFUSED"),
                    (stranger, "", "127.0.0.1", "APPLICATION_REFUSED"),
                }
            )
        )


def test_who_is_refused_often_hides_nothing_of_what_others_try(
    town: Town, addresses: Mapping[str, str], tokens: Mapping[str, Metadata]
) -> None:
    """Through a gateway too: each client that it carries is noted by its own name and counted alone."""
    loud, quiet = (f"spiffe://essai/{name}" for name in ("bruyant", "discret"))
    pairs = {name: certificates.issue(town.root, name, [name]) for name in (loud, quiet)}
    asked = access.ListAccessesRequest(page_size=1)

    def carried(name: str) -> Metadata:
        return (("x-forwarded-client-cert", f"Hash={fingerprint(pairs[name])};URI={name}"),)

    with (
        town.channel(addresses["bank_registry"], town.pairs[GATEWAY]) as gateway,
        town.channel(addresses["bank_registry"], town.pairs[SOFTWARE]) as software,
    ):
        call = AccessServiceStub(gateway).ListAccesses
        for name in (*[loud] * (UNPROVED_PER_MINUTE + 1), quiet):
            assert told(call, asked, carried(name)) == "APPLICATION_REFUSED"

        def noted_names() -> set[str]:
            request = access.ListAccessesRequest(application=quiet)
            stub = AccessServiceStub(software)
            lines = stub.ListAccesses(request, metadata=tokens["auditor"], timeout=TIMEOUT).accesses
            return {line.application for line in lines}

        wait_until(lambda: noted_names() == {quiet})
