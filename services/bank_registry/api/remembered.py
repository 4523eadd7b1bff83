"""Answers of CheckBank remembered, as bytes: by the bytes of the request, and by what decides them."""

from __future__ import annotations

from typing import Any

import grpc

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import (
    add_BankRegistryServiceServicer_to_server,
)
from services.bank_registry.api.service import BankRegistryServicer
from services.bank_registry.api.views import registry_clock
from services.bank_registry.messages import BANK_PREFIX, quick
from services.bank_registry.registry import Decisive, Geography, Registry
from services.bank_registry.store import RegistryStore

MAX_ANSWERS = 20_000
"""Answers of a state that a process keeps, about a kilobyte each."""


LONGEST_REQUEST = 256
"""Bytes of a request that may be remembered as it is: one that holds no unknown field is shorter."""


class _Memory:
    """Answers of a state, without their commune by key, whole by request."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.lenders: dict[str, Decisive] = {}
        self.requests: dict[bytes, tuple[Decisive, bytes]] = {}
        self.answers: dict[tuple[object, ...], bytes] = {}


class RememberedChecks:
    """CheckBank in bytes: the answer of the servicer, without the work when it was given before.

    The commune is the last field of the answer and the only one that the key may leave out.
    """

    def __init__(self, store: RegistryStore, geography: Geography, servicer: BankRegistryServicer) -> None:
        self._store = store
        self._geography = geography
        self.servicer = servicer
        self._memory = _Memory(store.registry())

    def check(self, raw: bytes, context: grpc.ServicerContext) -> bytes:
        """The answer to a request."""
        registry = self._store.registry()
        memory = self._memory
        if memory.registry is not registry:
            memory = self._memory = _Memory(registry)
        same = memory.requests.get(raw)
        if same is not None and not _expired(same[0], registry):
            return same[1]
        request = pb.CheckBankRequest.FromString(raw)
        application = quick.application(request.loan_request, self._geography)
        lender = self._lender(memory, request.name)
        if (
            application is None
            or lender is None
            or request.min_state_number
            or request.HasField("known_time")
        ):
            return self.servicer.CheckBank(request, context).SerializeToString()
        key = lender.key(application)
        answer = memory.answers.get(key) or self._answer(memory, key, request, context)
        answer += b"\x1a\x05" + application[1].code.encode()
        if len(raw) <= LONGEST_REQUEST and key in memory.answers:
            if len(memory.requests) >= MAX_ANSWERS:
                memory.requests.clear()
            memory.requests[raw] = (lender, answer)
        return answer

    def _answer(
        self, memory: _Memory, key: tuple[object, ...], request: pb.CheckBankRequest, context: Any
    ) -> bytes:
        """The answer without its commune, remembered if it is of this state_number."""
        message = self.servicer.CheckBank(request, context)
        message.ClearField("commune_insee")
        answer = message.SerializeToString()
        if message.state_number == memory.registry.state_number:
            if len(memory.answers) >= MAX_ANSWERS:
                memory.answers.clear()
            memory.answers[key] = answer
        return answer

    def _lender(self, memory: _Memory, name: str) -> Decisive | None:
        lender = memory.lenders.get(name)
        if lender is not None and not _expired(lender, memory.registry):
            return lender
        record = memory.registry.current.get(name.removeprefix(BANK_PREFIX))
        if record is None or not name.startswith(BANK_PREFIX):
            return None
        clock = registry_clock(memory.registry)
        lender = memory.lenders[name] = Decisive(record, self._geography, clock)
        return lender


def _expired(lender: Decisive, registry: Registry) -> bool:
    """Whether a reservation expired since the keys of a lender were made."""
    return lender.expires and registry_clock(registry) >= lender.valid_until


def add_to_server(servicer: RememberedChecks, server: grpc.Server) -> None:
    """What the generated function does, but for CheckBank, whose answers are bytes already."""
    check: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(servicer.check)
    replacing: Any = _Replacing(server, {"CheckBank": check})
    add_BankRegistryServiceServicer_to_server(servicer.servicer, replacing)


class _Replacing:
    """A server that takes some handlers instead of those that it is given."""

    def __init__(self, server: grpc.Server, handlers: dict[str, Any]) -> None:
        self._server = server
        self._handlers = handlers

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """The same handlers are registered by name, which goes first."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """The handlers of a service, some of them replaced."""
        self._server.add_registered_method_handlers(service, {**handlers, **self._handlers})
