"""Whatever a message may hold, no call is INTERNAL: derived from the descriptors, for every RPC."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct
from google.rpc import code_pb2, status_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from tests.right_requests import FILLED, PDF, SECONDS, Asker, call, methods, renew
from tests.service.test_documents_pdf import office
from tests.support import Launch

CANARY = "Mme Témoin-Zoé"
"""A text of a person: no refusal and no line of the log may repeat it, from a value or from a name."""
DEPTH, LONG_LIST = 4, 1200
UUID = "3f6c0a52-6d53-4b53-9df2-0a8f3a6f2b11"
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
DAYS = ((1, 1, 1), (9999, 12, 31), (2026, 2, 30))
SEGMENT = re.compile(r'([a-z_0-9]+)((?:\[(?:\d+|"[^"]*")\])*)$')


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
    return field.message_type is None or is_entered(field, depth)


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
        return [b"", b"\xff\xfe\x00", b"x" * 3000, json.dumps({CANARY: CANARY}).encode()]
    if field.type == FieldDescriptor.TYPE_STRING:
        return ["\x00", "é" * 3000, "../../x", "banks/x", CANARY]
    if field.message_type is not None and field.message_type.full_name == "google.type.Date":
        make = GetMessageClass(field.message_type)
        return [
            make(year=1, month=1, day=1),
            make(year=9999, month=12, day=31),
            make(year=2026, month=2, day=30),
        ]
    return []


def mutated(message: Any, depth: int = 0) -> Iterator[bool]:
    """Changes one thing at a time, until the next step: a strange value, a list emptied or made long, a
    message left out. Says whether it is one that nothing may leave out: an enumeration, a date, a name."""
    for field in message.DESCRIPTOR.fields:
        if field.name == "validate_only":  # a write would change what the next request finds
            continue
        before = copy(message)
        for value in strange(field):
            message.ClearField(field.name)
            put(message, field, value)
            yield field.enum_type is not None or field.message_type is not None
            message.CopyFrom(before)
        if is_open(field):
            name(getattr(message, field.name), field)
            yield True
        elif field.is_repeated and is_filled(field, depth):
            one = next(iter(getattr(message, field.name)), likely(field, depth))
            getattr(message, field.name).extend([one] * LONG_LIST)
            yield False
        message.ClearField(field.name)
        yield False
        message.CopyFrom(before)
        if is_entered(field, depth):
            if not held(message, field):
                put(message, field, likely(field, depth))
            yield from mutated(held(message, field)[0], depth + 1)
            message.CopyFrom(before)


def is_entered(field: FieldDescriptor, depth: int) -> bool:
    return field.message_type is not None and depth < DEPTH and not is_open(field)


def name(given: Any, field: FieldDescriptor) -> None:
    """Adds a name of the sender to an object or to a map."""
    if not (field.is_repeated and field.message_type):
        given.update({CANARY: CANARY})
        return
    value = field.message_type.fields_by_name["value"]
    if value.message_type:
        given[CANARY].SetInParent()
    else:
        given[CANARY] = strange(value)[-1]


def is_open(field: FieldDescriptor) -> bool:
    """Whether the names in a field are those of the sender: a map, or an object."""
    kind = field.message_type
    return kind is not None and (
        bool(kind.GetOptions().map_entry) or kind.full_name == Struct.DESCRIPTOR.full_name
    )


def held(message: Any, field: FieldDescriptor) -> list[Any]:
    """The message of a field, or the first of a list."""
    if field.is_repeated:
        return list(getattr(message, field.name))[:1]
    return [getattr(message, field.name)] if message.HasField(field.name) else []


def copy(message: Message) -> Message:
    made = type(message)()
    made.CopyFrom(message)
    return made


def resolves(path: str, descriptor: Descriptor) -> bool:
    """Whether a path names a field of the request as it was sent."""
    for part in path.split("."):
        match = SEGMENT.match(part)
        if match and match[1] in descriptor.oneofs_by_name:
            return True
        field = match and descriptor.fields_by_name.get(match[1])
        if not field:
            return False
        if field.message_type is None or is_open(field):
            return True
        descriptor = field.message_type
    return True


def fault(error: Any, descriptor: Descriptor) -> str:
    """What is wrong with a refusal; empty if nothing is."""
    status = rpc_status.from_call(error)
    if status is None:
        return f"{error.code().name} without details: {error.details()}"
    return wrong_status(status, descriptor)


def wrong_status(status: status_pb2.Status, descriptor: Descriptor | None) -> str:
    """The same of a status; its paths are looked at where it is that of a whole request."""
    code = code_pb2.Code.Name(status.code)
    if code in ("INTERNAL", "UNKNOWN"):
        return f"{code}: {status.message}"
    details = {detail.TypeName(): detail for detail in status.details}
    if ErrorInfo.DESCRIPTOR.full_name not in details:
        return f"{code} without ErrorInfo"
    if BadRequest.DESCRIPTOR.full_name in details:
        listed = BadRequest.FromString(details[BadRequest.DESCRIPTOR.full_name].value).field_violations
        lost = [each.field for each in listed if descriptor and not resolves(each.field, descriptor)]
        if not listed or lost:
            return f"BadRequest: {lost or 'empty'}"
    return ""


def refusals(channel: grpc.Channel, method: MethodDescriptor, raw: bytes) -> list[tuple[str, bytes]]:
    """What is wrong with the refusals of a call, those of the items of a batch too, and all that they say."""
    try:
        answers = call(channel, method, raw)
    except grpc.RpcError as error:
        refused: Any = error
        status = rpc_status.from_call(refused)
        said = status.SerializeToString() if status else b""
        return [(fault(error, method.input_type), said + str(refused.details()).encode())]
    answered = (GetMessageClass(method.output_type).FromString(answer) for answer in answers)
    found = [status for answer in answered for status in statuses(answer)]
    return [(wrong_status(status, None), status.SerializeToString()) for status in found]


def statuses(message: Any) -> Iterator[status_pb2.Status]:
    """The errors of the items of an answer."""
    for field, value in message.ListFields():
        if field.message_type is None or is_open(field):
            continue
        for one in value if field.is_repeated else [value]:
            if field.message_type.full_name == status_pb2.Status.DESCRIPTOR.full_name:
                yield one
            else:
                yield from statuses(one)


def sent_for(method: MethodDescriptor, roots: Sequence[Message], count: int) -> Iterator[bytes]:
    """Bytes at random, and the right requests with one thing changed in each: so many besides those that
    nothing may leave out."""
    chance = random.Random(method.full_name)
    yield from (b"", b"\xff\xff\xff", b"\x0a\x03\xed\xa0\x80", *(chance.randbytes(60) for _ in range(3)))
    for root in roots:
        raw = root.SerializeToString()
        for place in chance.sample(range(len(raw)), min(len(raw), 3)):
            yield raw[:place] + chance.randbytes(1) + raw[place + 1 :]
        kept = sum(not always for always in mutated(copy(root)))
        changed = copy(root)
        for always in mutated(changed):
            if always or chance.random() * kept < count:
                renew(changed)
                yield changed.SerializeToString()


@pytest.mark.parametrize(
    "module", [pytest.param(module, marks=[office] if module == PDF else []) for module in FILLED]
)
@pytest.mark.parametrize(
    "count", [8, pytest.param(10_000, marks=pytest.mark.more("chaque champ de chaque demande"))]
)
def test_no_value_of_a_message_is_internal_or_repeated(launch: Launch, module: str, count: int) -> None:
    options = [f"--deadline-seconds={SECONDS:.0f}", *(["--offices=1"] if module == PDF else [])]
    server = launch(module, "--workers=1", *options, env={"DOCUMENTS_RETENTION_DAYS": "30"})
    faults: dict[str, str] = {}
    with grpc.insecure_channel(server.address) as channel:
        ask = Asker(channel, module)
        FILLED[module](ask)
        for method in methods(module):  # every RPC has one, and it is right
            for root in ask.requests[method.full_name]:
                assert not refusals(channel, method, root.SerializeToString()), method.full_name
        for method in methods(module):
            for raw in dict.fromkeys(sent_for(method, ask.requests[method.full_name], count)):
                for wrong, said in refusals(channel, method, raw):
                    repeated = "repeats what was sent" if CANARY.encode() in said else ""
                    if wrong := wrong or repeated:
                        faults.setdefault(f"{method.full_name}: {wrong}", raw[:200].hex())
    listing = "\n".join(f"{wrong} {raw}" for wrong, raw in faults.items())
    assert not faults, listing
    log = server.log.read_text()
    assert '"event": "exception"' not in log
    assert CANARY not in log
    assert json.dumps(CANARY).strip('"') not in log
