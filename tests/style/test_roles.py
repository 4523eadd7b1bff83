"""The role table names every RPC that a service serves, and nothing else: an RPC left out fails the build."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from services.kit.access.roles import RELEASES, Act, RoleTable, shipped
from tools.contracts import describe, own
from tools.contracts.reading import ROOT

PACKAGES = {
    "eligibility": "microcredit.eligibility.v1",
    "documents": "microcredit.documents.v1",
    "bank_registry": "microcredit.bankregistry.v1",
}
COLLECTIONS = {"eligibility": {"rulesets"}, "documents": {"templates", "profiles"}, "bank_registry": set()}
ALONE = {"microcredit.documents.v1.PdfService/ConvertToPdf"}
"""What no agent calls: a service of ours does."""


@pytest.fixture(scope="module")
def contract() -> FileDescriptorSet:
    return describe(ROOT / "protos")


def table(service: str) -> RoleTable:
    return shipped(Path(ROOT) / "services" / service / "roles.toml")


def methods(contract: FileDescriptorSet, package: str) -> set[str]:
    return {
        f"{package}.{service.name}/{method.name}"
        for file in own(contract)
        if file.package == package
        for service in file.service
        for method in service.method
    }


@pytest.mark.parametrize("service", PACKAGES)
def test_every_call_has_its_roles_and_no_other_is_named(service: str, contract: FileDescriptorSet) -> None:
    served = methods(contract, PACKAGES[service]) | methods(contract, "microcredit.access.v1")
    own_acts = {Act(method) for method in served}
    releases = methods(contract, RELEASES.rpartition(".")[0])
    assert len(own_acts) >= 5
    assert len(releases) >= 11
    deployed = {Act(method, collection) for method in releases for collection in COLLECTIONS[service]}
    assert set(table(service).acts) == own_acts | deployed


@pytest.mark.parametrize("service", PACKAGES)
def test_every_call_is_open_to_somebody_and_a_service_ships_no_account(service: str) -> None:
    found = table(service)
    assert {act.method for act, roles in found.acts.items() if not roles} <= ALONE
    assert found.accounts == {}


def test_the_three_tables_describe_the_same_roles() -> None:
    assert len({repr(sorted(table(service).roles.items())) for service in PACKAGES}) == 1


def test_who_publishes_does_not_put_in_force() -> None:
    for service in ("eligibility", "documents"):
        found = table(service)
        for collection in found.collections:
            publishes, activates = (
                found.allowed(Act(f"{RELEASES}/{name}", collection))
                for name in ("PublishPackage", "ActivateVersion")
            )
            assert publishes
            assert activates
            assert not publishes & activates
