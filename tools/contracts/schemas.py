"""The JSON Schemas of the messages of the contract, in the JSON of protobuf, described by their comments."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from tools.contracts.reading import ENUM, METHOD, SERVICE, VALUE, comments, own

Json = dict[str, Any]

# Field numbers of descriptor.proto: the messages of a file, the fields and the messages of a message.
_MESSAGE, _FIELD, _NESTED = 4, 2, 3

_BEHAVIOR: Any = field_behavior_pb2.field_behavior
_REQUIRED: Any = field_behavior_pb2.REQUIRED
_F = FieldDescriptorProto
_WHOLE = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
_LONG = {"type": "string", "pattern": "^-?[0-9]{1,19}$"}
_SCALARS: dict[int, Json] = {
    _F.TYPE_STRING: {"type": "string"},
    _F.TYPE_BYTES: {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/_=-]*$"},
    _F.TYPE_BOOL: {"type": "boolean"},
    _F.TYPE_INT32: _WHOLE,
    _F.TYPE_INT64: _LONG,
    _F.TYPE_DOUBLE: {"type": "number"},
}
_SIMPLE: dict[str, Json] = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    ".google.protobuf.FieldMask": {"type": "string"},
    ".google.protobuf.Struct": {"$ref": "#/components/schemas/Dossier"},
    ".google.protobuf.Any": {
        "type": "object",
        "required": ["@type"],
        "properties": {"@type": {"type": "string"}},
    },
}
"""What is not written as an object of its fields; the one Struct of the contract is a dossier."""


def camel(name: str) -> str:
    """The name of a field in JSON."""
    return re.sub("_([a-z0-9])", lambda match: match[1].upper(), name)


def reference(name: str) -> Json:
    """Points to a schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def text_of(note: str) -> str:
    """A comment in one paragraph, its lists kept."""
    return re.sub(r"\s*\n(?!\n|\s*-)\s*", " ", note.strip())


class Schemas:
    """The messages of a descriptor set, and the schemas of those that were asked for."""

    def __init__(self, descriptors: FileDescriptorSet) -> None:
        self._files = own(descriptors)
        self._messages: dict[str, DescriptorProto] = {}
        self._enums: dict[str, EnumDescriptorProto] = {}
        self._notes: dict[str, str] = {}
        self._asked: dict[str, None] = {}
        for file in descriptors.file:
            notes = comments(file)
            for rank, enum in enumerate(file.enum_type):
                self._read_enum(f".{file.package}.{enum.name}", enum, (ENUM, rank), notes)
            for rank, message in enumerate(file.message_type):
                self._read(f".{file.package}.{message.name}", message, (_MESSAGE, rank), notes)

    def _read(
        self, name: str, message: DescriptorProto, path: tuple[int, ...], notes: dict[tuple[int, ...], str]
    ) -> None:
        self._messages[name] = message
        self._notes[name] = text_of(notes.get(path, ""))
        for rank, field in enumerate(message.field):
            self._notes[f"{name}.{field.name}"] = text_of(notes.get((*path, _FIELD, rank), ""))
        for rank, nested in enumerate(message.nested_type):
            self._read(f"{name}.{nested.name}", nested, (*path, _NESTED, rank), notes)
        for rank, enum in enumerate(message.enum_type):
            self._read_enum(f"{name}.{enum.name}", enum, (*path, ENUM - 1, rank), notes)

    def _read_enum(
        self, name: str, enum: EnumDescriptorProto, path: tuple[int, ...], notes: dict[tuple[int, ...], str]
    ) -> None:
        self._enums[name] = enum
        lines = [text_of(notes.get(path, "")), ""]
        for rank, value in enumerate(enum.value):
            lines.append(f"- {value.name}: {text_of(notes.get((*path, VALUE, rank), ''))}")
        self._notes[name] = "\n".join(lines)

    def methods(self) -> Iterator[tuple[str, str, MethodDescriptorProto, str, str]]:
        """Each RPC: its package, its service, itself, its comment and that of its service."""
        for file in self._files:
            notes = comments(file)
            for index, service in enumerate(file.service):
                for rank, method in enumerate(service.method):
                    note = notes.get((SERVICE, index, METHOD, rank), "")
                    yield file.package, service.name, method, note, notes.get((SERVICE, index), "")

    def fields(self, message: str) -> list[FieldDescriptorProto]:
        """The fields of a message."""
        return list(self._messages[message].field)

    def note(self, message: str, field: str = "") -> str:
        """The comment of a message, or of one of its fields."""
        return self._notes[f"{message}.{field}" if field else message]

    def is_simple(self, message: str) -> bool:
        """Whether a message is one value in JSON."""
        return message in _SIMPLE

    def add(self, name: str) -> str:
        """Asks for the schema of a message or of an enum; its name among the components."""
        name = f".{name.removeprefix('.')}"
        self._asked[name] = None
        return name.removeprefix(".")

    def components(self) -> dict[str, Json]:
        """The schemas asked for, and those that they point to."""
        found: dict[str, Json] = {}
        while waiting := [name for name in self._asked if name.removeprefix(".") not in found]:
            for name in waiting:
                found[name.removeprefix(".")] = (
                    self._enum(name) if name in self._enums else self.message(name)
                )
        return found

    def message(self, name: str, without: Collection[str] = ()) -> Json:
        """The schema of a message, but for some of its fields."""
        fields = [field for field in self.fields(name) if field.name not in without]
        schema: Json = {"type": "object", "description": self._said(name)}
        required = [camel(f.name) for f in fields if _REQUIRED in f.options.Extensions[_BEHAVIOR]]
        if required:
            schema["required"] = required
        schema["properties"] = {camel(field.name): self._described(name, field) for field in fields}
        return schema

    def _said(self, name: str) -> str:
        """The comment of a message, and the groups of fields of which one alone is given."""
        message, lines = self._messages[name], [self._notes[name]]
        for index, group in enumerate(message.oneof_decl):
            names = [
                camel(field.name)
                for field in message.field
                if field.HasField("oneof_index") and field.oneof_index == index and not field.proto3_optional
            ]
            if names:
                lines.append(f"Un seul de : {', '.join(names)} ({group.name}).")
        return "\n\n".join(filter(None, lines))

    def _described(self, message: str, field: FieldDescriptorProto) -> Json:
        schema, note = self.field(field), self._notes[f"{message}.{field.name}"]
        return {"description": note, **schema} if note else schema

    def field(self, field: FieldDescriptorProto) -> Json:
        """The schema of the values of a field."""
        if field.label != _F.LABEL_REPEATED:
            return self._value(field)
        entry = self._messages.get(field.type_name)
        if entry and entry.options.map_entry:
            return {"type": "object", "additionalProperties": self._value(entry.field[1])}
        return {"type": "array", "items": self._value(field)}

    def _value(self, field: FieldDescriptorProto) -> Json:
        if field.type not in (_F.TYPE_MESSAGE, _F.TYPE_ENUM):
            return dict(_SCALARS[field.type])
        simple = _SIMPLE.get(field.type_name)
        return dict(simple) if simple else reference(self.add(field.type_name))

    def _enum(self, name: str) -> Json:
        values = [value.name for value in self._enums[name].value]
        return {"type": "string", "description": self._notes[name], "enum": values}
