"""From the rows of a table to lenders: the rows of one identifier, wherever they are, state one lender."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from services.bank_registry.files.columns import COLUMNS, NAMES, Column, Find, Group
from services.bank_registry.files.items import (
    MAX_FINDINGS,
    Content,
    FileFinding,
    FilePlace,
    Item,
    too_many,
)
from services.bank_registry.registry import ID, UNREADABLE, fold
from services.kit import french
from services.kit.errors import FieldReason
from services.kit.tables import Bad, Row, Sheet, UnreadableFile, is_blank, read_cell

_CLOSE, _LONGEST_NAME, _NAMED = 0.8, 40, 5


def read_header(cells: Sequence[object], find: Find) -> dict[int, Column]:
    """The columns by position; a whole group may be absent, but not a part of what it requires."""
    names = _titles(cells)
    found = {index: column for index, name in enumerate(names) if (column := find(name))}
    if not found:
        raise UnreadableFile(
            "L’en-tête manque : la première ligne doit nommer les colonnes (identifiant, nom, type…), "
            "comme dans le modèle que donne « bank-registry template »."
        )
    sentences = [*_misspelt(names, found), *_repeated(found), *_missing(names, found)]
    if sentences:
        raise UnreadableFile(f"L’en-tête ne va pas : {' '.join(sentences)}")
    return found


def _titles(cells: Sequence[object]) -> list[str]:
    return [str(cell).strip() if not isinstance(cell, Bad) else "" for cell in cells]


def absent(found: dict[int, Column], group: Group) -> list[str]:
    """The names of the columns of a group that are not in the header."""
    present = set(found.values())
    return [column.name for column in COLUMNS if column.group is group and column not in present]


def _misspelt(names: Sequence[str], found: dict[int, Column]) -> list[str]:
    """Names so near that of an absent column that what they hold may not be ignored."""
    sentences = []
    for index, name in _others(names, found):
        if near := _near(name, found):
            sentences.append(
                f"La colonne n° {index + 1} a un nom qui n’existe pas ; vouliez-vous dire « {near} » ?"
            )
    return sentences


def ignored(cells: Sequence[object], found: dict[int, Column], line: int) -> Iterator[FileFinding]:
    """The columns of a header that are none of ours: what they hold is not read."""
    for _, name in _others(_titles(cells), found):
        text = f"La colonne « {name[:_LONGEST_NAME]} » n’est pas connue : elle n’est pas lue."
        yield FileFinding(FilePlace(line, name[:_LONGEST_NAME]), "COLUMN_IGNORED", text)


def _others(names: Sequence[str], found: dict[int, Column]) -> Iterator[tuple[int, str]]:
    return (
        (index, name) for index, name in enumerate(names) if name not in ("", "None") and index not in found
    )


def _near(name: str, found: dict[int, Column]) -> str:
    free = {fold(column.name): column.name for column in COLUMNS if column not in set(found.values())}
    near = get_close_matches(fold(name), free, n=1, cutoff=_CLOSE)
    return free[near[0]] if near else ""


def _repeated(found: dict[int, Column]) -> list[str]:
    columns = list(found.values())
    repeated = dict.fromkeys(column.name for column in columns if columns.count(column) > 1)
    return [f"La colonne « {name} » est deux fois." for name in repeated]


def _missing(titles: Sequence[str], found: dict[int, Column]) -> list[str]:
    present = {column.group for column in found.values()} | {Group.LENDER}
    names = [
        f"« {column.name} »"
        for column in COLUMNS
        if column.required and column.group in present and column not in set(found.values())
    ]
    if not names:
        return []
    subject = "Il manque la colonne" if len(names) == 1 else "Il manque les colonnes"
    others = [f"« {name[:_LONGEST_NAME]} »" for _, name in _others(titles, found)][:_NAMED]
    gesture = "renommez-la, ou dites à l’import comment ce fichier nomme ses colonnes"
    meant = [f"Si l’une des colonnes inconnues ({french.join(others)}) en tient lieu, {gesture}."]
    return [f"{subject} {french.join(names)}.", *(meant if others else [])]


Values = dict[str, object]

_ADDRESS = "address_lines"


def content_of(sheet: Sheet, find: Find) -> Content:
    """The lenders of a table whose first row is the header."""
    rows = sheet.rows
    header = read_header(rows[0].cells, find)
    named = {index for index, cell in enumerate(rows[0].cells) if not is_blank(cell)}
    if len(rows) == 1:
        raise UnreadableFile("Le fichier n’a que son en-tête : il ne décrit aucun prêteur.")
    lenders: dict[str, _Lender] = {}
    stray: list[FileFinding] = []
    wrong: list[FileFinding] = []
    seen: dict[tuple[object, ...], int] = {}
    for row in rows[1:]:
        parts = _parts(row, header, named)
        if other := _no_lender(row, parts[Group.LENDER], rows[0]):
            stray.append(other)
            continue
        wrong.extend(found for part in parts.values() for found in part.findings)
        if len(wrong) > MAX_FINDINGS:
            raise too_many(wrong[0])
        bank_id = parts[Group.LENDER].values.get("id")
        if not isinstance(bank_id, str):
            stray.extend(parts[Group.LENDER].findings)
            continue
        lender = lenders.setdefault(bank_id, _Lender(bank_id, row.line))
        first = seen.setdefault(tuple(row.cells), row.line)
        if first == row.line:
            lender.add(parts)
        else:
            lender.refuse(FilePlace(row.line), "DUPLICATE_LINE", f"Cette ligne répète la ligne {first}.")
    return Content(
        tuple(lender.item() for lender in lenders.values()),
        tuple(stray),
        (
            *(FileFinding(FilePlace(note.line), note.code, note.message) for note in sheet.notes),
            *ignored(rows[0].cells, header, rows[0].line),
            *_absent_columns(header, rows[0].line),
        ),
        without_agreements=not any(column.group is Group.AGREEMENT for column in header.values()),
        without_conventions=not any(column.group is Group.CONVENTION for column in header.values()),
        absent=_absent_fields(header),
    )


def _absent_fields(header: dict[int, Column]) -> dict[str, frozenset[str]]:
    """The fields that the file says nothing of, by list of the statement: none of their columns is there."""
    said = {(column.group, column.field.name) for column in header.values()}
    return {
        group.value: frozenset(
            column.field.name
            for column in COLUMNS
            if column.group is group and (group, column.field.name) not in said and column.field.name != "id"
        )
        for group in Group
    }


@dataclass(slots=True)
class _Part:
    """What a row says of one thing: the fields by name, and what is wrong with them."""

    line: int
    values: Values = field(default_factory=dict)
    findings: list[FileFinding] = field(default_factory=list)

    def note(self, column: str, code: str, message: str) -> None:
        self.findings.append(FileFinding(FilePlace(self.line, column), code, message))


def _parts(row: Row, header: dict[int, Column], named: set[int]) -> dict[Group, _Part]:
    parts = {group: _Part(row.line) for group in Group}
    for index, cell in enumerate(row.cells):
        if cell == "" or is_blank(cell):  # three cells of four, which need no call
            continue
        column = header.get(index)
        if column is None and index in named:
            continue
        if column is None:
            text = "Cette cellule est hors des colonnes ; vérifiez les guillemets et les séparateurs."
            parts[Group.LENDER].note("", "CELL_WITHOUT_COLUMN", text)
            continue
        value: object = read_cell(row, index, column.form.read)
        if isinstance(value, Bad):
            parts[column.group].note(column.name, value.code, value.message)
            value = UNREADABLE
        parts[column.group].values[column.key] = value
    return parts


@dataclass
class _Lender:
    """The rows of one lender, gathered."""

    bank_id: str
    line: int
    terms: dict[str, _Part] = field(default_factory=dict)
    agreements: list[_Part] = field(default_factory=list)
    conventions: dict[str, _Part] = field(default_factory=dict)
    findings: list[FileFinding] = field(default_factory=list)

    def refuse(self, place: FilePlace, code: str, message: str) -> None:
        self.findings.append(FileFinding(place, code, message, self.bank_id))

    def add(self, parts: dict[Group, _Part]) -> None:
        """Adds a row: terms of the lender by their first day, a convention unless already stated."""
        for part in parts.values():
            for found in part.findings:
                self.refuse(found.place, found.code, found.message)
        self._add_terms(parts[Group.LENDER])
        if (agreement := parts[Group.AGREEMENT]).values:
            self.agreements.append(agreement)
        if (convention := parts[Group.CONVENTION]).values:
            self.conventions.setdefault(repr(convention.values), convention)

    def _add_terms(self, part: _Part) -> None:
        """A row may leave blank what an earlier one says of the lender, not contradict it."""
        if len(part.values) == 1:
            return
        known = self.terms.setdefault(str(part.values.get("start_date")), part)
        for name, value in part.values.items():
            if known.values.setdefault(name, value) != value:
                text = f"Cette cellule contredit la ligne {known.line}, qui décrit le même prêteur."
                self.refuse(FilePlace(part.line, NAMES["", name]), FieldReason.INCONSISTENT, text)

    def item(self) -> Item:
        """The lender with all that its rows state."""
        terms = sorted(self.terms.values(), key=lambda part: str(part.values.get("start_date", "")))
        for earlier in terms[:-1]:
            del earlier.values["id"]
        lists = {
            "earlier_terms": terms[:-1],
            Group.AGREEMENT.value: self.agreements,
            Group.CONVENTION.value: list(self.conventions.values()),
        }
        values: Values = dict(terms[-1].values) if terms else {"id": self.bank_id}
        lines = {"": terms[-1].line if terms else self.line}
        for name, parts in lists.items():
            values[name] = [_gathered(part.values) for part in parts]
            lines.update({f"{name}[{index}]": part.line for index, part in enumerate(parts)})
        return Item(values, self.line, "", lines, NAMES, tuple(self.findings))


def _gathered(values: Values) -> Values:
    """The fields with the lines of the address in one list."""
    lines = [values[key] for key in sorted(values) if key.startswith(_ADDRESS)]
    plain = {key: value for key, value in values.items() if not key.startswith(_ADDRESS)}
    return {**plain, _ADDRESS: lines} if lines else plain


def _no_lender(row: Row, lender: _Part, header: Row) -> FileFinding | None:
    """Why a row states no lender: it is a total, a note, or the header of the next page."""
    place, bank_id = FilePlace(row.line, NAMES["", "id"]), lender.values.get("id")
    if row.cells == header.cells:
        text = "Cette ligne répète l’en-tête ; retirez-la."
        return FileFinding(FilePlace(row.line), "HEADER_REPEATED", text)
    other = "si la ligne est un total ou une note, retirez-la du tableau"
    if bank_id is None and not lender.findings:
        text = f"L’identifiant du prêteur est obligatoire ; {other}."
        return FileFinding(place, FieldReason.REQUIRED, text)
    if len(lender.values) == 1 and isinstance(bank_id, str) and not ID.fullmatch(bank_id):
        text = f"« {bank_id[:_LONGEST_NAME]} » n’est pas l’identifiant d’un prêteur ; {other}."
        return FileFinding(place, FieldReason.MALFORMED, text)
    return None


def _absent_columns(header: dict[int, Column], line: int) -> Iterator[FileFinding]:
    for group in Group:
        names = [f"« {name} »" for name in absent(header, group)]
        if not names:
            continue
        whole = not any(column.group is group for column in header.values())
        kept = {
            Group.AGREEMENT: "les accords restent comme ils sont",
            Group.CONVENTION: "les conventions restent comme elles sont",
        }
        text = (
            f"Le fichier ne dit rien de ces colonnes : {kept[group]}."
            if whole
            else f"Colonnes absentes, laissées comme elles sont : {french.join(names)}."
        )
        yield FileFinding(FilePlace(line), "COLUMNS_ABSENT", text)
