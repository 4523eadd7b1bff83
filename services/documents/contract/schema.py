"""A compiled JSON Schema: every violation at once, in French, then typed values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs

from services.documents.contract import messages
from services.documents.contract.strict_json import child
from services.documents.contract.values import Code, Money
from services.kit.errors import Violation

_DEFINITION = "#/$defs/"
_TYPES: Mapping[str, Callable[[str], Any]] = {
    "money": Money.parse,
    "signed_money": Money.parse,
    "rate": Decimal,
    "date": date.fromisoformat,
}


class Schema:
    """A JSON Schema 2020-12 document whose `$defs` named money, rate and date carry types."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._definitions: dict[str, Any] = document.get("$defs", {})
        self._validator = jsonschema_rs.Draft202012Validator(document, validate_formats=True)

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Reads and compiles a schema shipped with the service."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def violations(self, data: Any, root: str) -> Iterator[Violation]:
        """Every violation of `data`, with paths below `root`."""
        for error in self._validator.iter_errors(data):
            path = _path(root, error.instance_path)
            expected = self._expected(error.schema_path)
            yield from messages.violations(error.kind, path, expected)

    def typed(self, data: Any) -> Any:
        """The same data, checked beforehand, typed: money, rates, dates, codes; an absent list is empty."""
        return self._typed(data, self._document)

    def knows(self, dotted: str) -> bool:
        """Whether `applicant.birth_date` is a path of the schema (through objects, not lists)."""
        schema = self._document
        for name in dotted.split("."):
            schema = self._resolve(schema).get("properties", {}).get(name)
            if schema is None:
                return False
        return True

    def _expected(self, schema_path: list[str | int]) -> str:
        if schema_path[0] != "$defs":
            return ""
        return str(self._definitions[str(schema_path[1])].get("title", ""))

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        definition: Mapping[str, Any] = self._definitions[reference.removeprefix(_DEFINITION)]
        return definition

    def _typed(self, value: Any, schema: Mapping[str, Any]) -> Any:
        read = _TYPES.get(schema.get("$ref", "").removeprefix(_DEFINITION))
        if read is not None:
            return read(value)
        schema = self._resolve(schema)
        if isinstance(value, dict):
            return self._typed_object(value, schema.get("properties", {}))
        if isinstance(value, list):
            return [self._typed(item, schema["items"]) for item in value]
        labels = schema.get("x-labels")
        return value if labels is None else Code(value, labels[value])

    def _typed_object(self, value: dict[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
        typed = {key: self._typed(item, properties.get(key, {})) for key, item in value.items()}
        absent: dict[str, Any] = {
            key: [] for key, schema in properties.items() if schema.get("type") == "array"
        }
        return absent | typed


class Requirement:
    """The paths that one template adds to what the contract already requires."""

    def __init__(self, paths: Iterable[str], template_id: str) -> None:
        self._validator = jsonschema_rs.Draft202012Validator(_required(paths))
        self._message = f"Ce champ est exigé par le modèle «\u00a0{template_id}\u00a0»."

    def violations(self, data: Any, root: str) -> Iterator[Violation]:
        """Every required path that `data` lacks."""
        for error in self._validator.iter_errors(data):
            path = child(_path(root, error.instance_path), _lacking(error.kind))
            yield Violation(path, "REQUIRED", self._message)


def _lacking(kind: Any) -> str:
    return str(kind.property)


def _required(paths: Iterable[str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for path in paths:
        node = document
        for name in path.split("."):
            required = node.setdefault("required", [])
            if name not in required:
                required.append(name)
            node = node.setdefault("properties", {}).setdefault(name, {})
    return document


def _path(root: str, instance_path: list[str | int]) -> str:
    path = root
    for step in instance_path:
        path = f"{path}[{step}]" if isinstance(step, int) else child(path, step)
    return path
