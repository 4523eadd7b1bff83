"""Every field of the contract that holds the reference of a case says so: rights by case go by that."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet

from microcredit.access.v1 import case_field_pb2
from tools.contracts import describe, own
from tools.contracts.reading import ROOT


@pytest.fixture(scope="module")
def fields() -> dict[str, FieldDescriptorProto]:
    contract: FileDescriptorSet = describe(ROOT / "protos")
    return {
        f"{message.name}.{field.name}": field
        for file in own(contract)
        for message in file.message_type
        for field in message.field
    }


def marked(field: FieldDescriptorProto) -> bool:
    return bool(field.options.Extensions[case_field_pb2.names_case])


def test_what_is_named_a_case_is_marked_and_nothing_else_is(fields: dict[str, FieldDescriptorProto]) -> None:
    named = {name for name in fields if name.endswith(".case_reference")}
    assert len(named) >= 10
    assert {name for name, field in fields.items() if marked(field)} == named
    assert {fields[name].type for name in named} == {FieldDescriptorProto.TYPE_STRING}


def test_no_other_name_is_given_to_the_reference_of_a_case(fields: dict[str, FieldDescriptorProto]) -> None:
    """A tag stands for a case without naming it; the data of a document hold their case themselves."""
    others = {name for name in fields if "case" in name.partition(".")[2].split("_")} - {
        name for name in fields if name.endswith((".case_reference", ".case_tag", ".case_tags"))
    }
    assert others == {"RulesetCheck.case_count"}
