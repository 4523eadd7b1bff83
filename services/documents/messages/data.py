"""The dossier of a request, given as JSON in bytes or as an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.contract import ROOT
from services.kit.errors import InvalidArgument


@contextmanager
def data_as_sent(
    message: pb.GenerateDocumentRequest | pb.GenerateDossierRequest, root: str = ""
) -> Iterator[None]:
    """Writes the object of a request as the JSON that all the rest reads; what is refused in the dossier is
    said at the field that was sent, the request being at `root`. Of one that gives both, nothing changes."""
    field = ROOT
    if message.HasField("data") and not message.data_json:
        field = "data"
        message.data_json = json.dumps(_plain(message.data), ensure_ascii=False, sort_keys=True).encode(
            "utf-8", "surrogatepass"
        )
        message.ClearField("data")
    try:
        yield
    except InvalidArgument as error:
        error.violations = tuple(
            replace(each, field=f"{root}{field}{each.field.removeprefix(ROOT)}")
            if each.field == ROOT or each.field.startswith((f"{ROOT}.", f"{ROOT}["))
            else each
            for each in error.violations
        )
        raise


def _plain(given: Struct) -> dict[str, Any]:
    return {name: _value(value) for name, value in given.fields.items()}


def _value(value: Value) -> Any:
    """What JSON would have held: a whole number is one, which an object of protobuf forgets."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return _plain(value.struct_value)
        case "list_value":
            return [_value(each) for each in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None
