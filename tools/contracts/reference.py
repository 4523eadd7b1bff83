"""The reference page of a service: its OpenAPI description as one page of HTML, readable without script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

Json = dict[str, Any]

_STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:auto;padding:1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #767676;padding:.3rem;text-align:left;"
    "vertical-align:top}code{overflow-wrap:anywhere}p,td{white-space:pre-line}"
)
_SCHEMAS = "#/components/schemas/"


def reference_page(description: str) -> str:
    """The page of an OpenAPI description."""
    said: Json = json.loads(description)
    title = escape(said["info"]["title"])
    note = escape(said["info"]["description"]).replace("**", "").replace("`", "")
    operations = [
        (verb, path, operation) for path, verbs in said["paths"].items() for verb, operation in verbs.items()
    ]
    schemas = said["components"]["schemas"]
    parts = [
        f'<!doctype html>\n<html lang="fr">\n<head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<main>\n<h1>{title}</h1>\n<p><strong>{note}</strong></p>\n"
        "<p>Page écrite par <code>make contracts</code> ; les commentaires du contrat sont en anglais.</p>",
        "<h2>Appels</h2>\n<ul>",
        *(
            f'<li><a href="#{operation["operationId"]}"><code>{verb.upper()} {escape(path)}</code></a></li>'
            for verb, path, operation in operations
        ),
        "</ul>",
        *(line for each in operations for line in _operation(*each)),
        "<h2>Messages</h2>",
        *(line for name, schema in schemas.items() for line in _schema(name, schema)),
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _operation(verb: str, path: str, operation: Json) -> Iterator[str]:
    yield f'<h3 id="{operation["operationId"]}"><code>{verb.upper()} {escape(path)}</code></h3>'
    yield f'<p lang="en">{escape(operation["summary"])}</p>'
    rows = [
        (each["name"], _type(each["schema"]), "oui" if each["required"] else "", each.get("description", ""))
        for each in operation["parameters"]
    ]
    if rows:
        yield from _table(("paramètre", "type", "obligatoire", "sens"), rows)
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield f"<p>Corps : {_type(schema)}</p>"
        if "$ref" not in schema:
            yield from _fields(schema)
    answers = operation["responses"]["200"]["content"].items()
    shown = ", ".join(f"<code>{escape(kind)}</code> : {_type(each['schema'])}" for kind, each in answers)
    yield f"<p>Réponse : {shown}</p>"
    refusals = [
        (status, each["description"])
        for status, each in operation["responses"].items()
        if status.isdigit() and status != "200"
    ]
    yield from _table(("statut", "motifs"), refusals)


def _schema(name: str, schema: Json) -> Iterator[str]:
    yield f'<h3 id="{escape(name)}"><code>{escape(name)}</code></h3>'
    yield f'<p lang="en">{escape(schema.get("description", ""))}</p>'
    if "enum" in schema:
        yield f"<p>{', '.join(f'<code>{escape(value)}</code>' for value in schema['enum'])}</p>"
    yield from _fields(schema)
    for inner, each in schema.get("$defs", {}).items():
        yield from _schema(f"{name}/$defs/{inner}", each)


def _fields(schema: Json) -> Iterator[str]:
    required = schema.get("required", ())
    rows = [
        (name, _type(field), "oui" if name in required else "", field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]
    if rows:
        yield from _table(("champ", "type", "obligatoire", "sens"), rows)


def _type(schema: Json) -> str:
    """What a value is, in a few words, with a link to what describes it."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).removeprefix(_SCHEMAS))
        return f'<a href="#{name}"><code>{name.rpartition(".")[2]}</code></a>'
    if schema.get("type") == "array":
        return f"liste de {_type(schema.get('items', {}))}"
    words = [str(schema.get("type", "valeur")), str(schema.get("format", schema.get("contentEncoding", "")))]
    return escape(" ".join(filter(None, words)))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table whose cells are HTML but for the first, a name, and the last, a text."""
    yield "<table><tr>" + "".join(f'<th scope="col">{each}</th>' for each in head) + "</tr>"
    for name, *middle, last in rows:
        cells = [f"<code>{escape(name)}</code>", *middle, escape(last)]
        yield "<tr>" + "".join(f"<td>{each}</td>" for each in cells) + "</tr>"
    yield "</table>"
