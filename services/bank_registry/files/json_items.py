"""The JSON form: a document with all the lenders, or one lender a line; its values, both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import Any, NoReturn

from services.bank_registry.files.items import (
    MAX_FINDINGS,
    Content,
    FileFinding,
    FilePlace,
    Item,
    identifier,
    too_many,
)
from services.bank_registry.registry import (
    AGREEMENT,
    ALWAYS,
    BANK,
    CONTACT,
    CONVENTION,
    LONGEST_TEXT,
    SUSPENSION,
    UNREADABLE,
    BankKind,
    BankRecord,
    Field,
    Kind,
    Scope,
)
from services.kit import french
from services.kit.errors import FieldReason, Violations
from services.kit.tables import MAX_ROWS, UnreadableFile

FORMAT = "registre-preteurs/1"
MAX_VALUES = 2_000_000
"""10,000 lenders hold about 400,000 values; each takes up to a hundred bytes of memory."""

Object = dict[str, object]


def read_json(data: bytes) -> Content:
    """The lenders of a JSON document or of JSON lines, told apart by their first line."""
    text = _decoded(data)
    if sum(map(text.count, "{[,")) > MAX_VALUES or text.count("\n") > 2 * MAX_VALUES:
        raise UnreadableFile("Le fichier contient trop de valeurs : ce n’est pas un fichier de prêteurs.")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if lines and _is_lender(lines[0][1]):
        return _lines(lines)
    return _document(parse(text))


def parse(text: str) -> Object:
    """The object of a JSON text; a repeated key, NaN and Infinity are refused."""
    try:
        document = json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"ligne {error.lineno}, colonne {error.colno}"
        raise UnreadableFile(f"Le fichier n’est pas du JSON valide ({place}).") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("Le fichier contient un nombre ou une imbrication démesurés.") from error
    if not isinstance(document, dict):
        raise UnreadableFile("Le fichier doit contenir un objet, entre accolades.")
    return document


def _decoded(data: bytes) -> str:
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
        raise UnreadableFile(
            "La racine du fichier a un autre champ que « format » et « banks » ; retirez-le."
        )
    banks = document.get("banks")
    if not isinstance(banks, list):
        raise UnreadableFile("Le champ « banks » doit être une liste entre crochets.")
    return Content(tuple(_bounded(_lenders(banks))), tuple(_not_objects(banks)))


def _lenders(banks: list[object]) -> Iterator[Item]:
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


def _pairs(pairs: list[tuple[str, object]]) -> Object:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(index for index, name in enumerate(names) if names.count(name) > 1)
        raise UnreadableFile(f"Un objet a deux fois le même champ, son {repeated + 1}e ; gardez-en un seul.")
    return values


def _refuse_constant(text: str) -> NoReturn:
    raise UnreadableFile(f"« {text} » n’est pas un nombre.")


MAX_UNKNOWN, MAX_HINTS = 100, 20
"""Unknown fields of an object that are noted, and those that have a suggestion."""

_LISTS = {"earlier_terms": BANK[1:], "agreements": AGREEMENT, "local_conventions": CONVENTION}
_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Read = Callable[[Field, Any, str, Violations], Any]


def statement_of(lender: Object, problems: Violations) -> dict[str, Any]:
    """The statement of a lender from its object; the paths of problems are those of the object."""
    values = _object(BANK, lender, "", problems, tuple(_LISTS))
    for name, fields in _LISTS.items():
        values[name] = _objects(fields, lender.get(name), name, problems)
    return values


def object_of(record: BankRecord) -> dict[str, object]:
    """A lender in the JSON form."""
    *earlier, last = record.banks
    lists = {
        "earlier_terms": [_written(BANK[1:], bank) for bank in earlier],
        "agreements": [_written(AGREEMENT, agreement) for agreement in record.agreements],
        "local_conventions": [_written(CONVENTION, convention) for convention in record.conventions],
    }
    return _written(BANK, last) | {name: found for name, found in lists.items() if found}


def _object(
    fields: Sequence[Field], given: Object, path: str, problems: Violations, lists: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The values of an object by name of field; its unknown fields are noted, the first hundred of them."""
    values: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.json)
        if value is not None and value != "":
            values[field.name] = _READ[field.kind](field, value, _inside(path, field.json), problems)
    known = [*(field.json for field in fields), *lists]
    unknown = [name for name in given if name not in known]
    for index, name in enumerate(unknown[:MAX_UNKNOWN]):
        hint = _nearest(name, known) if index < MAX_HINTS and len(name) <= LONGEST_TEXT else "."
        text = f"Ce champ n’existe pas{hint}"
        problems.add(_inside(path, name[:LONGEST_TEXT]), FieldReason.UNKNOWN_FIELD, text)
    return values


def _objects(fields: Sequence[Field], value: object, path: str, problems: Violations) -> list[Any]:
    if value is None or value == "":
        return []
    found: list[Any] = []
    for index, item in enumerate(_list(value, path, problems)):
        where = f"{path}[{index}]"
        if isinstance(item, dict):
            found.append(_object(fields, item, where, problems))
        else:
            problems.add(where, FieldReason.WRONG_TYPE, "Un objet entre accolades est attendu.")
            found.append(UNREADABLE)
    return found


def _list(value: object, path: str, problems: Violations) -> Iterable[object]:
    if isinstance(value, list):
        return value
    problems.add(path, FieldReason.WRONG_TYPE, "Une liste entre crochets est attendue.")
    return []


def _text(field: Field, value: Any, path: str, problems: Violations) -> Any:
    if isinstance(value, str):
        return value
    problems.add(path, FieldReason.WRONG_TYPE, "Un texte entre guillemets est attendu.")
    return UNREADABLE


def _texts(field: Field, value: Any, path: str, problems: Violations) -> list[Any]:
    items = enumerate(_list(value, path, problems))
    return [_text(field, item, f"{path}[{index}]", problems) for index, item in items]


def _choice(choices: type[StrEnum], field: Field, value: Any, path: str, problems: Violations) -> Any:
    text = _text(field, value, path, problems)
    if text is UNREADABLE or text in list(choices):
        return text if text is UNREADABLE else choices(text)
    problems.add(path, FieldReason.UNKNOWN_VALUE, f"Valeurs possibles : {french.join(list(choices))}.")
    return UNREADABLE


def _day(field: Field, value: Any, path: str, problems: Violations) -> Any:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        problems.add(path, FieldReason.MALFORMED, "Écrivez la date comme « 2026-12-31 ».")
        return UNREADABLE
    try:
        return date.fromisoformat(value)
    except ValueError:
        problems.add(path, FieldReason.NOT_IN_CALENDAR, f"La date {value} n’existe pas dans le calendrier.")
        return UNREADABLE


def _money(field: Field, value: Any, path: str, problems: Violations) -> Any:
    amount = _decimal(_AMOUNT, value, path, problems, FieldReason.MALFORMED, '"1500.00"')
    return amount if amount is UNREADABLE else int(amount * 100)


def _percent(field: Field, value: Any, path: str, problems: Violations) -> Any:
    return _decimal(_PERCENT, value, path, problems, FieldReason.MALFORMED, '"1.5"')


def _decimal(
    form: re.Pattern[str], value: Any, path: str, problems: Violations, reason: FieldReason, example: str
) -> Any:
    if isinstance(value, str) and form.fullmatch(value):
        return Decimal(value)
    problems.add(path, reason, f"Écrivez le nombre entre guillemets avec un point, comme {example}.")
    return UNREADABLE


def _count(field: Field, value: Any, path: str, problems: Violations) -> Any:
    if type(value) is int:
        return value
    span = " à ".join(map(french.number, field.bounds))
    quoted = ", sans guillemets," if isinstance(value, str) else ""
    problems.add(path, FieldReason.OUT_OF_RANGE, f"Un nombre entier de {span}{quoted} est attendu.")
    return UNREADABLE


def _items(fields: Sequence[Field], field: Field, value: Any, path: str, problems: Violations) -> Any:
    return _objects(fields, value, path, problems)


_READ: Mapping[Kind, Read] = {
    **dict.fromkeys((Kind.ID, Kind.TEXT, Kind.CODE, Kind.LENDER), _text),
    **dict.fromkeys((Kind.CODES, Kind.LINES), _texts),
    **dict.fromkeys((Kind.FIRST_DAY, Kind.LAST_DAY, Kind.DAY), _day),
    Kind.LENDER_KIND: partial(_choice, BankKind),
    Kind.SCOPE: partial(_choice, Scope),
    Kind.MONEY: _money,
    Kind.PERCENT: _percent,
    Kind.COUNT: _count,
    Kind.CONTACTS: partial(_items, CONTACT),
    Kind.SUSPENSIONS: partial(_items, SUSPENSION),
}


def _written(fields: Sequence[Field], record: object) -> dict[str, object]:
    """The fields of a record that are not empty."""
    values = ((field, field.of(record)) for field in fields)
    return {
        field.json: _WRITE[field.kind](value) if field.kind in _WRITE else value
        for field, value in values
        if value not in (None, "", ()) and value != ALWAYS.first
    }


_WRITE: Mapping[Kind, Callable[[Any], object]] = {
    **dict.fromkeys((Kind.CODES, Kind.LINES), list),
    **dict.fromkeys((Kind.FIRST_DAY, Kind.LAST_DAY, Kind.DAY), date.isoformat),
    **dict.fromkeys((Kind.LENDER_KIND, Kind.SCOPE), str),
    Kind.MONEY: lambda cents: f"{Decimal(cents).scaleb(-2):f}",
    Kind.PERCENT: lambda percent: f"{percent:f}",
    Kind.CONTACTS: lambda contacts: [_written(CONTACT, one) for one in contacts],
    Kind.SUSPENSIONS: lambda suspensions: [_written(SUSPENSION, one) for one in suspensions],
}


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _nearest(name: str, known: Sequence[str]) -> str:
    match = get_close_matches(name, known, n=1)
    return f" ; vouliez-vous dire « {match[0]} » ?" if match else "."
