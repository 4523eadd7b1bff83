"""The cases that a message names, found from what the contract says of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from microcredit.access.v1 import case_field_pb2


def named_cases(message: Message) -> Iterator[str]:
    """The references of the cases that a message names, wherever in it; those that are empty are left out."""
    for field in _ways(message.DESCRIPTOR):
        value = getattr(message, field.name)
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            if value:
                yield value
        elif field.is_repeated:
            for each in value:
                yield from named_cases(each)
        elif message.HasField(field.name):
            yield from named_cases(value)


def leads_to_cases(kind: Descriptor) -> bool:
    """Whether a message may name a case, itself or further in."""
    return bool(_ways(kind))


def names_case(field: FieldDescriptor) -> bool:
    """Whether a field holds the reference of a case."""
    return bool(field.GetOptions().Extensions[case_field_pb2.names_case])


@cache
def _ways(kind: Descriptor) -> tuple[FieldDescriptor, ...]:
    """The fields of a message that name a case, or hold messages that do."""
    return tuple(
        field for field in kind.fields if names_case(field) or _leads(field.message_type, frozenset())
    )


def _leads(kind: Descriptor | None, seen: frozenset[str]) -> bool:
    """Whether a message names a case, itself or further in; messages may hold themselves."""
    if kind is None or kind.full_name in seen:
        return False
    seen |= {kind.full_name}
    return any(names_case(field) or _leads(field.message_type, seen) for field in kind.fields)
