"""The JSON forms: a document with all the lenders, or one lender a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NoReturn

from services.bank_registry.files.items import (
    MAX_FINDINGS,
    Content,
    FileFinding,
    FilePlace,
    Item,
    identifier,
    too_many,
)
from services.bank_registry.files.json_values import statement_of
from services.kit import french
from services.kit.errors import FieldReason, Violations
from services.kit.tables import MAX_ROWS, UnreadableFile

FORMAT = "registre-preteurs/1"
MAX_VALUES = 2_000_000
"""10,000 lenders hold about 400,000 values; each takes up to a hundred bytes of memory."""

Object = dict[str, object]


def read_json(data: bytes) -> Content:
    """The lenders of a JSON document or of JSON lines, told apart by their first line."""
    text = _text(data)
    if sum(map(text.count, "{[,")) > MAX_VALUES or text.count("\n") > 2 * MAX_VALUES:
        raise UnreadableFile("Le fichier contient trop de valeurs : ce n’est pas un fichier de prêteurs.")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if lines and _is_lender(lines[0][1]):
        return _lines(lines)
    return _document(parse(text))


def parse(text: str) -> Object:
    """The object of a JSON text; a repeated key, NaN and Infinity are refused."""
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"ligne {error.lineno}, colonne {error.colno}"
        raise UnreadableFile(f"Le fichier n’est pas du JSON valide ({place}).") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("Le fichier contient un nombre ou une imbrication démesurés.") from error
    if not isinstance(document, dict):
        raise UnreadableFile("Le fichier doit contenir un objet, entre accolades.")
    return document


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("Un fichier JSON doit être enregistré en UTF-8.") from error


def _is_lender(line: str) -> bool:
    try:
        names = set(parse(line))
    except UnreadableFile:
        return False
    return bool(names) and not names & {"format", "banks"}


def _lines(lines: list[tuple[int, str]]) -> Content:
    if len(lines) > MAX_ROWS:
        raise UnreadableFile(f"Le fichier compte plus de {french.number(MAX_ROWS)} lignes.")
    objects: list[tuple[int, Object]] = []
    findings: list[FileFinding] = []
    for number, line in lines:
        try:
            objects.append((number, parse(line)))
        except UnreadableFile as error:
            sentence = str(error).replace("(ligne 1, ", "(").replace("Le fichier", "La ligne")
            findings.append(FileFinding(FilePlace(number), FieldReason.NOT_JSON, sentence))
    items = _bounded(_item(lender, number, "") for number, lender in objects)
    return Content(tuple(items), tuple(findings))


def _document(document: Object) -> Content:
    if document.get("format") != FORMAT:
        raise UnreadableFile(f"Le champ « format » du fichier doit être « {FORMAT} ».")
    unknown = sorted(set(document) - {"format", "banks"})
    if unknown:
        raise UnreadableFile(f"Le champ « {unknown[0]} » n’existe pas à la racine du fichier.")
    banks = document.get("banks")
    if not isinstance(banks, list):
        raise UnreadableFile("Le champ « banks » doit être une liste entre crochets.")
    return Content(tuple(_bounded(_items(banks))), tuple(_not_objects(banks)))


def _items(banks: list[object]) -> Iterator[Item]:
    for index, bank in enumerate(banks):
        if isinstance(bank, dict):
            yield _item(bank, 0, f"banks[{index}]")


def _item(lender: Object, line: int, path: str) -> Item:
    """A lender, and what of its object cannot be read, at its path in the JSON form."""
    problems = Violations()
    statement = statement_of(lender, problems)
    findings = tuple(
        FileFinding(
            FilePlace(line, ".".join(filter(None, (path, one.field)))),
            one.reason,
            one.description,
            identifier(statement),
        )
        for one in problems
    )
    return Item(statement, line, path, findings=findings)


def _bounded(items: Iterable[Item]) -> Iterator[Item]:
    """The items, as long as their mistakes are not more than anyone would read."""
    count = 0
    for item in items:
        count += len(item.findings)
        if count > MAX_FINDINGS:
            raise too_many(item.findings[0])
        yield item


def _not_objects(banks: list[object]) -> Iterator[FileFinding]:
    for index, bank in enumerate(banks):
        if not isinstance(bank, dict):
            text = "Un objet entre accolades est attendu."
            yield FileFinding(FilePlace(0, f"banks[{index}]"), FieldReason.WRONG_TYPE, text)


def _object(pairs: list[tuple[str, object]]) -> Object:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise UnreadableFile(f"Le champ « {repeated} » est écrit deux fois dans le même objet.")
    return values


def _refuse_constant(text: str) -> NoReturn:
    raise UnreadableFile(f"« {text} » n’est pas un nombre.")
