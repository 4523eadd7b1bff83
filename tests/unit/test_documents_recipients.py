"""The table of a mailing: what is doubtful is refused with its column, and costs its row alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from services.documents.cli.recipients import REFUSED_VALUE, Recipient, read_recipients
from services.documents.contract import CONTRACT, Requirement, read_dossier
from services.documents.template import Field, make_fields
from services.kit.cli import CommandError
from services.kit.errors import InvalidArgument

CASES = Path(__file__).parent.parent / "cases" / "tables"
DAY = date(2026, 12, 8)
MONEY = "project.total_cost"


def read(folder: Path, text: str | bytes) -> list[Recipient]:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_recipients(path)


def refused(path: Path) -> list[tuple[int, str]]:
    """The rows that make no letter, and the first column in cause."""
    return [(one.line, one.problems[0].field) for one in read_recipients(path) if one.problems]


def test_a_file_of_two_encodings_is_refused_with_its_lines(tmp_path: Path) -> None:
    mixed = f"applicant.last_name;{MONEY}\nLe Goffé;1000\n".encode() + "Zoé;1500,50\n".encode("cp1252")
    with pytest.raises(CommandError) as caught:
        read(tmp_path, mixed)
    assert "la ligne 2 est en UTF-8, la ligne 3 ne l’est pas" in str(caught.value)
    assert caught.value.exit_code != 0


@pytest.mark.parametrize("cell", ["10,005", "12,345678", "15 %", "1.234,56", "un"])
def test_a_sum_that_would_be_rounded_or_guessed_costs_its_row(tmp_path: Path, cell: str) -> None:
    wrong, good = read(tmp_path, f"clé;{MONEY}\nA;{cell}\nB;1 234,56 €\n")
    assert [(one.field, "deux décimales" in one.description) for one in wrong.problems] == [(MONEY, True)]
    assert wrong.data == {"project": {"total_cost": REFUSED_VALUE}}  # and so nothing of another project
    assert (good.problems, good.data) == ((), {"project": {"total_cost": "1234.56"}})


def test_excel_texts_are_read(tmp_path: Path) -> None:
    table = f"sep=;\r\nclé;applicant.last_name;{MONEY}\r\nA;Éloïse;-50,5\r\n"
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        (row,) = read(tmp_path, table.encode(encoding))
        assert row.data == {"applicant": {"last_name": "Éloïse"}, "project": {"total_cost": "-50.50"}}
        assert (row.key, row.line) == ("A", 3)


def test_each_kind_of_datum_is_written_as_the_contract_wants(tmp_path: Path) -> None:
    header = "clé;applicant.birth_date;loan.nominal_rate_pct;household.persons;applicant.last_name"
    (row,) = read(tmp_path, f"{header}\nA;1/2/1980;1,50 %;3;0123\n")
    assert json.loads(json.dumps(row.data)) == {
        "applicant": {"birth_date": "1980-02-01", "last_name": "0123"},
        "loan": {"nominal_rate_pct": "1.50"},
        "household": {"persons": 3},
    }


def test_the_cases_that_mixed_people_are_refused() -> None:
    assert refused(CASES / "short_row.csv") == [(4, "applicant.first_name")]
    assert refused(CASES / "merged.xlsx") == [(3, "applicant.last_name")]
    assert refused(CASES / "na.xlsx") == [(2, "applicant.last_name")]
    assert refused(CASES / "cr_only.csv") == []
    with pytest.raises(CommandError) as caught:
        read_recipients(CASES / "header_dup.csv")
    assert [one.field for one in caught.value.details] == ["applicant.last_name"]


def test_a_cell_of_no_column_costs_its_row(tmp_path: Path) -> None:
    long, good = read(tmp_path, "clé;applicant.last_name\nA;un;reste\nB;deux\n")
    assert [one.field for one in long.problems] == ["colonne 3"]
    assert long.data == {"applicant": {"last_name": REFUSED_VALUE}}
    assert good.problems == ()
    keys, _ = read(tmp_path, "clé\nA;x\nB\n")
    assert keys.data == {"applicant": REFUSED_VALUE}


def test_a_cell_that_holds_the_end_of_another_row_costs_its_row(tmp_path: Path) -> None:
    """Two quotes too many make one row of two people, with as many cells as the header has."""
    table = 'clé;Nom;Prénom\nA;"Dup;Ana\nB;Martin";Zoé\nC;Le Goff;Noé\n'
    mixed, good = read(tmp_path, table)
    assert [(one.field, "plusieurs lignes" in one.description) for one in mixed.problems] == [("Nom", True)]
    assert good.data == {"applicant": {"last_name": "Le Goff", "first_name": "Noé"}}


def test_a_blank_costs_its_row_unless_its_column_may_lack(tmp_path: Path) -> None:
    table = "clé;Nom;Téléphone?;co_applicant.first_name?\nA;Le Goff;;\nB;;0639980043;\n"
    good, wrong = read(tmp_path, table)
    # A group that has a column is null where its cells are blank: it comes from nowhere else.
    assert (good.problems, good.data) == ((), {"applicant": {"last_name": "Le Goff"}, "co_applicant": None})
    assert [(one.field, "vide à la ligne 3" in one.description) for one in wrong.problems] == [("Nom", True)]


def test_columns_are_named_in_french_or_by_their_path(tmp_path: Path) -> None:
    header = "clé;NOM DE FAMILLE;Prénom; Applicant.Email ;Adresse;Complément d'adresse?;Code postal;Ville"
    table = f"{header};Nom du co-emprunteur\nA;Le Goff;Zoé;z@x.fr;1 rue X;;01000;Bourg;Martin\n"
    (row,) = read(tmp_path, table)
    address = {"lines": ["1 rue X"], "postal_code": "01000", "city": "Bourg"}
    person = {"last_name": "Le Goff", "first_name": "Zoé", "email": "z@x.fr", "address": address}
    assert row.data == {"applicant": person, "co_applicant": {"last_name": "Martin"}}
    for twice in ("Nom;applicant.last_name", "Ville;Commune"):
        with pytest.raises(CommandError) as caught:
            read(tmp_path, f"clé;{twice}\nA;x;y\n")
        assert "déjà" in caught.value.details[0].description


def test_names_of_columns_are_found_below_a_title(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "Liste des demandeurs;\n;\nNom;Prénom\nLe Goff;Zoé\n")
    assert row.data == {"applicant": {"last_name": "Le Goff", "first_name": "Zoé"}}


@pytest.mark.parametrize(
    ("title", "cell"),
    [("Téléphone", "639980042"), ("Code postal", "1000"), ("Nom", "NULL"), ("clé", "#REF!")],
)
def test_what_a_program_spoilt_costs_its_row(tmp_path: Path, title: str, cell: str) -> None:
    (row,) = read(tmp_path, f"{title};Prénom\n{cell};Zoé\n")
    assert [one.field for one in row.problems] == [title]


def test_an_item_without_column_is_not_invented(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "clé;applicant.address.lines[1];household.members[1].first_name\nA;bât. B;Ana\n")
    assert row.data["applicant"] == {"address": {"lines": [None, "bât. B"]}}
    assert row.data["household"] == {"members": [None, {"first_name": "Ana"}]}


def test_a_formula_of_a_workbook_without_value_costs_its_row(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["clé", "applicant.last_name"])
    sheet.append(["A", '="x"&"y"'])
    sheet.append(["B", "Le Goff"])
    stream = io.BytesIO()
    book.save(stream)
    path = tmp_path / "table.xlsx"
    path.write_bytes(stream.getvalue())
    assert refused(path) == [(2, "applicant.last_name")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), ".xls ancien"),
        (b"<table><tr><td>nom</td></tr></table>", "HTML"),
        (b"PK\x03\x04" + bytes(50), "abîmé"),
        (b"", "vide"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        read(tmp_path, content)


def columns(fields: Mapping[str, Field], above: str = "") -> Iterator[str]:
    """Every column that a table may have, the first item of each list."""
    for name, field in fields.items():
        path = f"{above}{name}"
        while field.item is not None:
            path, field = f"{path}[0]", field.item
        if field.fields:
            yield from columns(field.fields, f"{path}.")
        elif field.kind not in ("image", "object", "list"):
            yield path


def test_no_column_accepts_what_stands_for_a_refused_cell(tmp_path: Path) -> None:
    """The server is sure to refuse a row whose cell could not be read, whatever its column."""
    paths = list(columns({name: one for name, one in make_fields().items() if CONTRACT.knows(name)}))
    assert len(paths) > 300
    for path in paths:
        (row, _) = read(tmp_path, f"clé;{path}\nA;x;y\nB;\n")
        with pytest.raises(InvalidArgument):
            read_dossier(json.dumps(row.data).encode(), CONTRACT, Requirement((), ""), (), DAY)
