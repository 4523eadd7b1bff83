"""A population in a table, one application a row: its columns are facts, by their name or by their label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from services.eligibility.package import Fact, Kind, RulePackage, Value, check_facts, plain_text
from services.eligibility.publishing.sides import Application
from services.kit import french, tables
from services.kit.findings import Finding, Findings, PackageError, Place
from services.kit.tables import Bad, Parse, Row

REFERENCE = "reference"
"""The column, which may be absent, that names an application in the examples."""


@dataclass(frozen=True)
class Population:
    """The applications of a table, and what its reader could not see of it, in French."""

    people: tuple[Application, ...]
    notes: tuple[str, ...]


def read_population(data: bytes, file: str, package: RulePackage) -> Population:
    """The applications of a table, typed as the facts of a package; UnreadableFile, or PackageError with
    everything that is wrong, at its line."""
    columns = {french.fold(REFERENCE): REFERENCE}
    for fact in package.facts.values():
        columns |= {french.fold(fact.label): fact.name, french.fold(fact.name): fact.name}
    sheet = tables.read_table(data, lambda title: french.fold(title) in columns)
    header, *rows = sheet.rows
    findings = Findings()
    names = _names(header, columns, file, findings)
    people = tuple(_person(row, names, package, file, findings) for row in rows)
    if not rows:
        findings.error(Place(file, header.line), "Le tableau n’a aucune demande sous ses titres.")
    if findings.errors:
        raise PackageError(findings)
    return Population(people, tuple(note.message for note in sheet.notes))


def _names(header: Row, columns: Mapping[str, str], file: str, findings: Findings) -> Sequence[str]:
    """The fact of each column; a title that is unknown, or there twice, is a finding."""
    names: list[str] = []
    for cell in header.cells:
        title = "" if tables.is_blank(cell) else str(cell).strip()
        name = columns.get(french.fold(title), "")
        if title and not name:
            near = get_close_matches(french.fold(title), columns, n=1)
            meant = f" : vouliez-vous dire « {columns[near[0]]} » ?" if near else "."
            findings.error(Place(file, header.line), f"« {title} » n’est pas un fait de ce règlement{meant}")
        elif name and name in names:
            findings.error(Place(file, header.line), f"La colonne « {name} » est là deux fois.")
        names.append(name)
    return names


def _person(
    row: Row, names: Sequence[str], package: RulePackage, file: str, findings: Findings
) -> Application:
    place = Place(file, row.line)
    facts: dict[str, Value | None] = dict.fromkeys(package.facts)
    reference = ""
    wrong: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            continue
        fact = package.facts.get(name)
        found = tables.read_cell(row, index, _parse(fact) if fact else tables.text)
        if isinstance(found, Bad):
            wrong.add(name)
            findings.error(place, f"{fact.label if fact else REFERENCE} : {found.message}")
        elif fact is None:
            reference = found or ""
        elif found is not None:
            facts[name] = _value(fact, found)
    for problem in check_facts(package.facts, facts):
        if problem.field not in wrong:
            findings.add(Finding(place, problem.description))
    return Application(facts, reference or f"ligne {row.line}")


def _parse(fact: Fact) -> Parse[Any]:
    """How a cell of a fact is read: as French people write it, a code by itself or by its label."""
    match fact.type.kind:
        case Kind.MONEY:
            return tables.signed_money
        case Kind.PERCENT:
            return tables.percent
        case Kind.INTEGER:
            return tables.integer
        case Kind.BOOLEAN:
            return tables.boolean
        case Kind.DATE:
            return tables.day
        case Kind.CODES:
            return tables.codes
        case Kind.CODE:
            return _code(fact)
    return tables.text


def _code(fact: Fact) -> Parse[str]:
    by_label = {french.fold(label): code for code, label in fact.type.labels.items()}

    def parse(cell: object) -> str | Bad:
        written = tables.text(cell)
        return written if isinstance(written, Bad) else by_label.get(french.fold(written), written)

    return parse


def _value(fact: Fact, found: Any) -> Value:
    match fact.type.kind:
        case Kind.PERCENT:
            return Fraction(found)
        case Kind.CODES:
            return tuple(found)
        case Kind.TEXT:
            return plain_text(found)
    value: Value = found
    return value
