"""A compiled JSON Schema: every violation at once, in French, then typed values."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import jsonschema_rs

from services.documents.contract.images import Image
from services.documents.contract.strict_json import MAX_DIGITS, child
from services.documents.contract.values import Code, Money, NotAsked
from services.kit.errors import FieldReason, Violation

_DEFINITION = "#/$defs/"
_LARGEST = 10**MAX_DIGITS
Convert = Callable[[Any], Any]
_TYPES: Mapping[str, Callable[[str], Any]] = {
    "money": Money.parse,
    "signed_money": Money.parse,
    "rate": Decimal,
    "date": date.fromisoformat,
    "picture": Image.parse,
}

_TYPE_NAMES = {
    "string": "un texte",
    "integer": "un nombre entier",
    "array": "une liste",
    "object": "un objet",
    "boolean": "vrai ou faux",
}
# Keyword of the schema -> reason and sentence; {} is the limit.
_LIMITS = {
    "maxLength": (FieldReason.TOO_LONG, "{} caractères au plus."),
    "minLength": (FieldReason.TOO_SHORT, "{} caractères au moins."),
    "maxItems": (FieldReason.TOO_MANY, "{} éléments au plus."),
    "minItems": (FieldReason.TOO_FEW, "{} élément au moins."),
    "minimum": (FieldReason.OUT_OF_RANGE, "Au moins {}."),
    "maximum": (FieldReason.OUT_OF_RANGE, "Au plus {}."),
}


class Schema:
    """A JSON Schema 2020-12 document whose `$defs` named money, rate and date carry types."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._definitions: dict[str, Any] = document.get("$defs", {})
        self._validator = jsonschema_rs.Draft202012Validator(document, validate_formats=True)
        self.names = frozenset(_names(document))
        self._converters: dict[str, Convert] = {}
        self._convert = self._converter(document)

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Reads and compiles a schema shipped with the service."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def accepts(self, data: Any) -> bool:
        """Whether `data` has no violation."""
        return self._validator.is_valid(data)

    def violations(self, data: Any, root: str, *, authored: bool = False) -> Iterator[Violation]:
        """Every violation of `data`, with paths below `root`.

        They repeat the names of the contract alone, unless `authored`: a file of a package speaks of nobody,
        and its author looks for what he wrote.
        """
        for error in self._validator.iter_errors(data):
            kind: Any = error.kind
            path = self._path(data, root, error.instance_path)
            if kind.name == "additionalProperties":
                # error.instance has the same keys, in another order
                holder = reduce(getitem, error.instance_path, data)
                for name in kind.unexpected:
                    where = f"{path}.{name}" if authored else child(path, name, holder, self.names)
                    sentence = "Ce champ n’existe pas dans le contrat."
                    yield Violation(where, FieldReason.UNKNOWN_FIELD, sentence)
            else:
                yield _violation(kind, path, self._expected(error.schema_path))

    def typed(self, data: Any) -> Any:
        """The same data, checked before, typed: money, rates, dates, codes; an absent list is NotAsked.

        Raises NotWholeError where a decoder made a fraction of a whole number, or a number too long.
        """
        return self._convert(data)

    def knows(self, dotted: str) -> bool:
        """Whether `applicant.birth_date` is a path of the schema (through objects, not lists)."""
        schema = self._document
        for name in dotted.split("."):
            schema = self._resolve(schema).get("properties", {}).get(name)
            if schema is None:
                return False
        return True

    def marked(self, mark: str) -> dict[str, Any]:
        """The paths of what carries this mark, and its value there: `pieces[].provided_on` in a list."""
        return dict(self._marked(self._document, mark, ""))

    def _marked(self, schema: Mapping[str, Any], mark: str, path: str) -> Iterator[tuple[str, Any]]:
        for name, below in self._resolve(schema).get("properties", {}).items():
            here, target = path + name, self._resolve(below)
            if mark in below:
                yield here, below[mark]
            elif "items" in target:
                yield from self._marked(target["items"], mark, f"{here}[].")
            else:
                yield from self._marked(target, mark, f"{here}.")

    def _path(self, data: Any, root: str, steps: list[str | int]) -> str:
        path = root
        for step in steps:
            path = f"{path}[{step}]" if isinstance(step, int) else child(path, step, data, self.names)
            data = data[step]
        return path

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

    def _converter(self, schema: Mapping[str, Any]) -> Convert:
        """What types a value that follows a schema; made once for each definition."""
        name = schema.get("$ref", "").removeprefix(_DEFINITION)
        if name in _TYPES:
            return _TYPES[name]
        if name:
            if name not in self._converters:
                self._converters[name] = _unchanged  # a definition that holds itself
                self._converters[name] = self._converter(self._definitions[name])
            return self._converters[name]
        return self._structure(schema)

    def _structure(self, schema: Mapping[str, Any]) -> Convert:
        if schema.get("type") == "integer":
            return _whole
        if "items" in schema:
            return _list_of(self._converter(schema["items"]))
        if "x-labels" in schema:
            return _codes(schema["x-labels"])
        properties: Mapping[str, Any] = schema.get("properties", {})
        if not properties:
            return _unchanged
        found = ((key, self._converter(below)) for key, below in properties.items())
        converters = [(key, convert) for key, convert in found if convert is not _unchanged]
        lists = [key for key, below in properties.items() if below.get("type") == "array"]

        def convert_object(value: Any) -> Any:
            typed: dict[str, Any] = dict(value)
            for key, convert in converters:
                if key in typed:
                    typed[key] = convert(typed[key])
            # Last: converted, an absent list would be one that says « aucun ».
            for key in lists:
                if key not in typed:
                    typed[key] = NotAsked()
            return typed

        return convert_object


def _list_of(convert: Convert) -> Convert:
    if convert is _unchanged:
        return _unchanged
    return lambda value: [convert(item) for item in value]


def _codes(labels: Mapping[str, str]) -> Convert:
    """Each code is made once: a dossier has many, and a code never changes."""
    return {text: Code(text, label) for text, label in labels.items()}.__getitem__


def written(value: Any) -> Any:
    """JSON values that `typed` reads as this value, which it gave."""
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Image):
        return base64.b64encode(value.content).decode()
    if isinstance(value, Money):
        sign, cents = "-" if value.cents < 0 else "", abs(value.cents)
        return f"{sign}{cents // 100}.{cents % 100:02d}"
    return str(value) if isinstance(value, str | Decimal) else value


def _unchanged(value: Any) -> Any:
    return value


class NotWholeError(Exception):
    """A number that is no exact whole number: 1.0 is an integer for JSON Schema, and none for us."""


def _whole(value: Any) -> Any:
    if type(value) is not int or abs(value) >= _LARGEST:
        raise NotWholeError
    return value


class Requirement:
    """The paths that one template adds to what the contract already requires."""

    def __init__(self, paths: Iterable[str], template_id: str) -> None:
        self._validator = jsonschema_rs.Draft202012Validator(_required(paths))
        self._message = f"Ce champ est exigé par le modèle « {template_id} »."

    def accepts(self, data: Any) -> bool:
        """Whether `data` lacks no required path."""
        return self._validator.is_valid(data)

    def violations(self, data: Any, root: str) -> Iterator[Violation]:
        """Every required path that `data` lacks."""
        for error in self._validator.iter_errors(data):
            # It has no name but those of the template.
            kind: Any = error.kind
            path = ".".join([root, *map(str, error.instance_path), kind.property])
            yield Violation(path, FieldReason.REQUIRED, self._message)


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


def _names(schema: Any) -> Iterator[str]:
    """Every name of a property in a schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for below in schema.values():
            yield from _names(below)


def _violation(kind: Any, path: str, expected: str) -> Violation:
    """The violation behind one schema error; `expected` says in French what the type of the field is."""
    if kind.name == "required":
        return Violation(f"{path}.{kind.property}", FieldReason.REQUIRED, "Ce champ est obligatoire.")
    if expected and kind.name not in ("enum", "maxLength"):
        return Violation(path, FieldReason.MALFORMED, f"Attendu : {expected}.")
    return _other(kind, path)


def _other(kind: Any, path: str) -> Violation:
    if kind.name == "enum":
        choices = ", ".join(str(option) for option in kind.options)
        return Violation(path, FieldReason.UNKNOWN_VALUE, f"Valeurs admises : {choices}.")
    if kind.name == "type":
        types = " ou ".join(_TYPE_NAMES[name] for name in kind.types)
        return Violation(path, FieldReason.MALFORMED, f"Attendu : {types}.")
    if kind.name in _LIMITS:
        reason, sentence = _LIMITS[kind.name]
        return Violation(path, reason, sentence.format(kind.limit))
    return Violation(path, FieldReason.MALFORMED, "Ce champ n’a pas la forme attendue.")
