"""The server as the commands call it, and messages as they are shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceStub
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from services.kit.cli import Call, civil
from services.kit.french import NO_BREAK_SPACE, short_date

PREFIX = "banks/"
PAGE = 200


class Client:
    """The services of the registry, called as one actor."""

    def __init__(self, call: Call) -> None:
        self.registry = BankRegistryServiceStub(call.remote.channel)
        self.editing = BankEditingServiceStub(call.remote.channel)
        self.admin = RegistryAdminServiceStub(call.remote.channel)
        self.call = call.remote.call
        self.stream = call.remote.stream

    def pages(self, method: Callable[..., Any], request: Any) -> Iterator[Any]:
        """Every page of a list."""
        request.page_size = PAGE
        while True:
            page = self.call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token


def bank_name(bank_id: str) -> str:
    """The resource name of a lender, given its identifier or that very name."""
    return bank_id if bank_id.startswith(PREFIX) else f"{PREFIX}{bank_id}"


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())


def show_day(day: Date) -> str:
    """« 01/01/2027 »."""
    return short_date(civil(day))


def show_instant(value: Timestamp) -> str:
    """« 24/11/2026 15:04:09 », in the time of this machine."""
    when = value.ToDatetime(UTC).astimezone()
    return f"{short_date(when.date())}{NO_BREAK_SPACE}{when:%H:%M:%S}"
