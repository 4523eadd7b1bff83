"""The BankRegistryService of the contract."""

from __future__ import annotations

from collections.abc import Iterable

import grpc

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1 import bank_registry_service_pb2_grpc as pb_grpc
from microcredit.bankregistry.v1.bank_pb2 import BankCheck
from services.bank_registry.edge import paging, requests
from services.bank_registry.edge.answers import Answers
from services.bank_registry.edge.paging import Place
from services.bank_registry.registry.history import Records, Registry
from services.bank_registry.registry.names import closest
from services.bank_registry.registry.selection import check_bank, select
from services.bank_registry.store import RegistryStore
from services.kit import french
from services.kit.errors import NotFound, Unavailable, Violations
from services.kit.geography import Geography

MAX_PAGE_BYTES = 1024 * 1024
"""A page ends early above this size: unary answers stay under 2 MiB."""


class BankRegistryServicer(pb_grpc.BankRegistryServiceServicer):
    """Answers from the registry in memory."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography
        self._page_key = store.page_key()
        self._answers = Answers(store.registry())

    def CheckBank(  # noqa: N802
        self, request: pb.CheckBankRequest, context: grpc.ServicerContext
    ) -> pb.CheckBankResponse:
        """One lender against an application."""
        violations = Violations()
        bank_id = requests.bank_id(request.name, violations)
        question = requests.question(request, self._geography, violations)
        answers = self._answers_from(question.min_revision)
        registry = answers.registry
        records = _known(registry, registry.revision, question.known_instant)
        if bank_id not in records:
            raise _not_found(bank_id, records)
        check = check_bank(records[bank_id], question.loan, records, self._geography, 0)
        return pb.CheckBankResponse(
            check=answers.bank_check(check),
            revision=registry.revision,
            commune_insee=question.loan.commune.code,
        )

    def ListSelectableBanks(  # noqa: N802
        self, request: pb.ListSelectableBanksRequest, context: grpc.ServicerContext
    ) -> pb.ListSelectableBanksResponse:
        """The lenders against an application, best first; every page shows the revision of the first one."""
        violations = Violations()
        place = paging.place_of(self._page_key, request, violations)
        size = paging.page_size(request, violations)
        question = requests.question(request, self._geography, violations)
        answers = self._answers_from(max(question.min_revision, place.revision))
        revision = place.revision or answers.registry.revision
        records = _known(answers.registry, revision, question.known_instant)
        checks = select(records, question.loan, self._geography, 0)
        selectable = sum(check.selectable for check in checks)
        listed = checks[:selectable] if request.selectable_only else checks
        response = pb.ListSelectableBanksResponse(
            selectable_count=selectable, revision=revision, commune_insee=question.loan.commune.code
        )
        page = map(answers.bank_check, listed[place.offset : place.offset + size])
        end = place.offset + _fill(response, page)
        if end < len(listed):
            response.next_page_token = paging.seal(self._page_key, request, Place(revision, end))
        return response

    def _answers_from(self, min_revision: int) -> Answers:
        registry = self._store.registry(min_revision)
        if registry.revision < min_revision:
            raise Unavailable(
                "REVISION_NOT_REACHED",
                f"La révision {min_revision} du registre n’est pas encore visible d’ici.",
                metadata={"revision": str(registry.revision), "min_revision": str(min_revision)},
            )
        answers = self._answers
        if answers.registry is not registry:
            answers = self._answers = Answers(registry)
        return answers


def _fill(response: pb.ListSelectableBanksResponse, checks: Iterable[BankCheck]) -> int:
    """Adds lenders until the page is too large; returns how many it holds, at least one if there is one."""
    size = 0
    for check in checks:
        size += check.ByteSize()
        if size > MAX_PAGE_BYTES and response.checks:
            break
        response.checks.append(check)
    return len(response.checks)


def _known(registry: Registry, revision: int, instant: int | None) -> Records:
    """The lenders known at a revision, or at an earlier instant."""
    if instant is None:
        return registry.at_revision(revision)
    return registry.at_revision(min(revision, registry.revision_at(instant)))


def _not_found(bank_id: str, records: Records) -> NotFound:
    near = closest(bank_id, [record.bank for record in records.values()])
    names = [f"{requests.NAME_PREFIX}{bank.id}" for bank in near]
    hint = f" Vouliez-vous dire {french.join([bank.name for bank in near])} ?" if near else ""
    return NotFound(
        "BANK_NOT_FOUND",
        f"Aucun prêteur connu n’a l’identifiant « {bank_id} ».{hint}",
        metadata={"name": f"{requests.NAME_PREFIX}{bank_id}", "suggestions": ", ".join(names)},
    )
