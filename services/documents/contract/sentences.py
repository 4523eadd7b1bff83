"""French sentences for what a JSON Schema refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.documents.contract.strict_json import child
from services.kit.errors import Violation

_TYPES = {
    "string": "un texte",
    "integer": "un nombre entier",
    "array": "une liste",
    "object": "un objet",
    "boolean": "vrai ou faux",
}
# Keyword of the schema -> reason and sentence; {} is the limit.
_LIMITS = {
    "maxLength": ("TOO_LONG", "{} caractères au plus."),
    "minLength": ("TOO_SHORT", "{} caractères au moins."),
    "maxItems": ("TOO_MANY", "{} éléments au plus."),
    "minItems": ("TOO_FEW", "{} élément au moins."),
    "minimum": ("OUT_OF_RANGE", "Au moins {}."),
    "maximum": ("OUT_OF_RANGE", "Au plus {}."),
}


def violations(kind: Any, path: str, expected: str) -> Iterator[Violation]:
    """The violations behind one schema error; `expected` says in French what the type of the field is."""
    if kind.name == "required":
        yield Violation(child(path, kind.property), "REQUIRED", "Ce champ est obligatoire.")
    elif kind.name == "additionalProperties":
        for name in kind.unexpected:
            yield Violation(child(path, name), "UNKNOWN_FIELD", "Ce champ n’existe pas dans le contrat.")
    elif expected and kind.name not in ("enum", "maxLength"):
        yield Violation(path, "INVALID_FORMAT", f"Attendu : {expected}.")
    else:
        yield _other(kind, path)


def _other(kind: Any, path: str) -> Violation:
    if kind.name == "enum":
        choices = ", ".join(str(option) for option in kind.options)
        return Violation(path, "INVALID_VALUE", f"Valeurs admises : {choices}.")
    if kind.name == "type":
        types = " ou ".join(_TYPES[name] for name in kind.types)
        return Violation(path, "INVALID_FORMAT", f"Attendu : {types}.")
    if kind.name in _LIMITS:
        reason, sentence = _LIMITS[kind.name]
        return Violation(path, reason, sentence.format(kind.limit))
    return Violation(path, "INVALID_FORMAT", "Ce champ n’a pas la forme attendue.")
