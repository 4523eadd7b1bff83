"""From the rows of a table to lenders: the rows of one identifier, wherever they are, state one lender."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from services.bank_registry.importers.columns import Column, Group
from services.bank_registry.importers.header import absent, read_header
from services.bank_registry.importers.items import UNREADABLE, Content, Finding, Item, Place, UnreadableFile
from services.bank_registry.importers.table import Bad, Row
from services.kit import french

Values = dict[str, object]

_ADDRESS = "address_lines"


def content_of(rows: Sequence[Row]) -> Content:
    """The lenders of a table whose first row is the header."""
    header = read_header(rows[0].cells)
    if len(rows) == 1:
        raise UnreadableFile("Le fichier n’a que son en-tête : il ne décrit aucun prêteur.")
    lenders: dict[str, _Lender] = {}
    stray: list[Finding] = []
    seen: dict[tuple[object, ...], int] = {}
    for row in rows[1:]:
        parts = _parts(row, header)
        bank_id = parts[Group.LENDER].values.get("id")
        if not isinstance(bank_id, str):
            stray.extend(parts[Group.LENDER].findings or [_no_identifier(row)])
            continue
        lender = lenders.setdefault(bank_id, _Lender(bank_id, row.line))
        first = seen.setdefault(tuple(row.cells), row.line)
        if first == row.line:
            lender.add(parts, row.line)
        else:
            lender.refuse(Place(row.line), "DUPLICATE_LINE", f"Cette ligne répète la ligne {first}.")
    return Content(
        tuple(lender.item() for lender in lenders.values()),
        tuple(stray),
        tuple(_absent_columns(header, rows[0].line)),
        without_agreements=not any(column.group is Group.AGREEMENT for column in header.values()),
        without_conventions=not any(column.group is Group.CONVENTION for column in header.values()),
    )


@dataclass
class _Part:
    """What a row says of one thing: the fields by name, where they are, what is wrong."""

    values: Values = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def _parts(row: Row, header: dict[int, Column]) -> dict[Group, _Part]:
    parts = {group: _Part() for group in Group}
    for index, column in header.items():
        cell = row.cells[index] if index < len(row.cells) else ""
        part, place = parts[column.group], Place(row.line, column.name)
        part.places[column.field] = place
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        value = cell if isinstance(cell, Bad) else column.form.parse(cell)
        if isinstance(value, Bad):
            part.findings.append(Finding(place, value.code, value.message))
            value = UNREADABLE
        part.values[column.field] = value
    extra = [cell for index, cell in enumerate(row.cells) if index not in header and cell not in (None, "")]
    if extra:
        text = "Cette ligne a des cellules hors des colonnes ; vérifiez les guillemets et les séparateurs."
        parts[Group.LENDER].findings.append(Finding(Place(row.line), "CELL_WITHOUT_COLUMN", text))
    return parts


@dataclass
class _Lender:
    """The rows of one lender, gathered."""

    bank_id: str
    line: int
    terms: dict[object, _Part] = field(default_factory=dict)
    lists: dict[Group, list[_Part]] = field(
        default_factory=lambda: {Group.AGREEMENT: [], Group.CONVENTION: []}
    )
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, place: Place, code: str, message: str) -> None:
        self.findings.append(Finding(place, code, message, self.bank_id))

    def add(self, parts: dict[Group, _Part], line: int) -> None:
        """Adds a row: terms of the lender by their first day, other terms unless already stated."""
        for part in parts.values():
            for found in part.findings:
                self.refuse(found.place, found.code, found.message)
        self._add_terms(parts[Group.LENDER], line)
        for group, known in self.lists.items():
            part = parts[group]
            if part.values and (group is Group.AGREEMENT or part.values not in [one.values for one in known]):
                part.places[""] = Place(line)
                known.append(part)

    def _add_terms(self, part: _Part, line: int) -> None:
        """A row may leave blank what an earlier one says of the lender, not contradict it."""
        if len(part.values) == 1:
            return
        known = self.terms.setdefault(str(part.values.get("start")), part)
        for name, value in part.values.items():
            if known.values.setdefault(name, value) != value:
                place = known.places[name]
                text = f"Cette cellule contredit la ligne {place.line}, qui décrit le même prêteur."
                self.refuse(part.places[name], "CONTRADICTION", text)

    def item(self) -> Item:
        """The lender as the JSON form writes it."""
        places: dict[str, Place] = {}
        terms = sorted(self.terms.values(), key=lambda part: str(part.values.get("start", "")))
        values: Values = {"id": self.bank_id, **(terms[-1].values if terms else {})}
        places |= terms[-1].places if terms else {"id": Place(self.line, "identifiant")}
        if terms[:-1]:
            earlier = _numbered("earlier_terms", terms[:-1], places)
            values["earlier_terms"] = [
                {key: value for key, value in one.items() if key != "id"} for one in earlier
            ]
        for group, parts in self.lists.items():
            values[group.value] = list(_numbered(group.value, parts, places))
        return Item(values, Place(self.line), places, findings=tuple(self.findings))


def _numbered(name: str, parts: Iterable[_Part], places: dict[str, Place]) -> Iterator[Values]:
    """The values of each part; the places of its fields are noted under `name[index]`."""
    for index, part in enumerate(parts):
        path = f"{name}[{index}]"
        places[path] = part.places.pop("", next(iter(part.places.values())))
        places.update({f"{path}.{key}": place for key, place in part.places.items()})
        if any(key.startswith(_ADDRESS) for key in part.values):
            places[f"{path}.{_ADDRESS}"] = part.places[f"{_ADDRESS}[0]"]
        yield gather_address(part.values)


def gather_address(values: Values) -> Values:
    """The fields with the lines of the address in one list, as the JSON form has them."""
    lines = [values[key] for key in sorted(values) if key.startswith(_ADDRESS)]
    plain = {key: value for key, value in values.items() if not key.startswith(_ADDRESS)}
    return {**plain, _ADDRESS: lines} if lines else plain


def _no_identifier(row: Row) -> Finding:
    return Finding(Place(row.line, "identifiant"), "REQUIRED", "L’identifiant du prêteur est obligatoire.")


def _absent_columns(header: dict[int, Column], line: int) -> Iterator[Finding]:
    for group in Group:
        names = [f"« {name} »" for name in absent(header, group)]
        if not names:
            continue
        whole = not any(column.group is group for column in header.values())
        kept = {Group.AGREEMENT: "les accords restent", Group.CONVENTION: "les conventions restent"}
        text = (
            f"Le fichier ne dit rien de ces colonnes : {kept[group]} comme ils sont."
            if whole
            else f"Colonnes absentes, lues comme vides : {french.join(names)}."
        )
        yield Finding(Place(line), "COLUMNS_ABSENT", text)
