"""The reasons of errors in the code are those of the contract, both ways, and each is given somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from microcredit.errors.v1 import field_reason_pb2
from services.kit.errors import DomainError, FieldReason
from tools.contracts import describe, own
from tools.contracts.reading import ROOT, reasons

ERRORS = {error.__name__ for error in DomainError.__subclasses__()}


def nodes() -> Iterator[ast.AST]:
    """Every node of the code of services, but the enum itself."""
    for path in sorted((ROOT / "services").rglob("*.py")):
        if path.name != "errors.py" or path.parent.name != "kit":
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_the_reasons_of_fields_are_those_of_the_contract() -> None:
    declared = [
        name.removeprefix("FIELD_REASON_") for name in field_reason_pb2.FieldReason.DESCRIPTOR.values_by_name
    ]
    assert declared == ["UNSPECIFIED", *(reason.name for reason in FieldReason)]
    assert [reason.name for reason in FieldReason] == [reason.value for reason in FieldReason]


def test_each_reason_of_a_field_is_given_somewhere() -> None:
    given = {
        node.attr
        for node in nodes()
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == FieldReason.__name__
    }
    assert sorted({reason.name for reason in FieldReason} - given) == []


def test_the_reasons_of_errors_are_those_of_the_contract() -> None:
    declared = {
        reason.name
        for file in own(describe(ROOT / "protos"))
        for enum in file.enum_type
        if enum.name == "ErrorReason"
        for reason in reasons(file, enum)
    }
    raised = {
        str(node.args[0].value)
        for node in nodes()
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ERRORS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert sorted(raised - declared) == []
    written = {
        node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    kit = (ROOT / "services/kit/errors.py").read_text(encoding="utf-8")
    never = {name for name in declared - written if f'"{name}"' not in kit}
    assert sorted(never) == []
