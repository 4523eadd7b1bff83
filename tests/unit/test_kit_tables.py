"""One reader of the tables that French people write: every usual form, exact cells, and clear refusals."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from services.kit import french, tables
from services.kit.tables import Bad, Row, SheetColumn, UnreadableFile, read_cell, read_table
from services.kit.tables.decoding import decode
from services.kit.tables.workbook import Merge, exact_number, unmerged
from tests.support import examples
from tests.tables_support import ods, ods_sheet

CASES = Path(__file__).parent.parent / "cases" / "tables"
NAMES = ("clé", "nom", "montant", "date")


def is_name(name: str) -> bool:
    return name in NAMES


def read(data: bytes | str, **options: Any) -> list[Row]:
    return read_table(data.encode() if isinstance(data, str) else data, is_name, **options).rows


def cells(data: bytes | str, **options: Any) -> list[list[object]]:
    return [list(row.cells) for row in read(data, **options)]


def sentence(data: bytes | str, **options: Any) -> str:
    """Why a file is refused, with ordinary spaces."""
    with pytest.raises(UnreadableFile) as caught:
        read(data, **options)
    return str(caught.value).replace("\u00a0", " ").replace("\u202f", " ")


def xlsx(*rows: Sequence[object], merge: str = "", formats: dict[str, str] | None = None) -> bytes:
    book = Workbook()
    sheet: Any = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for name, form in (formats or {}).items():
        sheet[name].number_format = form
    if merge:
        sheet.merge_cells(merge)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_csv_is_read_alike(encoding: str, separator: str, ends: str) -> None:
    lines = ["clé;nom;date", "A1;Éloïse Œuvrard-Le Goff;01/11/2026", ";;", 'A2;"d’un « café »";2026-11-02']
    text = "".join(line.replace(";", separator) + ends for line in lines)
    found = read(text.encode(encoding))
    assert [row.line for row in found] == [1, 2, 4]
    assert found[1].cells == ["A1", "Éloïse Œuvrard-Le Goff", "01/11/2026"]
    assert found[2].cells[1] == "d’un « café »"


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_first_line_may_tell_the_separator(first: str) -> None:
    assert cells(f"{first}\r\nclé;nom\r\nA1;x\r\n") == [["clé", "nom"], ["A1", "x"]]
    assert read(f"{first}\nclé;nom\nA1;x\n")[1].line == 3


def test_a_separator_that_only_the_first_line_tells_is_used() -> None:
    assert cells("sep=|\nclé|nom\nA1|x;y\n")[1] == ["A1", "x;y"]


MIXED = "nom;montant\nRené;1\n".encode() + "é;2\n".encode("cp1252")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (MIXED, "mêle deux encodages : la ligne 2 est en UTF-8, la ligne 3 ne l’est pas"),
        (
            "nom\nZoé\n".encode("cp1252") + "« œuvre »\n".encode(),
            "la ligne 3 est en UTF-8, la ligne 2 ne l’est",
        ),
        ("nom\nRené\nZoé\n".encode("mac-roman"), "la ligne 2 semble écrite pour Macintosh"),
        ("nom\nRené\n".encode("cp850"), "la ligne 2 semble écrite"),
        ("nom\nRené\n".encode("utf-16-le"), "octets nuls"),
        ("nom\nRené\n".encode("utf-32"), "octets nuls"),
        ("nom\nRené".encode("utf-16")[:-1], "encodage"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "classeur .xls ancien, ou protégé"),
        (b"\x09\x08\x10\x00\x00\x06" + bytes(600), "classeur .xls ancien"),
        (b"<html><table><tr><td>nom</td></tr></table>", "HTML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "XML"),
        (b"{\\rtf1 nom}", ".rtf"),
        (b'{"nom": 1}', "JSON"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "image"),
        (b"\x1f\x8b\x08" + bytes(100), "archive"),
        (b"PK\x03\x04" + bytes(100), "abîmé"),
        (b"x" * (32 * 1024 * 1024 + 1), "dépasse 32 Mio"),
        (b"nom;montant\n\x01\x02", "La ligne 2 contient un caractère de contrôle"),
        (b"", "vide"),
        (b'"nom;montant\njamais;1', "ligne 1"),
        (b"nom;montant\n" + b'"jamais;1\n' * 60, "trop de guillemets"),
        (b"nom;" * 300, "colonnes"),
        (b"sep=;\n", "vide"),
        (b'sep="\n', "vide"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    assert said in sentence(data)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('A;"un;x\nB;deux;y\nC;"trois";z\n', {(2, 1)}),  # never closed
        ('A;u"n;x\nB;deux;y\nC;"trois";z\n', {(2, 1)}),
        ('A;"un" x;x\nB;deux;y\nC;trois;"z\n', {(2, 1), (4, 2)}),
        ('A;"un ""1"" ; 2";x\nB;"deux\nlignes";y\n', set()),
    ],
)
def test_a_quote_out_of_its_place_costs_its_line_alone(text: str, wrong: set[tuple[int, int]]) -> None:
    head, *rows = read(f"clé;nom;montant\n{text}")
    assert head.cells == ["clé", "nom", "montant"]
    found = {(row.line, rank) for row in rows for rank, one in enumerate(row.cells) if isinstance(one, Bad)}
    assert found == wrong
    assert [row.cells[0] for row in rows] == [one for one in "ABC" if f"{one};" in text]


@pytest.mark.parametrize("magic", [b"\xd0\xcf\x11\xe0", b"%PDF", b"<html>", b"\x89PNG"])
def test_a_refusal_of_another_form_says_what_to_save_as(magic: bytes) -> None:
    assert "enregistrez le tableau en .xlsx, en .ods ou en « CSV UTF-8 »" in sentence(magic + bytes(9))


def test_portuguese_and_czech_names_are_no_sign_of_another_encoding() -> None:
    names = ["GUIMARÃES", "Žižek", "Šimůnek".replace("ů", "u"), "DÉLÉGUÉ\u00a0: « à »"]
    assert [row[0] for row in cells("\n".join(["nom", *names]).encode("cp1252"))[1:]] == names


@given(st.binary(max_size=300) | st.text("a;,\t\r\n\"' =sep", max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(UnreadableFile):
        assert read(data)


@pytest.mark.parametrize(
    ("parse", "cell", "value"),
    [
        (tables.money, "1 234,56", 123456),
        (tables.money, "1\u202f234,56\u00a0€", 123456),
        (tables.money, "1234.5", 123450),
        (tables.money, 1234, 123400),
        (tables.money, Decimal("0.1"), 10),
        (tables.signed_money, "-50,00", -5000),
        (tables.signed_money, "−50", -5000),
        (tables.percent, "1,5 %", Decimal("1.5")),
        (tables.percent, Decimal("2.5"), Decimal("2.5")),
        (tables.integer, "24", 24),
        (tables.integer, "24.0", 24),
        (tables.day, "31/12/2026", date(2026, 12, 31)),
        (tables.day, "1/1/2027", date(2027, 1, 1)),
        (tables.day, "2026-12-31", date(2026, 12, 31)),
        (tables.day, date(2026, 12, 31), date(2026, 12, 31)),
        (tables.code, "01000", "01000"),
        (tables.code, "200 066 777", "200066777"),
        (tables.codes, "56, 35", ["56", "35"]),
        (tables.text, " '=1+1", "=1+1"),
        (tables.text, "’t Hooft", "’t Hooft"),
        (tables.text, "'t Hooft", "'t Hooft"),
        (tables.text, 56, "56"),
        (tables.boolean, "Oui", True),
        (tables.boolean, "faux", False),
        (tables.boolean, True, True),
    ],
)
def test_cells_have_their_exact_value(parse: tables.Parse[object], cell: object, value: object) -> None:
    found = read_cell(Row(line=2, cells=[cell]), 0, parse)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("parse", "cell", "reason"),
    [
        *((tables.money, cell, "MALFORMED") for cell in (
            "10,005", "12,345678", "15 %", "-5", "1.234,56", "1,234.56", "50.000", "12 €  €", "1 23", "1e3",
            "nan", "9" * 5000, Decimal("10.005"), Decimal("NaN"),
        )),
        *((tables.percent, cell, "MALFORMED") for cell in ("15 €", "-1", "1,1234567", "x")),
        *((tables.integer, cell, "MALFORMED") for cell in ("24,5", "24 %", "2e1", "-3", "9" * 5000)),
        *((tables.day, cell, "MALFORMED") for cell in ("31/12/26", "31-12-2026", "hier", 46000)),
        *((tables.day, cell, "NOT_IN_CALENDAR") for cell in ("31/02/2026", "2026-13-01", "12/31/2026")),
        (tables.text, date(2026, 1, 1), "DATE_IN_TEXT"),
        (tables.code, date(2026, 1, 1), "DATE_IN_TEXT"),
        (tables.codes, date(2026, 1, 1), "DATE_IN_TEXT"),
        (tables.boolean, "peut-être", "MALFORMED"),
        (tables.money, True, "BOOLEAN"),
        (tables.text, False, "BOOLEAN"),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_refused_not_guessed(
    parse: tables.Parse[object], cell: object, reason: str
) -> None:
    found = read_cell(Row(line=3, cells=[None, cell]), 1, parse)
    assert isinstance(found, Bad)
    assert found.code == reason
    if reason == "BOOLEAN":
        assert "B3" in found.message


@given(st.text(" \u00a0\u202f0123456789,.-+€%/eE", max_size=14))
def test_a_sum_is_never_rounded(written: str) -> None:
    found = tables.signed_money(written)
    if not isinstance(found, Bad):
        plain = written.translate({ord(one): None for one in " \u00a0\u202f€"}).replace(",", ".")
        assert Decimal(found).scaleb(-2) == Decimal(plain)


@given(st.integers(-(10**14), 10**14))
def test_a_sum_that_is_printed_is_read_back(cents: int) -> None:
    printed = french.euros(cents)
    assert tables.signed_money(printed) == cents
    assert isinstance(tables.money(printed), Bad) == (cents < 0)


@given(st.dates())
def test_a_day_is_read_back_in_both_notations(day: date) -> None:
    assert tables.day(french.short_date(day)) == tables.day(day.isoformat()) == day


@given(st.decimals(0, 10**6, places=6))
def test_a_rate_is_read_back(rate: Decimal) -> None:
    assert tables.percent(tables.printed(rate)) == rate
    assert tables.percent(f"{french.number(rate)} %") == rate


def test_a_blank_is_absent_not_zero_nor_empty() -> None:
    parses: tuple[tables.Parse[object], ...] = (tables.money, tables.text, tables.boolean, tables.integer)
    for parse in parses:
        assert read_cell(Row(line=2, cells=[" \u00a0", None, ""]), 0, parse) is None
        assert read_cell(Row(line=2, cells=[None]), 5, parse) is None


def test_a_choice_is_read_whatever_its_case_and_accents() -> None:
    parse = tables.choice({0: "Départements", 1: "régions"})
    assert (parse("departements"), parse("RÉGIONS")) == (0, 1)
    found = parse("pays")
    assert isinstance(found, Bad)
    assert "« Départements » et « régions »" in found.message


WORKBOOKS: dict[str, Callable[..., bytes]] = {
    "xlsx": xlsx,
    "ods": lambda *rows: ods(ods_sheet(*rows)),
}


@pytest.mark.parametrize("form", WORKBOOKS)
def test_a_workbook_gives_exact_values(form: str) -> None:
    row = ["01000", 56, Decimal("1234.56"), date(2026, 11, 1), True, "Éloïse & <fils>", None, "'x"]
    found = cells(WORKBOOKS[form](["clé", *"abcdefg"], row, [], ["A2"]))
    assert found[1] == row
    assert [type(cell) for cell in found[1]] == [type(cell) for cell in row]
    assert [row.line for row in read(WORKBOOKS[form](["clé"], ["x"], [], ["y"]))] == [1, 2, 4]
    assert found[2] == ["A2"]


@pytest.mark.parametrize("form", WORKBOOKS)
@pytest.mark.parametrize(
    ("cell", "shown"),
    [(0.1 + 0.2, Decimal("0.3")), (1234.56, Decimal("1234.56")), (10.005, Decimal("10.005")), (56.0, 56)],
)
def test_a_double_is_the_number_that_it_shows(form: str, cell: float, shown: object) -> None:
    made = xlsx(["nom"], [cell]) if form == "xlsx" else ods(ods_sheet(["nom"], [Decimal(repr(cell))]))
    assert cells(made)[1] == [shown]


def test_fifteen_digits_never_hide_a_third_decimal() -> None:
    for cell in (999_999_999_999.125, 1_234_567_890_123.456):
        shown = exact_number(cell)
        assert shown == Decimal(repr(cell))
        assert isinstance(tables.money(shown), Bad)
    assert exact_number(0.1 + 0.7) == Decimal("0.8")


def test_merges_cover_no_more_than_the_table_and_a_bounded_number_of_cells() -> None:
    rows = [Row(line=line, cells=["x", *[None] * 199]) for line in range(1, 1001)]
    wide = Merge(top=1, left=0, bottom=1, right=16383)
    assert len(unmerged(rows, [wide])[0].cells) == 200
    tall = [Merge(top=line, left=0, bottom=10**6, right=199) for line in range(1, 3)]
    with pytest.raises(UnreadableFile, match="fusionnées"):
        unmerged(rows, tall)


def test_a_number_comes_with_what_its_format_says() -> None:
    formats = {
        "A2": "00000", "B2": '0#" "##" "##" "##" "##', "C2": "0.0%", "D2": '#,##0.00\\ "€"', "E2": "0.00",
        "F2": "0",
    }  # fmt: skip
    made = xlsx(["nom"] * 6, [1000, 297730000, 0.025, 1234.5, 12, 7], formats=formats)
    assert cells(made)[1] == ["01000", "0297730000", "2,5 %", "1234.5 €", 12, 7]
    formats = {
        "A2": '0.0\\ "k€"', "B2": '0" ans"', "C2": "[$€-40C]\\ #,##0", "D2": '_-* #,##0\\ "€"_-',
        "E2": "0.00E+00", "F2": "#,##0_)",
    }  # fmt: skip
    shown = cells(xlsx(["nom"] * 6, [1.5, 2, 15, 15, 3, 7], formats=formats))[1]
    assert shown == ["1.5 k€", "2 ans", "15 €", "15 €", 3, 7]
    assert isinstance(tables.money(cells(made)[1][2]), Bad)
    assert tables.money(cells(made)[1][3]) == 123450
    raw = (
        '<table:table-row><table:table-cell office:value-type="float" office:value="1000">'
        "<text:p>01000</text:p></table:table-cell>"
        '<table:table-cell office:value-type="percentage" office:value="0.025"><text:p>2,50 %'
        '</text:p></table:table-cell><table:table-cell office:value-type="currency" office:currency="EUR" '
        'office:value="1234.5"><text:p>1 234,50 €</text:p></table:table-cell></table:table-row>'
    )
    assert cells(ods(ods_sheet(["nom"] * 3, raw=raw)))[1] == ["01000", "2,5 %", "1234.5 €"]
    numbers = [("1.5", "1,5 k€"), ("2", "2 ans"), ("15", "€ 15"), ("970000000", "9,7E+08"), ("7", "7,00 ")]
    raw = "".join(
        f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{text}</text:p>'
        "</table:table-cell>"
        for value, text in numbers
    )
    made = ods(ods_sheet(["nom"] * 5, raw=f"<table:table-row>{raw}</table:table-row>"))
    assert cells(made)[1] == ["1.5 k€", "2 ans", "15 €", 970000000, 7]


def bad(data: bytes, **options: Any) -> list[tuple[str, str]]:
    """The cells that are refused, with the name that their sentence gives."""
    found = [cell for row in read(data, **options) for cell in row.cells if isinstance(cell, Bad)]
    return [(cell.code, cell.message.removeprefix("La cellule ").split(" ", 1)[0]) for cell in found]


def test_cells_that_hold_no_plain_value_are_refused_by_name() -> None:
    made = xlsx(["nom"] * 3, ["=1+1", "#N/A", datetime.fromisoformat("2026-01-01T12:30")])
    assert bad(made) == [("FORMULA", "A2"), ("ERROR_VALUE", "B2"), ("TIME", "C2")]
    raw = (
        "<table:table-row>"
        '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2">'
        '<text:p>2</text:p></table:table-cell><table:table-cell office:value-type="string" '
        'calcext:value-type="error"><text:p>#N/D</text:p></table:table-cell><table:table-cell '
        'office:value-type="date" office:date-value="2026-01-01T12:30:00"><text:p>x</text:p>'
        "</table:table-cell></table:table-row>"
    )
    made = ods(ods_sheet(["nom"] * 3, raw=raw))
    assert bad(made) == [("FORMULA", "A2"), ("ERROR_VALUE", "B2"), ("TIME", "C2")]
    assert cells(made, formulas=True)[1][0] == 2


def test_a_formula_may_stand_for_its_last_value_but_never_for_a_blank() -> None:
    made = xlsx(["nom", "montant"], ["x", "=1+1"], ["y", "=1+2"])
    assert bad(made, formulas=True) == [("FORMULA", "B2"), ("FORMULA", "B3")]
    empty = (b"<f>1+1</f><v />", b"<f>1+1</f><v></v>", b"<f>1+1</f><v/>")
    made = rezipped(
        made,
        lambda _, content: reduce(lambda one, old: one.replace(old, b"<f>1+1</f><v>2</v>"), empty, content),
    )
    assert cells(made, formulas=True)[1] == ["x", 2]
    assert bad(made, formulas=True) == [("FORMULA", "B3")]


def test_a_cell_that_a_merge_covers_is_refused_beside_one_that_has_a_value() -> None:
    rows = (["nom", "clé"], ["Éloïse", "A1"], [None, "A2"])
    assert bad(xlsx(*rows, merge="A2:A3")) == [("MERGED", "A3")]
    assert bad(xlsx(["nom", "clé"], [None, "A1"], [None, "A2"], merge="A2:A3")) == []
    raw = (
        '<table:table-row><table:table-cell office:value-type="string" table:number-rows-spanned="2" '
        'table:number-columns-spanned="1"><text:p>Éloïse</text:p></table:table-cell><table:table-cell/>'
        "</table:table-row><table:table-row><table:covered-table-cell/><table:table-cell "
        'office:value-type="string"><text:p>A2</text:p></table:table-cell></table:table-row>'
    )
    assert bad(ods(ods_sheet(["nom", "clé"], raw=raw))) == [("MERGED", "A3")]


def test_the_sheet_that_is_named_is_read_else_the_first() -> None:
    two = ods(ods_sheet(["nom"], ["un"]) + ods_sheet(["nom"], ["deux"], name="B"))
    assert cells(two, sheet="B")[1] == ["deux"]
    assert cells(two, sheet="C")[1] == ["un"]
    assert cells(two)[1] == ["un"]


def test_repeated_rows_and_cells_of_an_ods_are_what_they_show() -> None:
    raw = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3" '
        'office:value-type="string"><text:p>a<text:s text:c="2"/>b<text:span>c</text:span></text:p>'
        "<office:annotation><text:p>note</text:p></office:annotation></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert cells(ods(ods_sheet(["nom"] * 3, raw=raw)))[1:] == [["a  bc"] * 3] * 2


ROW = '<table:table-row><table:table-cell office:value-type="string"{0}><text:p>{1}</text:p></table:table-cell></table:table-row>'  # noqa: E501


@pytest.mark.parametrize(
    ("content", "parts", "said"),
    [
        (ods_sheet(raw=ROW.format(' table:number-columns-repeated="16384"', "x")), {}, "colonnes"),
        (
            ods_sheet(raw=ROW.replace("row>", 'row table:number-rows-repeated="60000">', 1).format("", "x")),
            {},
            "lig",
        ),
        (ods_sheet(raw=ROW.format("", '<text:s text:c="1000000000"/>')), {}, "démesurée"),
        (ods_sheet(raw=ROW.format("", '<text:s text:c="150000"/>')), {}, "démesurée"),
        (ods_sheet(raw=ROW.format("", "<text:span>" * 20000 + "</text:span>" * 20000)), {}, "abîmé"),
        (ods_sheet(raw=ROW.format(' table:number-columns-repeated="-1"', "x")), {}, "abîmé"),
        (ods_sheet(raw="<table:table-row/>" * 300_000), {}, "lignes"),
        (
            ods_sheet(raw="<table:table-row>" + "<table:table-cell/>" * 100_000 + "</table:table-row>"),
            {},
            "démesurée",
        ),
        ("x" * (65 * 1024 * 1024), {}, "démesuré"),
        ("<table:table>", {}, "abîmé"),
        ("", {}, "feuille"),
        (ods_sheet(), {}, "vide"),
        (ods_sheet(["x"]), {"Basic/Standard/Module1.xml": b"<x/>"}, "macros"),
        (ods_sheet(["x"]), {"Object 1/content.xml": b"<x/>"}, "objet incorporé"),
        (ods_sheet(["x"]), {"META-INF/manifest.xml": b"<x><manifest:encryption-data/></x>"}, "mot de passe"),
        (ods_sheet(["x"], raw='<table:table-source xlink:href="x"/>'), {}, "lié à un autre fichier"),
        (ods_sheet(["x"]), {"styles.xml": b"<!DOCTYPE x []><x/>"}, "interdite"),
        (ods_sheet(["x"]), {"styles.xml": b'<?xml version="1.0" encoding="cp037"?>'}, "interdite"),
    ],
)
def test_a_hostile_ods_is_refused(content: str, parts: dict[str, bytes], said: str) -> None:
    assert said in sentence(ods(content, **parts))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("xl/workbook.bin", "binaire .xlsb"),
        ("word/document.xml", "pas un classeur Excel"),
        ("Index/Document.iwa", "pas"),
    ],
)
def test_an_archive_of_another_kind_says_what_to_save_as(part: str, said: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(part, b"x")
    assert said in sentence(stream.getvalue())
    assert "CSV UTF-8" in sentence(stream.getvalue())


def test_merges_beyond_counting_are_refused() -> None:
    many = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (at, at) for at in range(1, 20_000))
    made = xlsx(["nom"], ["x"], merge="A1:A2")
    made = rezipped(made, lambda _, content: content.replace(b'<mergeCell ref="A1:A2"/>', many))
    assert "fusionnées" in sentence(made)


@pytest.mark.parametrize(
    ("bound", "data", "said"),
    [
        ("csv_table.MAX_CELLS", b"nom;a\nx;y\nx;y\n", "cellules"),
        ("csv_table.MAX_ROWS", b"nom\nx\ny\nz\nx\ny\nz\n", "lignes"),
        ("csv_table.MAX_LINES", b'nom\n"\n\n\n\n\n\n\nx"\n', "lignes"),
        ("xlsx.MAX_CELLS", xlsx(["nom", "a"], ["x", "y"], ["x", "y"]), "cellules"),
        ("xlsx.MAX_BAD", xlsx(["nom"] * 6, ["=1"] * 6), "formules"),
        ("ods.MAX_CELLS", ods(ods_sheet(["nom", "a"], ["x", "y"], ["x", "y"])), "cellules"),
        ("safety.MAX_PARTS", xlsx(["nom"]), "trop de parties"),
        ("safety.MAX_TOTAL", xlsx(["nom"]), "démesuré"),
    ],
)
def test_each_bound_is_a_refusal(monkeypatch: pytest.MonkeyPatch, bound: str, data: bytes, said: str) -> None:
    read(data)
    monkeypatch.setattr(f"services.kit.tables.{bound}", 5)
    assert said in sentence(data)


def test_a_part_that_is_twice_in_a_workbook_is_refused() -> None:
    stream = io.BytesIO(xlsx(["nom"]))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", b"<x/>")
    assert "deux fois la même" in sentence(stream.getvalue())


def test_a_written_workbook_offers_what_may_be_chosen() -> None:
    columns = [SheetColumn("nom", wide=True), SheetColumn("type", choices=("Un", "Deux"))]
    book = load_workbook(io.BytesIO(tables.xlsx_bytes("Feuille", columns, [["x", "Un"]])))
    sheet = book.worksheets[0]
    (found,) = sheet.data_validations.dataValidation
    assert (found.formula1, str(found.sqref)) == ('"Un,Deux"', "B2:B5000")
    assert (sheet.title, sheet.freeze_panes) == ("Feuille", "A2")


texts = st.text(
    st.characters(exclude_categories=["C", "Z"], max_codepoint=0xFFFF)
    | st.sampled_from(" =+-@;,|\"'«»\u00a0"),
    min_size=1,
    max_size=20,
).map(str.strip).filter(bool)  # fmt: skip
values = (
    texts
    | st.none()
    | st.dates(date(1900, 3, 1), date(9999, 12, 31))
    | st.integers(0, 10**9)
    | st.decimals(0, 10**7, places=2)
)
TYPED: dict[type, Callable[[object], object]] = {
    str: tables.text, date: tables.day, int: tables.integer, Decimal: tables.money,
}  # fmt: skip
FORMATS = {str: "@", date: "dd/mm/yyyy", int: "0", Decimal: "#,##0.00"}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@settings(max_examples=examples(60))
@given(st.lists(values, min_size=1, max_size=5))
def test_what_is_written_is_read_back(form: str, row: list[Any]) -> None:
    kinds = [type("" if cell is None else cell) for cell in row]
    titles = [f"colonne {number}" for number in range(len(row))]
    if form == "csv":  # « Â¡ » is what an accent encoded twice looks like: such a file is refused
        assume(not any(set("ÂÃÅâ") & set(cell) for cell in row if isinstance(cell, str)))
        data = tables.csv_bytes(["nom", *titles], [["x", *row]])
    else:
        columns = [
            SheetColumn("nom"),
            *(SheetColumn(title, FORMATS[kind]) for title, kind in zip(titles, kinds, strict=True)),
        ]
        data = tables.xlsx_bytes("Feuille", columns, [["x", *row]])
        assert data == tables.xlsx_bytes("Feuille", columns, [["x", *row]])
    found = read(data)[1]
    read_back = [read_cell(found, at, TYPED[kind]) for at, kind in enumerate(kinds, 1)]
    assert read_back == [int(cell.scaleb(2)) if isinstance(cell, Decimal) else cell for cell in row]


def rezipped(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook whose parts are changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return stream.getvalue()


SMALL = {
    "xlsx": (
        xlsx(["nom", "montant"], ["x", 1234.5], [date(2026, 1, 1), "=1+1"], merge="A3:B3"),
        "sheet1.xml",
    ),
    "ods": (ods(ods_sheet(["nom", "montant"], ["x", 1234], [date(2026, 1, 1), True])), "content.xml"),
}


@pytest.mark.parametrize("form", SMALL)
@settings(max_examples=examples(150))
@given(st.data())
def test_an_altered_workbook_is_read_or_refused(form: str, data: st.DataObject) -> None:
    made, part = SMALL[form]

    def altered(name: str, content: bytes) -> bytes:
        if not name.endswith(part):
            return content
        at = data.draw(st.integers(0, len(content)))
        new = data.draw(
            st.sampled_from([b"", b"-1", b"NaN", b"1e999", b"99999999", b"<a>", b'"', b"\xff", b"0"])
        )
        return content[:at] + new + content[at + data.draw(st.integers(0, 12)) :]

    with suppress(UnreadableFile):
        for row in read(rezipped(made, altered), formulas=data.draw(st.booleans())):
            for index in range(len(row.cells)):
                read_cell(row, index, tables.money)


def test_the_rows_of_a_csv_keep_their_length() -> None:
    found = read((CASES / "short_row.csv").read_bytes())
    assert [(len(row.cells), row.short) for row in found] == [(5, False), (5, False), (5, False), (2, True)]
    assert [row.short for row in read("clé;nom;\nA;x\n")] == [False, False]
    assert not any(row.short for row in read(xlsx(["clé", "nom"], ["A"])))


def test_old_mac_line_ends_are_read() -> None:
    found = read((CASES / "cr_only.csv").read_bytes())
    assert [row.line for row in found] == [1, 2, 3]
    assert found[1].cells[1:3] == ["Éloïse-Légère", "Zoé"]


def test_a_merged_cell_and_an_error_of_real_workbooks_are_refused() -> None:
    assert bad((CASES / "merged.xlsx").read_bytes()) == [("MERGED", "B3")]
    assert bad((CASES / "na.xlsx").read_bytes()) == [("ERROR_VALUE", "B2")]


def test_a_csv_in_a_spreadsheet_holds_no_formula() -> None:
    data = tables.csv_bytes(["nom"], [["=1+1"], ["-5"], ["\tx"], ["@x"], ["'=x"], ["＝x"]])
    written = [row[0] for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";")]
    assert written == ["nom", "'=1+1", "'-5", "'\tx", "'@x", "''=x", "'＝x"]


def test_signs_of_two_encodings_that_were_typed_are_read() -> None:
    assert decode("montant (€);Ã¡\n".encode()) == "montant (€);Ã¡\n"
    with pytest.raises(UnreadableFile, match="ligne 2 ont été encodés deux fois"):
        decode("nom\nmontant (€)".encode().decode("cp1252").encode())
