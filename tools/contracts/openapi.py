"""The OpenAPI 3.1 description of each service, as the gateway translates it: paths, fields, errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet, MethodDescriptorProto

from tools.contracts.reading import ROOT, Given, errors_listed
from tools.contracts.schemas import Json, Schemas, camel, reference, text_of

DOSSIER = ROOT / "services/documents/contract/dossier.schema.json"
HOSTS = {
    "eligibility": ("microcredit.eligibility.v1", ("rulesets",)),
    "documents": ("microcredit.documents.v1", ("templates", "profiles")),
    "bank-registry": ("microcredit.bankregistry.v1", ()),
}
"""The services by the name of their host: the package of each, and the collections that it deploys."""

STATUS = {
    "INVALID_ARGUMENT": HTTPStatus.BAD_REQUEST,
    "FAILED_PRECONDITION": HTTPStatus.BAD_REQUEST,
    "OUT_OF_RANGE": HTTPStatus.BAD_REQUEST,
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
    "PERMISSION_DENIED": HTTPStatus.FORBIDDEN,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "ABORTED": HTTPStatus.CONFLICT,
    "ALREADY_EXISTS": HTTPStatus.CONFLICT,
    "RESOURCE_EXHAUSTED": HTTPStatus.TOO_MANY_REQUESTS,
    "INTERNAL": HTTPStatus.INTERNAL_SERVER_ERROR,
    "DATA_LOSS": HTTPStatus.INTERNAL_SERVER_ERROR,
    "UNIMPLEMENTED": HTTPStatus.NOT_IMPLEMENTED,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
}
"""The HTTP status by which the gateway says a code of gRPC."""

NOTE = (
    "**Un champ JSON inconnu, hors de `data`, est ignoré par la passerelle sans être refusé.** Un paramètre "
    "d’adresse inconnu est refusé."
)
_SHARED = ("microcredit.access.v1", "microcredit.releases.v1")
_RELEASES = "microcredit.releases.v1"
_VERBS = ("get", "post", "put", "patch", "delete")
_FILES = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/pdf",
    "application/zip",
)
_VARIABLE = re.compile(r"\{([a-z_.]+)(?:=([^}]*))?\}")

# Their stubs give extensions a type that those of protobuf do not take.
_HTTP: Any = annotations_pb2.http
_BEHAVIOR: Any = field_behavior_pb2.field_behavior
_REQUIRED: Any = field_behavior_pb2.REQUIRED


@dataclass(frozen=True)
class Operation:
    """One path of an RPC: what it is called with, and the comment of the RPC."""

    service: str
    method: MethodDescriptorProto
    note: str
    shared_note: str
    """What the service says of all its RPCs."""
    verb: str
    template: str
    body: str

    @property
    def variables(self) -> dict[str, str]:
        """The fields of the request that the path names, and the pattern of each."""
        return {name: pattern or "*" for name, pattern in _VARIABLE.findall(self.template)}

    @property
    def path(self) -> tuple[str, list[str]]:
        """The path as OpenAPI writes it, and the names of its parameters."""
        names: list[str] = []

        def expand(match: re.Match[str]) -> str:
            parts, found = (match[2] or "*").split("/"), []
            for before, part in zip(["", *parts], parts, strict=False):
                if "*" in part:
                    names.append("path" if part == "**" else before.removesuffix("s") or camel(match[1]))
                    part = f"{{{names[-1]}}}"
                found.append(part)
            return "/".join(found)

        return _VARIABLE.sub(expand, self.template), names

    @property
    def errors(self) -> list[Given]:
        """The errors that its comment and that of its service list."""
        return [*errors_listed(self.note), *errors_listed(self.shared_note)]


def openapi(descriptors: FileDescriptorSet, host: str) -> str:
    """The JSON of the description of the service of a host; the same bytes for the same contract."""
    schemas = Schemas(descriptors)
    paths: dict[str, Json] = {}
    for operation in operations(schemas, host):
        paths.setdefault(operation.path[0], {})[operation.verb] = _operation(operation, schemas)
    schemas.add("google.rpc.Status")
    components = schemas.components()
    if "data" in json.dumps(components):
        components["Dossier"] = _dossier()
    said = {
        "openapi": "3.1.0",
        "info": {"title": f"Microcrédit : {host}", "version": "v1", "description": NOTE},
        "servers": [{"url": f"https://{host}.localhost:8443"}],
        "security": [{"application": [], "agent": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "application": {"type": "mutualTLS", "description": "Le certificat de l’application."},
                "agent": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def operations(schemas: Schemas, host: str) -> Iterator[Operation]:
    """Every path of the service of a host, in the order of the contract."""
    package, collections = HOSTS[host]
    for place, service, method, note, shared_note in schemas.methods():
        if place != package and place not in _SHARED:
            continue
        rule = method.options.Extensions[_HTTP]
        for one in (rule, *rule.additional_bindings):
            verb = one.WhichOneof("pattern")
            template = getattr(one, verb) if verb in _VERBS else ""
            named = set(re.findall(r"=(\w+)", template))
            deploys = bool(named & set(collections)) if named else bool(collections)
            if template and (place != _RELEASES or deploys):
                yield Operation(f"{place}.{service}", method, note, shared_note, verb, template, one.body)


def _operation(operation: Operation, schemas: Schemas) -> Json:
    method, (path, names) = operation.method, operation.path
    summary, _, rest = text_of(operation.note).partition(". ")
    found: Json = {
        "operationId": re.sub(r"\W+", "_", f"{operation.verb} {path}").strip("_"),
        "tags": [operation.service.rpartition(".")[2]],
        "summary": f"{method.name}. {summary.removesuffix('.')}.",
        "description": rest,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in names
        ],
        "responses": _responses(operation, schemas),
    }
    found["parameters"] += _query(operation, schemas)
    if operation.body:
        content = _body(operation, schemas)
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": content}}}
    return found


def _body(operation: Operation, schemas: Schemas) -> Json:
    """The schema of the body: the whole request but what the path names, or one field of it."""
    whole = operation.method.input_type
    if operation.body != "*":
        (field,) = (each for each in schemas.fields(whole) if each.name == operation.body)
        return schemas.field(field)
    named = {name for name in operation.variables if "." not in name}
    return schemas.message(whole, without=named) if named else reference(schemas.add(whole))


def _query(operation: Operation, schemas: Schemas) -> Iterator[Json]:
    """The parameters of the address: the fields that are neither in the path nor in the body."""
    if operation.body == "*":
        return
    fields = schemas.fields(operation.method.input_type)
    taken = {*operation.variables, operation.body}
    chosen = {field.oneof_index for field in fields if field.name in taken and field.HasField("oneof_index")}
    # What excludes the body, or what the path names, is no parameter beside it.
    taken |= {field.name for field in fields if field.HasField("oneof_index") and field.oneof_index in chosen}
    yield from (
        {"name": name, "in": "query", "required": required, "description": description, "schema": schema}
        for name, required, description, schema in _flat(operation.method.input_type, schemas, "", taken)
    )


def _flat(
    message: str, schemas: Schemas, prefix: str, taken: set[str]
) -> Iterator[tuple[str, bool, str, Json]]:
    for field in schemas.fields(message):
        if field.name in taken:
            continue
        repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
        nested = field.type == FieldDescriptorProto.TYPE_MESSAGE and not schemas.is_simple(field.type_name)
        if nested and not repeated:
            yield from _flat(field.type_name, schemas, f"{prefix}{camel(field.name)}.", set())
        elif not nested:
            required = not prefix and _REQUIRED in field.options.Extensions[_BEHAVIOR]
            name = f"{prefix}{camel(field.name)}"
            yield name, required, schemas.note(message, field.name), schemas.field(field)


def _responses(operation: Operation, schemas: Schemas) -> Json:
    method = operation.method
    if method.output_type == ".google.api.HttpBody":
        content: Json = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _FILES}
    else:
        answer: Json = reference(schemas.add(method.output_type))
        if method.server_streaming:
            answer = {"type": "array", "items": answer}
        content = {"application/json": {"schema": answer}}
    refused = {"application/json": {"schema": reference("google.rpc.Status")}}
    found: Json = {"200": {"description": "La réponse.", "content": content}}
    by_status: dict[int, dict[str, None]] = {}
    for given in operation.errors:
        by_status.setdefault(STATUS[given.code], {})[given.reason] = None
    for status, reasons in sorted(by_status.items()):
        found[str(int(status))] = {"description": ", ".join(reasons), "content": refused}
    found["default"] = {"description": "Toute autre erreur.", "content": refused}
    return found


def _dossier() -> Json:
    """The schema of the dossier, its inner references from the root of the description."""
    text = DOSSIER.read_text(encoding="utf-8").replace('"#/$defs/', '"#/components/schemas/Dossier/$defs/')
    schema: Json = json.loads(text)
    del schema["$id"], schema["$schema"]
    return schema
