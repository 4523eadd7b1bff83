"""Whatever a message may hold, no call is INTERNAL: derived from the descriptors, for every RPC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from tests.service.test_documents_pdf import office
from tests.support import ROOT, Launch, RunningServer

SERVERS = {
    "services.bank_registry": "microcredit/bankregistry",
    "services.documents": "microcredit/documents",
    "services.eligibility": "microcredit/eligibility",
    "services.documents.pdf": "microcredit/documents",
}
PDF = "services.documents.pdf"
"""A server of its own, for one service of the contract of documents."""

DEPTH = 4
SECONDS = 20.0
WATCH_SECONDS = 0.3
UUID = "3f6c0a52-6d53-4b53-9df2-0a8f3a6f2b11"
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
DAYS = ((1, 1, 1), (9999, 12, 31), (2026, 2, 30))
SEGMENT = re.compile(r'([a-z_0-9]+)((?:\[(?:\d+|"[^"]*")\])*)$')


def services(folder: str) -> list[ServiceDescriptor]:
    """The services that the generated modules of a folder declare."""
    found = []
    for path in sorted((ROOT / "build/gen" / folder).rglob("*_pb2.py")):
        module = import_module(".".join(path.relative_to(ROOT / "build/gen").with_suffix("").parts))
        found += list(module.DESCRIPTOR.services_by_name.values())
    return found


def plausible(descriptor: Descriptor, depth: int = 0) -> Message:
    """A message with a likely value in every field: not always a right one, which no test needs."""
    message: Any = GetMessageClass(descriptor)()
    fixed: dict[str, dict[str, Any]] = {
        "google.type.Date": {"year": 2026, "month": 12, "day": 1},
        "google.type.Money": {"currency_code": "EUR", "units": 100},
        "google.type.Decimal": {"value": "1.5"},
        "google.protobuf.Timestamp": {"seconds": 1_790_000_000},
    }
    if descriptor.full_name in fixed:
        return GetMessageClass(descriptor)(**fixed[descriptor.full_name])
    chosen = {oneof.fields[0].name for oneof in descriptor.oneofs}
    for field in descriptor.fields:
        if field.containing_oneof and field.name not in chosen:
            continue
        if is_filled(field, depth):
            put(message, field, likely(field, depth))
    return message  # type: ignore[no-any-return]


def is_filled(field: FieldDescriptor, depth: int) -> bool:
    # A dossier is given in bytes, or as an object: both at once are refused before anything is read of them.
    whole = field.message_type is not None and field.message_type.full_name == "google.protobuf.Struct"
    return not whole and (field.message_type is None or is_entered(field, depth))


def right(descriptor: Descriptor) -> list[Message]:
    """The requests of the examples that are of this type, which pass the first checks."""
    found = []
    for path in sorted((ROOT / "examples/requests").glob("*.json")):
        with suppress(json_format.ParseError):
            found.append(json_format.Parse(path.read_text(encoding="utf-8"), GetMessageClass(descriptor)()))
    return found[:2]


def likely(field: FieldDescriptor, depth: int) -> Any:
    if field.message_type is not None:
        return plausible(field.message_type, depth + 1)
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return False
    if field.cpp_type in INTEGERS:
        return 1
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"{}"
    return UUID if field.name == "request_id" else ""


def put(message: Any, field: FieldDescriptor, value: Any) -> None:
    """Sets a field; one item if it is repeated."""
    if field.is_repeated:
        getattr(message, field.name).append(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def strange(field: FieldDescriptor) -> list[Any]:
    """Values that the type of a field allows and that no one expects."""
    if field.enum_type is not None:
        return [99, -1]
    if field.cpp_type in INTEGERS:
        return list(INTEGERS[field.cpp_type])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return [b"", b"\xff\xfe\x00", b"x" * 3000]
    if field.type == FieldDescriptor.TYPE_STRING:
        return ["\x00", "é" * 3000, "../../x", "banks/x"]
    if field.message_type is not None and field.message_type.full_name == "google.type.Date":
        make = GetMessageClass(field.message_type)
        return [
            make(year=1, month=1, day=1),
            make(year=9999, month=12, day=31),
            make(year=2026, month=2, day=30),
        ]
    return []


def mutated(message: Any, root: Message, depth: int = 0) -> Iterator[Message]:
    """Copies of the root: a strange value, a list emptied or made long, or a message left out in each."""
    for field in message.DESCRIPTOR.fields:
        before = type(message)()
        before.CopyFrom(message)
        if field.containing_oneof and not message.HasField(field.name) and is_filled(field, depth):
            put(message, field, likely(field, depth))
        for value in strange(field):
            message.ClearField(field.name)
            put(message, field, value)
            yield copy(root)
            message.CopyFrom(before)
        if field.is_repeated and len(getattr(message, field.name)):
            getattr(message, field.name).extend([getattr(before, field.name)[0]] * 1200)
            yield copy(root)
        message.ClearField(field.name)
        yield copy(root)
        message.CopyFrom(before)
        if is_entered(field, depth):
            for child in held(message, field):
                yield from mutated(child, root, depth + 1)


def is_entered(field: FieldDescriptor, depth: int) -> bool:
    return field.message_type is not None and depth < DEPTH and not field.message_type.GetOptions().map_entry


def held(message: Any, field: FieldDescriptor) -> list[Any]:
    """The message of a field, or the first of a list."""
    if field.is_repeated:
        return list(getattr(message, field.name))[:1]
    return [getattr(message, field.name)] if message.HasField(field.name) else []


def copy(root: Message) -> Message:
    made = type(root)()
    made.CopyFrom(root)
    return made


def call(channel: grpc.Channel, method: MethodDescriptor, raw: bytes) -> grpc.RpcError | None:
    """The error of a call, if it fails."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    sides = (
        "stream" if streams else "unary" for streams in (method.client_streaming, method.server_streaming)
    )
    rpc: Any = getattr(channel, "_".join(sides))(path)
    watch = method.name.startswith("Watch")
    try:
        request = iter([raw]) if method.client_streaming else raw
        answer = rpc(request, timeout=WATCH_SECONDS if watch else SECONDS)
        for _ in answer if method.server_streaming else ():
            pass
    except grpc.RpcError as error:
        return None if watch and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED else error
    return None


def resolves(path: str, descriptor: Descriptor) -> bool:
    """Whether a path names a field of the request as it was sent."""
    for part in path.split("."):
        match = SEGMENT.match(part)
        if match and match[1] in descriptor.oneofs_by_name:
            return True
        field = match and descriptor.fields_by_name.get(match[1])
        if not field:
            return False
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            return True
        descriptor = field.message_type
    return True


def fault(error: Any, descriptor: Descriptor) -> str:
    """What is wrong with a refusal; empty if nothing is."""
    if error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
        return f"{error.code().name}: {error.details()}"
    status = rpc_status.from_call(error)
    if status is None:
        return f"{error.code().name} without details: {error.details()}"
    details = {detail.TypeName(): detail for detail in status.details}
    if ErrorInfo.DESCRIPTOR.full_name not in details:
        return f"{error.code().name} without ErrorInfo"
    if BadRequest.DESCRIPTOR.full_name in details:
        listed = BadRequest.FromString(details[BadRequest.DESCRIPTOR.full_name].value).field_violations
        lost = [each.field for each in listed if not resolves(each.field, descriptor)]
        if not listed or lost:
            return f"BadRequest: {lost or 'empty'}"
    return ""


@pytest.fixture(scope="module")
def running(launch: Launch) -> dict[str, RunningServer]:
    return {module: launch(module, "--workers=1") for module in SERVERS if module != PDF}


@pytest.mark.parametrize(
    "module", [pytest.param(module, marks=[office] if module == PDF else []) for module in SERVERS]
)
def test_no_value_of_a_message_is_internal(
    running: dict[str, RunningServer], launch: Launch, module: str
) -> None:
    if module == PDF:
        running[PDF] = launch(PDF, "--workers=1", "--offices=1")
    faults: dict[str, str] = {}
    with grpc.insecure_channel(running[module].address) as channel:
        for service in services(SERVERS[module]):
            if (service.name == "PdfService") != (module == PDF):
                continue
            for method in service.methods:
                sent = [b"\xff\xff\xff", b"\x0a\x03\xed\xa0\x80", b""]
                for root in (plausible(method.input_type), *right(method.input_type)):
                    sent.append(root.SerializeToString())
                    sent += [each.SerializeToString() for each in mutated(root, root)]
                for raw in dict.fromkeys(sent):
                    error = call(channel, method, raw)
                    if error and (wrong := fault(error, method.input_type)):
                        faults.setdefault(f"{method.full_name}: {wrong}", raw[:200].hex())
    listing = "\n".join(f"{wrong} {raw}" for wrong, raw in faults.items())
    assert not faults, listing
    assert Path(running[module].log).read_text().count('"event": "exception"') == 0
