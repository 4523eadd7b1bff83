"""Spreadsheets as people make them, by kind: each is read rightly, or refused with what to do."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from services.bank_registry.files.columns import find
from services.bank_registry.files.plan import ImportPlan, make_plan
from services.bank_registry.files.reading import read_whole
from services.bank_registry.registry import BankRecord, Scope
from tests.bank_registry_support import siren
from tests.tables_support import ods, ods_rows, ods_sheet
from tests.unit.test_bank_registry_tables import (
    COLUMNS,
    GEOGRAPHY,
    TODAY,
    as_csv,
    as_xlsx,
    plan,
    row,
    sentence,
)

TITLES = [["Prêteurs du Fonds de cohésion sociale"], [], ["", "", "", "", "Accord"]]


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def warnings(found: ImportPlan) -> dict[str, str]:
    codes = {one.code for one in found.warnings}
    return {
        code: " ".join(spaced(one.message) for one in found.warnings if one.code == code) for code in codes
    }


def read_one(data: bytes | str) -> BankRecord:
    found = plan(data)
    assert [(str(one.place), one.message) for one in found.refusals] == []
    return found.outcomes[0].after


EXPECTED = read_one(as_csv(row()))


def renamed(old: str, new: str) -> list[str]:
    return [new if name == old else name for name in COLUMNS]


def book(change: Callable[[Workbook], None], *rows: Sequence[object]) -> bytes:
    workbook = Workbook()
    sheet: Any = workbook.worksheets[0]
    for line in (COLUMNS, *rows):
        sheet.append(line)
    change(workbook)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def hide_first_sheet(workbook: Workbook) -> None:
    """The table goes to a second sheet; the first one is hidden and holds another lender."""
    other: Any = workbook.create_sheet("Visible")
    for line in (COLUMNS, row()):
        other.append(line)
    workbook.worksheets[0].sheet_state = "hidden"


def add_sheet(workbook: Workbook) -> None:
    workbook.create_sheet("Notes")


def hide_row(workbook: Workbook) -> None:
    workbook.worksheets[0].row_dimensions[2].hidden = True


def merge_titles(workbook: Workbook) -> None:
    """Two rows of headers: a group above the titles, merged over them."""
    sheet: Any = workbook.worksheets[0]
    sheet.insert_rows(1, 2)
    sheet["A1"], sheet["E2"], sheet["I2"] = "Prêteurs FCS 2026", "Accord", "Dates"
    for cells in ("A1:L1", "E2:H2", "I2:J2"):
        sheet.merge_cells(cells)


def move(workbook: Workbook) -> None:
    """The table begins in C3, and a column of it has neither title nor value."""
    sheet: Any = workbook.worksheets[0]
    sheet.insert_cols(5)
    sheet.insert_cols(1, 2)
    sheet.insert_rows(1, 2)


def mark_required(workbook: Workbook) -> None:
    """Titles on two lines, with a star."""
    sheet: Any = workbook.worksheets[0]
    for cell in sheet[1]:
        cell.value = f"{cell.value.upper()} *".replace(" ", "\n", 1)


def format_as_people_do(workbook: Workbook) -> None:
    """Formats that show more than the value: a long date, euros, a comment, a filter, a hidden column."""
    sheet: Any = workbook.worksheets[0]
    sheet["I2"] = date(2024, 1, 1)
    sheet["K2"], sheet["L2"] = 1234.5, 0.025
    for cell, form in (("I2", "dddd d mmmm yyyy"), ("K2", '#,##0.00 "€"'), ("L2", "0.00%")):
        sheet[cell].number_format = form
    sheet["A2"].comment = Comment("à rappeler", "x")
    sheet.auto_filter.ref = "A1:L2"
    sheet.column_dimensions["K"].hidden = True


def rich_name(workbook: Workbook) -> None:
    """A name half in bold, and the calendar of old Macs."""
    sheet: Any = workbook.worksheets[0]
    sheet["B2"] = CellRichText("Crédit fictif a ", TextBlock(InlineFont(b=True), "d’été"))
    workbook.epoch = CALENDAR_MAC_1904
    sheet["I2"] = date(2024, 1, 1)


HIDDEN_ODS = ods_sheet(COLUMNS, row()).replace(
    "<table:table-row>", '<table:table-row table:visibility="filter">'
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(as_csv(*TITLES, COLUMNS, row(), header=["Registre"]), id="titres au-dessus, CSV"),
        pytest.param(as_xlsx(*TITLES, COLUMNS, row(), header=["Registre"]), id="titres au-dessus, classeur"),
        pytest.param(ods(ods_sheet(*TITLES, COLUMNS, row())), id="titres au-dessus, ODS"),
        pytest.param(
            as_csv(row(), header=renamed("référence de l’accord", "référence de laccord")), id="apostrophe"
        ),
        pytest.param(as_csv(row(territoire="département")), id="territoire au singulier"),
        pytest.param(as_csv([*row(), "à rappeler"], header=[*COLUMNS, "remarques"]), id="colonne inconnue"),
        pytest.param(
            as_xlsx([*row(), "à rappeler"], header=[*COLUMNS, "remarques"]), id="inconnue, classeur"
        ),
        pytest.param(book(hide_first_sheet, row("b", 2)), id="première feuille masquée"),
        pytest.param(book(add_sheet, row()), id="deux feuilles"),
        pytest.param(book(hide_row, row()), id="ligne masquée"),
        pytest.param(ods(HIDDEN_ODS), id="ligne filtrée, ODS"),
        pytest.param(book(merge_titles, row()), id="titres fusionnés sur deux lignes"),
        pytest.param(book(move, row()), id="tableau décalé, colonne vide"),
        pytest.param(book(mark_required, row()), id="titres sur deux lignes, étoile"),
        pytest.param(book(format_as_people_do, row()), id="formats, commentaire, filtre, colonne masquée"),
        pytest.param(book(rich_name, row()), id="texte en gras, calendrier 1904"),
        pytest.param(as_csv(row(montant_maximal="1 234,50 euros", taux_maximal="2,5%")), id="unités écrites"),
        pytest.param(as_csv(row(), header=[name.upper() for name in COLUMNS]), id="majuscules"),
        pytest.param(unicodedata.normalize("NFD", as_csv(row())), id="accents décomposés"),
    ],
)
def test_a_harmless_form_is_read_as_it_is_meant(data: bytes | str) -> None:
    assert read_one(data) == EXPECTED


@pytest.mark.parametrize(
    ("cells", "scope", "codes"),
    [
        ({"codes_du_territoire": "56 et 35"}, Scope.DEPARTEMENTS, ("56", "35")),
        ({"codes_du_territoire": "56/35"}, Scope.DEPARTEMENTS, ("56", "35")),
        ({"territoire": "EPCI", "codes_du_territoire": "200 066 777"}, None, None),
        ({"territoire": "EPCI", "codes_du_territoire": "200066777"}, Scope.EPCI, ("200066777",)),
        ({"territoire": "Région", "codes_du_territoire": "53"}, Scope.REGIONS, ("53",)),
        ({"territoire": "national", "codes_du_territoire": ""}, Scope.NATIONAL, ()),
    ],
)
def test_a_territory_is_said_in_several_ways(
    cells: dict[str, Any], scope: Scope | None, codes: object
) -> None:
    found = plan(as_csv(row(**cells)))
    if scope is None:
        assert {one.place.column for one in found.refusals} == {"codes du territoire"}
    else:
        territory = found.outcomes[0].after.agreements[0].territory
        assert (territory.scope, territory.codes) == (scope, codes)


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (as_csv([*row(), "x"], header=[*COLUMNS, "remarques"]), "COLUMN_IGNORED", "« remarques »"),
        (
            book(hide_first_sheet, row("b", 2)),
            "SHEET_READ",
            "La feuille lue est « Visible » ; pas « Sheet ».",
        ),
        (book(add_sheet, row()), "SHEET_READ", "« Notes »"),
        (book(hide_row, row()), "HIDDEN_ROWS", "lues comme les autres : 2."),
        (ods(HIDDEN_ODS), "HIDDEN_ROWS", "lues comme les autres : 1, 2."),
        (as_csv(row(territoire="communes", codes_du_territoire="75101")), "DISTRICT_OF_COMMUNE", "Paris"),
        (as_csv(row(territoire="communes", codes_du_territoire="69381")), "DISTRICT_OF_COMMUNE", "Lyon"),
        (as_csv(row(montant_maximal="200,00")), "AMOUNT_UNLIKELY", "200,00 €"),
        (as_csv(row(taux_maximal="0,025")), "RATE_UNLIKELY", "se lit 0,025 %, pas 2,5 %"),
        (
            as_csv([*row(), "1000,00"], header=[*COLUMNS, "enveloppe (€)"]),
            "ENVELOPE_UNLIKELY",
            "sous le montant maximal",
        ),
    ],
)
def test_what_a_keeper_may_not_have_seen_is_told(data: bytes | str, code: str, said: str) -> None:
    found = plan(data)
    assert found.refusals == ()
    assert said in warnings(found)[code]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            {"montant_maximal": "50.000"},
            "« 50.000 » se lit de deux façons ; écrivez 50 000 si ce sont des milliers",
        ),
        ({"montant_maximal": "1,500 €"}, "écrivez 1 500 si"),
        ({"montant_maximal": "1.234,56"}, "Écrivez le montant comme 1 234,56"),
        ({"SIREN": "9,7E+08"}, "mettez la colonne au format Texte"),
        ({"SIREN": "000000000"}, "clé de contrôle"),
        ({"dernier_jour_de_l_accord": "12/31/2026"}, "n’existe pas"),
        ({"taux_maximal": "#N/A"}, "affiche « #N/A »"),
        ({"taux_maximal": "Euribor + 1 %"}, "Écrivez le pourcentage comme 1,5"),
        ({"montant_maximal": "trois mille euros"}, "Écrivez le montant comme 1 234,56"),
        ({"montant_maximal": "300 à 3 000"}, "Écrivez le montant comme 1 234,56"),
        ({"montant_maximal": "3 k€"}, "Écrivez le montant comme 1 234,56"),
        ({"dernier_jour_de_l_accord": "31/12/26"}, "Écrivez la date comme 31/12/2026"),
        ({"dernier_jour_de_l_accord": "au 31 déc. 2026"}, "Écrivez la date comme 31/12/2026"),
        ({"dernier_jour_de_l_accord": "indéterminée"}, "Écrivez la date comme 31/12/2026"),
        ({"codes_du_territoire": "Morbihan"}, "vouliez-vous dire 56 (Morbihan)"),
        ({"territoire": "communes", "codes_du_territoire": "Lyon"}, "vouliez-vous dire 69123 (Lyon)"),
        ({"type": "Banque"}, "« établissement de crédit », « crédit municipal »"),
        ({"SIREN": f"{siren(1)}00012"}, "doit compter neuf chiffres"),
        ({"identifiant": "Crédit Fictif"}, "par exemple « credit-fictif"),
    ],
)
def test_a_cell_that_has_two_readings_costs_its_line(cells: dict[str, Any], said: str) -> None:
    found = plan(as_csv(row(**cells)))
    assert found.outcomes == ()
    assert any(said in spaced(one.message) for one in found.refusals)


THOUSANDS = ods(
    ods_sheet(COLUMNS, row()).replace(
        '<table:table-cell office:value-type="string"><text:p>1\u202f234,50</text:p>',
        '<table:table-cell office:value-type="float" office:value="1.5"><text:p>1,5 k€</text:p>',
    )
)


def in_thousands(workbook: Workbook) -> None:
    sheet: Any = workbook.worksheets[0]
    sheet["K2"] = 1.5
    sheet["K2"].number_format = '0.0 "k€"'


@pytest.mark.parametrize("data", [book(in_thousands, row()), THOUSANDS], ids=["xlsx", "ods"])
def test_a_number_whose_format_changes_its_unit_is_not_read_without_it(data: bytes) -> None:
    found = plan(data)
    assert found.outcomes == ()
    assert [one.place.column for one in found.refusals] == ["montant maximal (€)"]


TOTAL = ["Total", *[""] * 9, "1234,50", ""]


@pytest.mark.parametrize(
    ("other", "line", "said"),
    [
        (TOTAL, 3, "« Total » n’est pas l’identifiant d’un prêteur ; si la ligne est un total ou une note"),
        (["", *TOTAL[1:]], 3, "L’identifiant du prêteur est obligatoire ; si la ligne est un total"),
        (["* montants hors frais"], 3, "retirez-la du tableau"),
        (COLUMNS, 3, "répète l’en-tête ; retirez-la"),
    ],
)
@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_a_row_that_is_no_lender_costs_one_sentence_and_no_lender(
    make: Callable[..., bytes | str], other: list[str], line: int, said: str
) -> None:
    found = plan(make(row(), other))
    assert [one.after for one in found.outcomes] == [EXPECTED]
    (refused,) = found.refusals
    assert (refused.place.line, said in spaced(refused.message)) == (line, True)


OTHER_TITLES = {"date de fin": "dernier jour de l’accord", "Montant maxi en euros": "MONTANT MAXIMAL (€)"}


def otherwise_titled() -> str:
    titles = {COLUMNS.index(find_title(name)): title for title, name in OTHER_TITLES.items()}
    return as_csv(row(), header=[titles.get(index, name) for index, name in enumerate(COLUMNS)])


def find_title(name: str) -> str:
    column = find(name)
    assert column is not None
    return column.name


def test_a_source_may_name_its_columns_otherwise() -> None:
    data = otherwise_titled()
    said = sentence(data)
    assert "Il manque la colonne « dernier jour de l’accord »." in said
    assert "(« date de fin » et « Montant maxi en euros »)" in said
    found = make_plan(read_whole(data.encode(), GEOGRAPHY, OTHER_TITLES), {}, TODAY, complete=False)
    assert [one.after for one in found.outcomes] == [EXPECTED]
    assert "COLUMN_IGNORED" not in warnings(found)


def strict() -> bytes:
    """A workbook of the strict form: the same parts under other names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_xlsx(row()))) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            content = source.read(name).replace(
                b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                b"http://purl.oclc.org/ooxml/spreadsheetml/main",
            )
            target.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (strict(), "enregistrez-le en « Classeur Excel (.xlsx) »"),
        (as_csv(row()).replace("\u202f", " ").encode("utf-16-le"), "enregistrez-le en « CSV UTF-8 »"),
        (as_csv(row()).replace("\u202f", " ").encode("mac-roman"), "enregistrez-le en « CSV UTF-8 »"),
        (as_csv(row()).replace("\u202f", " ").encode().decode("cp1252").encode(), "encodés deux fois"),
        (as_csv(row(), header=renamed("montant maximal (€)", "montant maximun (€)")), "vouliez-vous dire"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "enregistrez le tableau en .xlsx"),
        (b"<html><table><tr><td>identifiant", "enregistrez le tableau en .xlsx"),
        (b"%PDF-1.7 ...", "enregistrez le tableau en .xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_the_gesture(data: bytes | str, said: str) -> None:
    assert said in sentence(data)


def without(*names: str) -> str:
    kept = [index for index, name in enumerate(COLUMNS) if name not in names]
    return as_csv([row()[index] for index in kept], header=[COLUMNS[index] for index in kept])


def test_an_absent_column_leaves_what_is_known_as_it_is() -> None:
    text = "du 01/03/2026 au 31/05/2026 ; audit"
    more = [
        "code banque (CIB)",
        "montant minimal (€)",
        "vérifié le",
        "suspensions de l’accord",
        "prêteur depuis le",
    ]
    whole = as_csv([*row(), "01234", "300,00", "01/10/2026", text, "01/02/2020"], header=[*COLUMNS, *more])
    known = {"a": read_one(whole)}
    again = make_plan(
        read_whole(without("taux maximal (%)").encode(), GEOGRAPHY), known, TODAY, complete=False
    )
    assert (again.outcomes, again.refusals, again.unchanged) == ((), (), 1)
    assert "laissées comme elles sont" in warnings(again)["COLUMNS_ABSENT"]
    kept = make_plan(
        read_whole(as_csv(row(montant_maximal="400,00")).encode(), GEOGRAPHY), known, TODAY, complete=False
    )
    (after,) = kept.outcomes
    assert [(one.column, one.before, one.after) for one in after.changes] == [
        ("montant maximal (€)", "1234,50", "400,00")
    ]


def test_what_is_kept_must_go_with_what_the_file_says() -> None:
    known = {"a": read_one(as_csv([*row(), "300,00"], header=[*COLUMNS, "montant minimal (€)"]))}
    data = as_csv(row(montant_maximal="200,00")).encode()
    found = make_plan(read_whole(data, GEOGRAPHY), known, TODAY, complete=False)
    assert found.outcomes == ()
    assert [one.code for one in found.refusals] == ["OUT_OF_RANGE"]


def test_a_column_that_is_there_and_blank_still_says_nothing() -> None:
    known = {"a": EXPECTED}
    found = make_plan(
        read_whole(as_csv(row(taux_maximal="")).encode(), GEOGRAPHY), known, TODAY, complete=False
    )
    assert [(one.column, one.after) for one in found.outcomes[0].changes] == [("taux maximal (%)", "")]


def test_a_cell_repeated_in_a_title_is_no_header() -> None:
    rows = ods_rows([["identifiant"], COLUMNS, row()])
    assert read_one(ods(f'<table:table table:name="F">{rows}</table:table>')) == EXPECTED
