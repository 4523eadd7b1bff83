"""The conventions of the contract (AIP 126, 134, 154, 155, 158, 163, 191, 193), over its descriptor set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import google.api.annotations_pb2 as annotations_pb2
import google.api.field_behavior_pb2 as field_behavior_pb2
import google.api.resource_pb2 as resource_pb2
import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

from microcredit.errors.v1 import reason_text_pb2
from tools.contracts import comments, describe, errors_page, own
from tools.contracts.reading import ENUM, METHOD, ROOT, SERVICE, VALUE, Notes, errors_listed

FILE_OPTIONS = ("java_package", "java_multiple_files", "csharp_namespace", "php_namespace", "go_package")
SHARED = ("google/", "microcredit/access/v1/", "microcredit/errors/v1/", "microcredit/releases/v1/")
SERVED_BY_EACH = ("microcredit.access.v1", "microcredit.releases.v1")
TYPES_BY_SUFFIX = {
    "_date": ".google.type.Date",
    "_on": ".google.type.Date",
    "_pct": ".google.type.Decimal",
    "_time": ".google.protobuf.Timestamp",
}
# What each field of a request brings to the errors that its service says once for all its RPCs.
COMMON_BY_FIELD = {
    "min_state_number": "STATE_NOT_REACHED",
    "request_id": "REQUEST_ID_REUSED",
    "etag": "ETAG_MISMATCH",
    "correct_past": "PAST_CHANGED",
}
# What a service says once where its store has it.
OF_SOME_STORES = {"STORE_UNAVAILABLE", "ANSWER_REDACTED"}
COMMON = {"INVALID_FIELDS", "DEADLINE_EXCEEDED", "INTERNAL", "OVERLOADED"}
Messages = Mapping[str, DescriptorProto]

# Any: their own stubs give extensions a type that those of protobuf do not take.
HTTP: Any = annotations_pb2.http
BEHAVIOR: Any = field_behavior_pb2.field_behavior
IDENTIFIER: Any = field_behavior_pb2.IDENTIFIER
RESOURCE: Any = resource_pb2.resource
REFERENCE: Any = resource_pb2.resource_reference


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
    if "/" not in file.options.go_package or "." in file.options.go_package.split(";")[0]:
        yield f"{file.name}: go_package is a path without a host"
    package = file.package.replace(".", "/") + "/"
    for imported in file.dependency:
        if not imported.startswith((*SHARED, package)):
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
    """AIP-126, and an example, a meaning and a remedy for every reason."""
    if not enum.value[0].name.endswith("_UNSPECIFIED"):
        yield f"{enum.name}: the first value is not …_UNSPECIFIED"
    if enum.name.endswith(("ErrorReason", "FieldReason")):
        for index, value in enumerate(enum.value[1:], start=1):
            if "Example: {" not in notes.get((*path, VALUE, index), ""):
                yield f"{value.name}: no example in its comment"
            text = value.options.Extensions[reason_text_pb2.text]
            if not text.meaning or not text.remedy:
                yield f"{value.name}: no French meaning and remedy"


def reasons(files: list[FileDescriptorProto], *packages: str) -> set[str]:
    """Names of the error reasons of packages, without their prefix."""
    return {
        value.name.removeprefix(enum.value[0].name.removesuffix("UNSPECIFIED"))
        for file in files
        if file.package in packages
        for enum in file.enum_type
        if enum.name.endswith("ErrorReason")
        for value in enum.value[1:]
    }


def is_write(method: MethodDescriptorProto) -> bool:
    """Whether an RPC may change something: it does not declare that it has no side effect."""
    return method.options.idempotency_level != MethodOptions.NO_SIDE_EFFECTS


def has_behavior(field: FieldDescriptorProto) -> bool:
    """Whether a field says if it is required."""
    return bool(field.options.Extensions[BEHAVIOR])


def check_service(
    service: ServiceDescriptorProto,
    path: tuple[int, ...],
    file: FileDescriptorProto,
    messages: Messages,
    known_reasons: set[str],
) -> Iterator[str]:
    """The errors that every RPC may give, said once in the comment of the service; then each RPC."""
    notes = comments(file)
    said = {given.reason for given in errors_listed(notes.get(path, ""))}
    requests = [{field.name for field in messages[method.input_type].field} for method in service.method]
    wanted = COMMON | {reason for name, reason in COMMON_BY_FIELD.items() if any(name in r for r in requests)}
    yield from (f"{service.name}: {reason} is not said for all its RPCs" for reason in sorted(wanted - said))
    for reason in sorted(said - wanted - OF_SOME_STORES):
        yield f"{service.name}: {reason} is said, and no RPC can give it"
    for index, method in enumerate(service.method):
        note = notes.get((*path, METHOD, index), "")
        name = f"{service.name}.{method.name}"
        listed = {given.reason for given in errors_listed(note)}
        if ("Errors" in note) != bool(listed):
            yield f"{name}: its comment announces errors, and lists none"
        yield from (f"{name}: {reason} is not an ErrorReason" for reason in sorted(listed - known_reasons))
        yield from (f"{name}: {reason} is said by its service already" for reason in sorted(listed & said))
        yield from (f"{name}: {fault}" for fault in check_method(method, messages))


def check_method(method: MethodDescriptorProto, messages: Messages) -> Iterator[str]:
    """AIP-127, 131 to 135, 154, 155, 158, 163, 203 of one RPC."""
    message = messages[method.input_type]
    request = {field.name for field in message.field}
    response = {field.name for field in messages[method.output_type].field}
    streams = method.client_streaming or method.server_streaming
    if not streams and not method.options.HasExtension(HTTP):
        yield "no google.api.http (AIP-127)"
    if method.name.startswith(("Get", "List")) and is_write(method):
        yield "a read that does not say NO_SIDE_EFFECTS"
    if method.name.startswith(("Create", "Update", "Delete")) and not is_write(method):
        yield "a write that says NO_SIDE_EFFECTS"
    if is_write(method):
        absent = {"request_id", "validate_only"} - request
        yield from (f"{field} is missing (AIP-155, 163)" for field in sorted(absent))
    if method.name.startswith("List"):
        absent = {"page_size", "page_token"} - request | {"next_page_token"} - response
        yield from (f"{field} is missing (AIP-158)" for field in sorted(absent))
    if (
        method.name.startswith(("Update", "Activate", "End", "Suspend", "Reinstate"))
        and "etag" not in request
    ):
        yield "etag is missing (AIP-154)"
    if method.name.startswith("Update") and "update_mask" not in request:
        yield "update_mask is missing (AIP-134)"
    for field in message.field:
        chosen = field.HasField("oneof_index") and not field.proto3_optional
        if not chosen and not has_behavior(field):
            yield f"{field.name} says neither REQUIRED nor OPTIONAL (AIP-203)"


def bindings(method: MethodDescriptorProto) -> Iterator[tuple[str, str]]:
    """The verb and the path of each http binding of an RPC."""
    rule = method.options.Extensions[HTTP]
    for one in (rule, *rule.additional_bindings):
        verb = one.WhichOneof("pattern")
        if verb is not None:
            yield verb, str(getattr(one, verb))


def check_paths(files: list[FileDescriptorProto], messages: Messages) -> Iterator[str]:
    """AIP-127: no two RPCs of one server share a path, and what a path names is a field of the request.

    Releases and accesses are served by each server beside its own services: they share no path with any.
    """
    seen: dict[tuple[str, str, str], str] = {}
    served = {file.package for file in files if file.service}
    for file in files:
        beside = served if file.package in SERVED_BY_EACH else {file.package}
        for service in file.service:
            for method in service.method:
                request = {field.name for field in messages[method.input_type].field}
                for verb, path in bindings(method):
                    for name in re.findall(r"{([a-z_]+)", path):
                        if name not in request:
                            yield f"{service.name}.{method.name}: {name} of its path is no field"
                    shape = re.sub(r"{[a-z_.]+=?([^}]*)}", r"\1", path)
                    name = f"{service.name}.{method.name}"
                    for package in beside:
                        other = seen.setdefault((package, verb, shape), name)
                        if other != name:
                            yield f"{name}: {other} has the path {verb} {shape}"


def check_resources(files: list[FileDescriptorProto]) -> Iterator[str]:
    """AIP-122, 123: what has a name is a resource, and what is referred to exists."""
    declared: dict[str, str] = {}
    for file in files:
        for message in file.message_type:
            resource = message.options.Extensions[RESOURCE]
            identified = any(IDENTIFIER in field.options.Extensions[BEHAVIOR] for field in message.field)
            if bool(resource.type) != identified:
                yield f"{message.name}: a resource and its IDENTIFIER go together"
            declared |= {resource.type: message.name} if resource.type else {}
    for file in files:
        for message in file.message_type:
            for field in message.field:
                wanted = field.options.Extensions[REFERENCE].type
                if wanted and wanted not in declared:
                    yield f"{message.name}.{field.name}: {wanted} is no resource of the contract"


def check_base_names(files: list[FileDescriptorProto]) -> Iterator[str]:
    """Some generators put every file in one folder: no two of one base name."""
    seen: dict[str, str] = {}
    for file in files:
        base = file.name.rpartition("/")[2]
        if base in seen:
            yield f"{file.name}: {seen[base]} has the same base name"
        seen[base] = file.name


def violations(descriptors: FileDescriptorSet) -> list[str]:
    """Everything in the contract that breaks a convention."""
    files = own(descriptors)
    messages = {
        f".{file.package}.{message.name}": message
        for file in descriptors.file  # those of Google too: HttpBody is an answer
        for message in file.message_type
    }
    shared = ("microcredit.errors.v1", "microcredit.releases.v1")
    found: list[str] = [*check_base_names(files), *check_resources(files), *check_paths(files, messages)]
    for file in files:
        notes = comments(file)
        found += check_file(file)
        for message in file.message_type:
            found += check_fields(message)
        for index, enum in enumerate(file.enum_type):
            found += check_enum(enum, (ENUM, index), notes)
        known = reasons(files, file.package, *shared)
        for index, service in enumerate(file.service):
            found += check_service(service, (SERVICE, index), file, messages, known)
    return found


@pytest.fixture(scope="module")
def contract() -> FileDescriptorSet:
    return describe(ROOT / "protos")


def test_the_contract_follows_the_conventions(contract: FileDescriptorSet) -> None:
    assert sum(len(file.service) for file in contract.file) >= 4
    assert violations(contract) == []


def test_the_page_of_errors_is_that_of_the_contract(contract: FileDescriptorSet) -> None:
    page = (ROOT / "docs/erreurs.md").read_text(encoding="utf-8")
    assert page == errors_page(contract), "make contracts l’écrit de nouveau"


def test_every_reason_is_given_somewhere_and_has_one_row(contract: FileDescriptorSet) -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([A-Z_, ]*) \|", errors_page(contract), re.MULTILINE)
    files = own(contract)
    assert {name for name, _ in rows} == reasons(files, *{file.package for file in files})
    assert [name for name, code in rows if not code] == []


BAD = """
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/type/date.proto";
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/api/resource.proto";
import "microcredit/other/v1/other.proto";
option go_package = "example.org/shop;shop";
// Sells.
//
// Errors of every RPC, besides its own:
// - ABORTED / ETAG_MISMATCH, with etag: it changed.
// - INTERNAL / INTERNAL: a fault.
service Shop {
  // Sells. Errors: none is listed.
  rpc ListThings(ListThingsRequest) returns (ListThingsResponse);
  // Shows.
  rpc GetThing(ListThingsRequest) returns (ListThingsResponse) {
    option (google.api.http) = { get: "/v1/{thing=things/*}" };
  }
  // Shows too.
  rpc GetOther(ListThingsRequest) returns (ListThingsResponse) {
    option (google.api.http) = { get: "/v1/{weight=things/*}" };
  }
  // Errors:
  // - NOT_FOUND / UNKNOWN_REASON: never declared.
  // - INTERNAL / INTERNAL: said already.
  rpc UpdateThing(UpdateThingRequest) returns (UpdateThingResponse);
  // Changes nothing, it says.
  rpc DeleteThing(UpdateThingRequest) returns (UpdateThingResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
}
message ListThingsRequest { double weight = 1; string birth_date = 2; int64 amount = 3; string rate_pct = 4; }
message ListThingsResponse { google.protobuf.Timestamp created = 1; }
message UpdateThingRequest { microcredit.other.v1.Other other = 1; google.type.Date time = 2; }
message UpdateThingResponse {}
message Thing { string name = 1 [(google.api.field_behavior) = IDENTIFIER]; }
message Ref { string thing = 1 [(google.api.resource_reference).type = "shop/Nothing"]; }
enum ErrorReason { OOPS = 0; ERROR_REASON_BAD = 1; }
"""
OTHER = 'syntax = "proto3"; package microcredit.other.v1; message Other {}'


@pytest.mark.parametrize(
    "expected",
    [
        "shop/shop.proto: package shop is not versioned",
        "shop/shop.proto: option php_namespace is missing",
        "shop/shop.proto: go_package is a path without a host",
        "shop/shop.proto: imports microcredit/other/v1/other.proto, a message of another service",
        "shop/shop.proto: shelf/shop.proto has the same base name",
        "ListThingsRequest.weight: a float",
        "ListThingsRequest.birth_date: .google.type.Date is expected",
        "ListThingsRequest.amount: google.type.Money is expected",
        "ListThingsRequest.rate_pct: .google.type.Decimal is expected",
        "ListThingsResponse.created: a Timestamp is named …_time",
        "UpdateThingRequest.time: a Date is not a time",
        "ErrorReason: the first value is not …_UNSPECIFIED",
        "ERROR_REASON_BAD: no example in its comment",
        "ERROR_REASON_BAD: no French meaning and remedy",
        "Thing: a resource and its IDENTIFIER go together",
        "Ref.thing: shop/Nothing is no resource of the contract",
        "Shop: DEADLINE_EXCEEDED is not said for all its RPCs",
        "Shop: ETAG_MISMATCH is said, and no RPC can give it",
        "Shop.ListThings: its comment announces errors, and lists none",
        "Shop.ListThings: a read that does not say NO_SIDE_EFFECTS",
        "Shop.ListThings: no google.api.http (AIP-127)",
        "Shop.GetThing: thing of its path is no field",
        "Shop.GetOther: Shop.GetThing has the path get /v1/things/*",
        "Shop.ListThings: next_page_token is missing (AIP-158)",
        "Shop.ListThings: weight says neither REQUIRED nor OPTIONAL (AIP-203)",
        "Shop.UpdateThing: UNKNOWN_REASON is not an ErrorReason",
        "Shop.UpdateThing: INTERNAL is said by its service already",
        "Shop.UpdateThing: request_id is missing (AIP-155, 163)",
        "Shop.UpdateThing: validate_only is missing (AIP-155, 163)",
        "Shop.UpdateThing: etag is missing (AIP-154)",
        "Shop.UpdateThing: update_mask is missing (AIP-134)",
        "Shop.DeleteThing: a write that says NO_SIDE_EFFECTS",
    ],
)
def test_each_convention_bites(expected: str, bad_contract: list[str]) -> None:
    assert expected in bad_contract


@pytest.fixture(scope="module")
def bad_contract(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the checks find in a contract that breaks them all."""
    root = tmp_path_factory.mktemp("bad")
    shelf = 'syntax = "proto3"; package shelf;'
    files = {"shop/shop.proto": BAD, "microcredit/other/v1/other.proto": OTHER, "shelf/shop.proto": shelf}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    return violations(describe(root))
