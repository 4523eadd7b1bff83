"""Tables as spreadsheets write them, and as nobody should: every mistake at once, with its place."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from services.bank_registry.files import csv_bytes, xlsx_bytes
from services.bank_registry.files.columns import COLUMNS as LAYOUT
from services.bank_registry.files.plan import ImportPlan, make_plan
from services.bank_registry.files.reading import read_whole
from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.history import Records
from services.kit.tables import UnreadableFile
from tests.bank_registry_support import siren
from tests.support import ROOT
from tests.tables_support import ods, ods_sheet

GEOGRAPHY = Geography.load()
TODAY = date(2026, 11, 25)
COLUMNS = [
    "identifiant", "nom", "type", "SIREN", "accord", "référence de l’accord", "territoire",
    "codes du territoire", "début de l’accord", "dernier jour de l’accord", "montant maximal (€)",
    "taux maximal (%)",
]  # fmt: skip


_NAMES = {re.sub(r"\W+", "_", re.sub(r" \(.*", "", name)): name for name in COLUMNS}
"""`dernier_jour_de_l_accord` → its column."""


def row(bank_id: str = "a", number: int = 1, **cells: object) -> list[object]:
    values = {
        "identifiant": bank_id,
        "nom": f"Crédit fictif {bank_id} d’été",
        "type": "Établissement de crédit",
        "SIREN": siren(number),
        "référence de l’accord": "FCS-1",
        "territoire": "départements",
        "codes du territoire": "56",
        "début de l’accord": "01/01/2024",
        "dernier jour de l’accord": "31/12/2026",
        "montant maximal (€)": "1\u202f234,50",
        "taux maximal (%)": "2,5",
        **{_NAMES[name]: cell for name, cell in cells.items()},
    }
    return [values.get(name, "") for name in COLUMNS]


def as_csv(*rows: Sequence[object], header: Sequence[str] = COLUMNS, separator: str = ";") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator).writerows([header, *rows])
    return stream.getvalue()


def as_xlsx(*rows: Sequence[object], header: Sequence[str] = COLUMNS) -> bytes:
    book = Workbook()
    sheet: Any = book.worksheets[0]
    for line in (header, *rows):
        sheet.append(line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def plan(data: bytes | str, known: Records | None = None, *, complete: bool = False) -> ImportPlan:
    content = data.encode() if isinstance(data, str) else data
    return make_plan(read_whole(content, GEOGRAPHY), known or {}, TODAY, complete=complete)


def refusals(data: bytes | str) -> list[tuple[str, str]]:
    return [(str(found.place), found.code) for found in plan(data).refusals]


def sentence(data: bytes | str) -> str:
    """Why a whole file is refused, with ordinary spaces."""
    with pytest.raises(UnreadableFile) as caught:
        plan(data)
    return str(caught.value).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_separator_and_encoding_is_read_alike(separator: str, encoding: str) -> None:
    text = as_csv(row(montant_maximal="1 234,50"), separator=separator).replace("\u202f", "\u00a0")
    (outcome,) = plan(text.encode(encoding)).outcomes
    assert outcome.after.bank.name == "Crédit fictif a d’été"
    assert outcome.after.agreements[0].amount.greatest == 123450
    assert outcome.after.agreements[0].period.end == date(2027, 1, 1)


def test_what_excel_adds_is_no_mistake() -> None:
    text = f"sep=;\r\n{as_csv(row())}\r\n;;;;;;;;;;;\r\n\r\n"
    assert plan(text.replace("\u202f", "\u00a0").encode("cp1252")).refusals == ()


def test_a_workbook_holds_real_days_and_numbers() -> None:
    cells = row(
        début_de_l_accord=datetime.fromisoformat("2024-01-01"), dernier_jour_de_l_accord=date(2026, 12, 31)
    )
    cells[COLUMNS.index("montant maximal (€)")] = 1234.5
    cells[COLUMNS.index("codes du territoire")] = 56
    cells[COLUMNS.index("SIREN")] = int(siren(1))
    assert plan(as_xlsx(cells)).outcomes[0].after == plan(as_csv(row())).outcomes[0].after


def test_a_workbook_of_libreoffice_says_what_a_csv_says() -> None:
    cells = row(dernier_jour_de_l_accord=date(2026, 12, 31))
    cells[COLUMNS.index("montant maximal (€)")] = Decimal("1234.5")
    two = ods(ods_sheet(["notes"], ["x"], name="Notes") + ods_sheet(COLUMNS, cells, name="Prêteurs"))
    assert plan(two).outcomes[0].after == plan(as_csv(row())).outcomes[0].after


def test_old_mac_line_ends_say_the_same() -> None:
    assert (
        plan(as_csv(row()).replace("\r\n", "\r")).outcomes[0].after == plan(as_csv(row())).outcomes[0].after
    )


@pytest.mark.parametrize("amount", ["10,005", "15 %", "50.000", "9" * 5000])
def test_a_sum_that_is_no_sum_refuses_its_line(amount: str) -> None:
    assert refusals(as_csv(row(montant_maximal=amount))) == [
        (
            "ligne 2, colonne « montant maximal (€) »",
            "MALFORMED",
        )
    ]


def test_a_sum_shown_in_percent_and_a_merged_cell_refuse_their_line() -> None:
    book = Workbook()
    sheet: Any = book.worksheets[0]
    for line in (COLUMNS, row(), row("b", 2)):
        sheet.append(line)
    rank = COLUMNS.index("montant maximal (€)") + 1
    sheet.cell(2, rank, 0.15).number_format = "0%"
    sheet.merge_cells(start_row=2, end_row=3, start_column=2, end_column=2)
    stream = io.BytesIO()
    book.save(stream)
    found = plan(stream.getvalue()).refusals
    assert [(one.place.line, one.code) for one in found] == [(2, "MALFORMED"), (3, "MERGED")]


@pytest.mark.parametrize("name", ['"jamais fermé', '"mal" placé', 'au mi"lieu'])
def test_a_quote_out_of_its_place_refuses_its_line(name: str) -> None:
    wrong = ";".join(["c", name, *map(str, row("c", 3)[2:])])
    found = plan(f"{as_csv(row())}{wrong}\n{as_csv(row('b', 2)).splitlines()[-1]}\n").refusals
    assert [(one.place.line, one.code) for one in found] == [(3, "QUOTE")]


def test_a_cell_shown_in_percent_is_read_as_it_shows() -> None:
    book = Workbook()
    sheet: Any = book.worksheets[0]
    sheet.append(COLUMNS)
    sheet.append(row())
    cell = sheet.cell(2, COLUMNS.index("taux maximal (%)") + 1, 0.025)
    cell.number_format = "0.0%"
    stream = io.BytesIO()
    book.save(stream)
    (outcome,) = plan(stream.getvalue()).outcomes
    assert outcome.after.agreements[0].rate.greatest == Decimal("2.5")


@pytest.mark.parametrize(
    ("scope", "code", "meant"),
    [
        ("départements", "1", "01 (Ain)"),
        ("départements", "2a", "2A (Corse-du-Sud)"),
        ("départements", "56165", "56 (Morbihan)"),
        ("départements", "Morbihan", "56 (Morbihan)"),
        ("régions", "bretagne", "53 (Bretagne)"),
        ("intercommunalités", "Ploërmel", "200066777"),
        ("communes", "1004", "01004 (Ambérieu-en-Bugey)"),
        ("communes", "56800", "56165 (Ploërmel)"),
        ("communes", "99999", ""),
    ],
)
def test_an_unknown_place_comes_with_what_was_meant(scope: str, code: str, meant: str) -> None:
    (found,) = plan(as_csv(row(territoire=scope, codes_du_territoire=code))).refusals
    assert (found.code, meant in found.message) == ("UNKNOWN_PLACE", True)


def test_zeros_lost_by_a_spreadsheet_are_suggested() -> None:
    header = [*COLUMNS, "code banque (CIB)"]
    (found,) = plan(as_csv([*row(), "1234"], header=header)).refusals
    assert (found.code, "« 01234 »" in found.message.replace("\u00a0", " ")) == ("MALFORMED", True)


def test_every_refused_line_is_named_and_the_others_are_kept() -> None:
    found = plan(
        as_csv(
            row("a", 1),
            row("b", 2, dernier_jour_de_l_accord="31/02/2026", type="banque"),
            row("", 3),
            row("c", 4, codes_du_territoire="1"),
            row("d", 1),
            row("e", 5, début_de_l_accord="01/01/2027"),
            row("f", 6),
            row("f", 6),
            row("g", 7, nom="Un", accord="x"),
            row("g", 7, nom="Autre", accord="y"),
        )
    )
    assert [outcome.after.bank.id for outcome in found.outcomes] == ["a"]
    assert [(found.place.line, found.place.column, found.code) for found in found.refusals] == [
        (4, "identifiant", "REQUIRED"),
        (3, "type", "UNKNOWN_VALUE"),
        (3, "dernier jour de l’accord", "NOT_IN_CALENDAR"),
        (5, "codes du territoire", "UNKNOWN_PLACE"),
        (7, "dernier jour de l’accord", "BOUNDS_REVERSED"),
        (9, "", "DUPLICATE_LINE"),
        (11, "nom", "INCONSISTENT"),
        (6, "SIREN", "DUPLICATE"),
    ]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["a", "b"], "L’en-tête manque"),
        (
            [*COLUMNS[:-1], "tau maximal"],
            "a un nom qui n’existe pas ; vouliez-vous dire « taux maximal (%) »",
        ),
        ([*COLUMNS, "nom"], "La colonne « nom » est deux fois."),
        (
            [name for name in COLUMNS if name not in ("SIREN", "territoire")],
            "Il manque les colonnes « SIREN » et « territoire ».",
        ),
    ],
)
def test_a_wrong_header_is_explained(header: list[str], said: str) -> None:
    assert said in sentence(as_csv(row(), header=header))


def test_all_that_is_wrong_with_a_header_is_said_at_once() -> None:
    said = sentence(as_csv(row(), header=["identifiant", "nom", "nom", "SIRETT"]))
    assert all(part in said for part in ("La colonne n° 4", "« nom » est deux fois", "« SIREN »"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf \r\n", "vide"),
        (as_csv(), "n’a que son en-tête"),
        (b"identifiant;nom\x00\n", "octets nuls"),
        (bytes(range(1, 128)) * 50, "caractère de contrôle"),
        (bytes(range(1, 256)) * 50, "encodage"),
        ("identifiant;nom\né;\u0081".encode("utf-8")[:-1], "encodage"),
        ("é".encode() + "é;".encode("cp1252") + b"\nidentifiant", "deux encodages"),
        (as_csv(row()) + '"x\n' * 60, "trop de guillemets"),
        ("identifiant;" * 30_000, "démesurée"),
        (as_csv([""] * 300), "colonnes"),
        (as_csv(*([["x"]] * 50_001)), "lignes"),
        (
            as_csv(*(["x", "", "?", "1", *["?"] * 8] for _ in range(6000))),
            "plus de 20 000 erreurs ; la première : ligne 2",
        ),
        (b'{"format": "registre-preteurs/1", "banks": [' + b"{}," * 1_100_000 + b"{}]}", "trop de valeurs"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, ".xls ancien"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04" + b"x" * 100, "abîmé"),
        (b"x" * (32 * 1024 * 1024 + 1), "dépasse 32 Mio"),
    ],
)
def test_what_is_no_table_is_refused_whole_in_one_sentence(data: bytes | str, said: str) -> None:
    assert said in sentence(data)


def test_cells_beyond_the_header_refuse_their_line() -> None:
    assert refusals(as_csv([*row(), "reste"])) == [("ligne 2", "CELL_WITHOUT_COLUMN")]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("=1+1", "FORMULA"),
        ("='[autre.xlsx]Feuil1'!A1", "FORMULA"),
        (True, "BOOLEAN"),
        (datetime.fromisoformat("2026-01-01T12:30"), "TIME"),
    ],
)
def test_a_cell_that_is_no_plain_value_is_refused_by_its_name(cell: object, code: str) -> None:
    (found,) = plan(as_xlsx(row("b", 2), row(dernier_jour_de_l_accord=cell))).refusals
    assert (found.place.line, found.place.column, found.code) == (3, "dernier jour de l’accord", code)
    assert "J3" in found.message


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """A workbook with one part more, or another one of that name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
START = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("xl/vbaProject.bin", b"x", "macros"),
        ("xl/macrosheets/sheet1.xml", b"<x/>", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "lié à un autre fichier"),
        ("xl/embeddings/oleObject1.bin", b"x", "objet incorporé"),
        (SHEET, b'<!DOCTYPE x [<!ENTITY a "b">]>' + START, "interdite"),
        (SHEET, START + b"0" * (65 * 1024 * 1024), "démesuré"),
        (SHEET, START + b"<row>" + b"<c/>" * 400_000, "démesurée"),
        ("xl/sharedStrings.xml", b"<sst>" + b"<si/>" * 600_000, "démesurée"),
        (SHEET, b"<worksheet><sheetData><row>", "abîmé"),
        (SHEET, START + b"</sheetData></worksheet>", "vide"),
        ("xl/workbook.xml", b"<x/>", "abîmé"),
    ],
)
def test_a_hostile_workbook_is_refused_before_it_is_read(name: str, content: bytes, said: str) -> None:
    assert said in sentence(with_part(as_xlsx(row()), name, content))


def test_rows_far_below_do_not_make_the_reader_count_to_them() -> None:
    far = (
        START
        + b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'
        + b"</sheetData></worksheet>"
    )
    assert "lignes" in sentence(with_part(as_xlsx(row()), SHEET, far))


@given(st.binary(max_size=300) | st.text("a;,\t\r\n\"' ", max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        plan(data)


def changed(before: str, after: str) -> list[tuple[str, ...]]:
    known = {outcome.after.bank.id: outcome.after for outcome in plan(before).outcomes}
    return [
        (outcome.kind, change.subject, change.column, change.before, change.after)
        for outcome in plan(after, known).outcomes
        for change in outcome.changes
    ]


def test_a_difference_is_told_field_by_field() -> None:
    before = as_csv(row(taux_maximal="2,5", accord="x"), row("b", 2))
    after = as_csv(row(accord="x", montant_maximal="", dernier_jour_de_l_accord="30/06/2026"), row("b", 2))
    assert changed(before, after) == [
        ("ENDED", "accord FCS-1", "dernier jour de l’accord", "31/12/2026", "30/06/2026"),
        ("ENDED", "accord FCS-1", "montant maximal (€)", "1234,50", ""),
    ]


def test_a_whole_agreement_comes_or_goes() -> None:
    two = as_csv(row(accord="x"), row(accord="y", référence_de_l_accord="FCS-2"))
    one = as_csv(row(accord="x"))
    assert ("CHANGED", "accord FCS-2", "", "du 01/01/2024 au 31/12/2026", "") in changed(two, one)
    assert ("CHANGED", "accord FCS-2", "", "", "du 01/01/2024 au 31/12/2026") in changed(one, two)


def test_a_new_lender_is_told_with_each_of_its_fields() -> None:
    (outcome,) = plan(as_csv(row())).outcomes
    told = {(change.subject, change.column): change.after for change in outcome.changes}
    assert told["", "nom"] == row()[1]
    assert told["accord FCS-1", ""] == "du 01/01/2024 au 31/12/2026"
    assert told["accord FCS-1", "montant maximal (€)"] == "1234,50"
    assert not any(change.corrects_past for change in outcome.changes)


def test_a_group_of_columns_that_is_absent_stays_as_it_is() -> None:
    known = {outcome.after.bank.id: outcome.after for outcome in plan(as_csv(row())).outcomes}
    lender_only = as_csv(row(nom="Autre nom")[:4], header=COLUMNS[:4])
    (outcome,) = plan(lender_only, known).outcomes
    assert [(change.column, change.after) for change in outcome.changes] == [("nom", "Autre nom")]


def test_a_complete_file_ends_the_lenders_that_it_does_not_name() -> None:
    known = {outcome.after.bank.id: outcome.after for outcome in plan(as_csv(row(), row("b", 2))).outcomes}
    found = plan(as_csv(row()), known, complete=True)
    assert [(outcome.after.bank.id, outcome.kind) for outcome in found.outcomes] == [("b", "ENDED")]
    assert found.outcomes[0].after.agreements[0].period.last == date(2026, 11, 24)
    assert not found.ends_every_bank
    assert plan(as_csv(row("c", 3)), known, complete=True).ends_every_bank


def test_the_hash_changes_with_what_is_refused_and_with_what_changes() -> None:
    files: list[Any] = [
        as_csv(row()),
        as_csv(row(nom="x")),
        as_csv(row(), row("b", 2, type="?")),
        as_csv(row(), ["b"]),
    ]
    assert len({plan(file).hash for file in files}) == len(files)
    assert plan(files[0]).hash == plan(as_csv(row(), separator=",").encode("utf-8-sig")).hash


def test_templates_are_headers_that_are_read() -> None:
    assert "n’a que son en-tête" in sentence(csv_bytes([]))
    assert "n’a que son en-tête" in sentence(xlsx_bytes([]))


def test_every_column_is_documented_with_its_field() -> None:
    text = (ROOT / "docs" / "registre-format.md").read_text(encoding="utf-8")
    tables = text[text.index("## Les colonnes") : text.index("## La forme JSON")]
    assert [column.name for column in LAYOUT if column.name not in tables] == []
    assert [column.field.json for column in LAYOUT if f"`{column.field.json}`" not in tables] == []
