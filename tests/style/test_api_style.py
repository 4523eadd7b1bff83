"""The conventions of the contract (AIP 126, 134, 154, 155, 158, 163, 191, 193), over its descriptor set."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

ROOT = Path(__file__).resolve().parents[2]
FILE_OPTIONS = ("java_package", "java_multiple_files", "csharp_namespace", "php_namespace", "go_package")
SHARED = ("google/", "microcredit/errors/v1/", "microcredit/releases/v1/")
EDITS = ("Update", "Activate", "End", "Suspend", "Reinstate")
WRITES = ("Create", "Delete", "Publish", "Rollback", "Import", *EDITS)
TYPES_BY_SUFFIX = {
    "_date": ".google.type.Date",
    "_on": ".google.type.Date",
    "_pct": ".google.type.Decimal",
    "_time": ".google.protobuf.Timestamp",
}
# Field numbers of descriptor.proto, of which source paths are made.
SERVICE, ENUM, VALUE, METHOD = 6, 5, 2, 2
COMMON = ("microcredit.errors.v1", "microcredit.releases.v1")
"""Packages whose reasons every RPC may give."""
Notes = dict[tuple[int, ...], str]


def describe(folder: Path, proto_root: Path) -> FileDescriptorSet:
    """Compiles every proto under a root."""
    output = folder / "descriptors.binpb"
    files = [str(path.relative_to(proto_root)) for path in sorted(proto_root.rglob("*.proto"))]
    flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={output}"]
    roots = [f"-I{proto_root}", f"-I{ROOT / 'build/google'}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *roots, *flags, *files], check=True)
    return FileDescriptorSet.FromString(output.read_bytes())


def comments(file: FileDescriptorProto) -> Notes:
    """Leading comments by source path."""
    return {tuple(place.path): place.leading_comments for place in file.source_code_info.location}


def check_file(file: FileDescriptorProto) -> Iterator[str]:
    """AIP-191 and the walls between contracts."""
    if not re.fullmatch(r"microcredit\.[a-z]+\.v\d+", file.package):
        yield f"{file.name}: package {file.package} is not versioned"
    if not file.name.startswith(file.package.replace(".", "/") + "/"):
        yield f"{file.name}: folder differs from package"
    present = {field.name for field, _ in file.options.ListFields()}
    for option in FILE_OPTIONS:
        if option not in present:
            yield f"{file.name}: option {option} is missing"
    own = file.package.replace(".", "/") + "/"
    for imported in file.dependency:
        if not imported.startswith((*SHARED, own)):
            yield f"{file.name}: imports {imported}, a message of another service"


def check_fields(message: DescriptorProto) -> Iterator[str]:
    """Types by meaning: Money, Date, Decimal, Timestamp, never float."""
    for field in message.field:
        name = f"{message.name}.{field.name}"
        if field.type in (FieldDescriptorProto.TYPE_FLOAT, FieldDescriptorProto.TYPE_DOUBLE):
            yield f"{name}: a float"
        for suffix, wanted in TYPES_BY_SUFFIX.items():
            if field.name.endswith(suffix) and field.type_name != wanted:
                yield f"{name}: {wanted} is expected"
        if field.type_name == ".google.protobuf.Timestamp" and not field.name.endswith("_time"):
            yield f"{name}: a Timestamp is named …_time"
        if field.type_name == ".google.type.Date" and field.name in ("time", "timestamp"):
            yield f"{name}: a Date is not a time"
        scalar = field.type != FieldDescriptorProto.TYPE_MESSAGE
        if scalar and re.search(r"(amount|cost|price|envelope)s?$", field.name):
            yield f"{name}: google.type.Money is expected"
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from check_fields(nested)


def check_enum(enum: EnumDescriptorProto, path: tuple[int, ...], notes: Notes) -> Iterator[str]:
    """AIP-126, and an example for every error reason."""
    if not enum.value[0].name.endswith("_UNSPECIFIED"):
        yield f"{enum.name}: the first value is not …_UNSPECIFIED"
    if enum.name.endswith(("ErrorReason", "FieldReason")):
        for index, value in enumerate(enum.value[1:], start=1):
            if "Example:" not in notes.get((*path, VALUE, index), ""):
                yield f"{value.name}: no example in its comment"


def reasons(files: list[FileDescriptorProto], package: str) -> set[str]:
    """Names of the error reasons of a package, without their prefix."""
    return {
        value.name.removeprefix("ERROR_REASON_")
        for file in files
        if file.package in (package, *COMMON)
        for enum in file.enum_type
        if enum.name == "ErrorReason"
        for value in enum.value
    }


def check_service(
    service: ServiceDescriptorProto,
    path: tuple[int, ...],
    file: FileDescriptorProto,
    messages: dict[str, DescriptorProto],
    known_reasons: set[str],
) -> Iterator[str]:
    """AIP-154, 155, 158, 163 and the list of errors of each RPC."""
    notes = comments(file)
    for index, method in enumerate(service.method):
        name = f"{service.name}.{method.name}"
        note = notes.get((*path, METHOD, index), "")
        listed = re.findall(r"- [A-Z_]+ / ([A-Z_]+):", note)
        if "Errors" not in note or not listed:
            yield f"{name}: its comment does not list its errors"
        for reason in sorted(set(listed) - known_reasons):
            yield f"{name}: {reason} is not an ErrorReason"
        request = {field.name for field in messages[method.input_type].field}
        response = {field.name for field in messages[method.output_type].field}
        if method.name.startswith("List"):
            wanted = {"page_size", "page_token"} - request | {"next_page_token"} - response
            yield from (f"{name}: {field} is missing (AIP-158)" for field in sorted(wanted))
        if method.name.startswith(WRITES):
            wanted = {"request_id", "validate_only"} - request
            yield from (f"{name}: {field} is missing" for field in sorted(wanted))
        if method.name.startswith(EDITS) and "etag" not in request:
            yield f"{name}: etag is missing (AIP-154)"
        if method.name.startswith("Update") and "update_mask" not in request:
            yield f"{name}: update_mask is missing (AIP-134)"


def violations(descriptors: FileDescriptorSet) -> list[str]:
    """Everything in the contract that breaks a convention."""
    files = [file for file in descriptors.file if not file.name.startswith("google/")]
    messages = {f".{file.package}.{message.name}": message for file in files for message in file.message_type}
    found: list[str] = []
    for file in files:
        notes = comments(file)
        found += check_file(file)
        for message in file.message_type:
            found += check_fields(message)
        for index, enum in enumerate(file.enum_type):
            found += check_enum(enum, (ENUM, index), notes)
        for index, service in enumerate(file.service):
            found += check_service(service, (SERVICE, index), file, messages, reasons(files, file.package))
    return found


def test_the_contract_follows_the_conventions(tmp_path: Path) -> None:
    descriptors = describe(tmp_path, ROOT / "protos")
    assert sum(len(file.service) for file in descriptors.file) >= 4
    assert violations(descriptors) == []


BAD = """
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/type/date.proto";
import "microcredit/other/v1/other.proto";
service Shop {
  // Sells.
  rpc ListThings(ListThingsRequest) returns (ListThingsResponse);
  // Errors:
  // - NOT_FOUND / UNKNOWN_REASON: never declared.
  rpc UpdateThing(UpdateThingRequest) returns (UpdateThingResponse);
}
message ListThingsRequest { double weight = 1; string birth_date = 2; int64 amount = 3; string rate_pct = 4; }
message ListThingsResponse { google.protobuf.Timestamp created = 1; }
message UpdateThingRequest { microcredit.other.v1.Other other = 1; google.type.Date time = 2; }
message UpdateThingResponse {}
enum ErrorReason { OOPS = 0; ERROR_REASON_BAD = 1; }
"""
OTHER = 'syntax = "proto3"; package microcredit.other.v1; message Other {}'


@pytest.mark.parametrize(
    "expected",
    [
        "shop/shop.proto: package shop is not versioned",
        "shop/shop.proto: option php_namespace is missing",
        "shop/shop.proto: imports microcredit/other/v1/other.proto, a message of another service",
        "ListThingsRequest.weight: a float",
        "ListThingsRequest.birth_date: .google.type.Date is expected",
        "ListThingsRequest.amount: google.type.Money is expected",
        "ListThingsRequest.rate_pct: .google.type.Decimal is expected",
        "ListThingsResponse.created: a Timestamp is named …_time",
        "UpdateThingRequest.time: a Date is not a time",
        "ErrorReason: the first value is not …_UNSPECIFIED",
        "ERROR_REASON_BAD: no example in its comment",
        "Shop.ListThings: its comment does not list its errors",
        "Shop.ListThings: next_page_token is missing (AIP-158)",
        "Shop.UpdateThing: UNKNOWN_REASON is not an ErrorReason",
        "Shop.UpdateThing: request_id is missing",
        "Shop.UpdateThing: etag is missing (AIP-154)",
        "Shop.UpdateThing: update_mask is missing (AIP-134)",
    ],
)
def test_each_convention_bites(expected: str, bad_contract: list[str]) -> None:
    assert expected in bad_contract


@pytest.fixture(scope="module")
def bad_contract(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the checks find in a contract that breaks them all."""
    root = tmp_path_factory.mktemp("bad")
    for name, text in (("shop/shop.proto", BAD), ("microcredit/other/v1/other.proto", OTHER)):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    return violations(describe(root, root))
