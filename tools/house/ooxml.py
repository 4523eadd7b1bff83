"""WordprocessingML fragments: runs, paragraphs, tables, template tags; French spacing of static text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from services.kit.french import unbroken

# Text width in twentieths of a point: A4 (11906) less two margins of 2 cm (1134).
TEXT_WIDTH = 9638

LINE_BREAK = "<w:r><w:br/></w:r>"

KEEP = "<w:keepNext/>"
"""The property of a paragraph that stays on the page of the next one."""
_TAG = re.compile(r"({{.*?}}|{%.*?%})")
_STRONG = re.compile(r"\*\*(.*?)\*\*")


def text(source: str) -> str:
    """Text for a `w:t`: French spacing outside the template tags, XML escapes."""
    return "".join(
        escape(piece if index % 2 else unbroken(piece)) for index, piece in enumerate(_TAG.split(source))
    )


def run(source: str, style: str = "") -> str:
    """One run; `style` is a character style."""
    properties = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{text(source)}</w:t></w:r>'


def runs(source: str) -> str:
    """Runs of a sentence in which `**…**` is strong."""
    pieces = enumerate(_STRONG.split(source))
    return "".join(run(piece, "Strong" if index % 2 else "") for index, piece in pieces if piece)


def paragraph(source: str, style: str = "Normal", properties: str = "") -> str:
    """A paragraph of a style; `properties` are further elements of `w:pPr`.

    What announces something, with a colon, stays with it.
    """
    if source.endswith(" :") and KEEP not in properties:
        properties = KEEP + properties
    return raw_paragraph(runs(source), style, properties)


def raw_paragraph(content: str, style: str, properties: str = "") -> str:
    """A paragraph around ready-made runs."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{content}</w:p>'


def labelled(label: str, source: str, style: str = "Reference", *, kept: bool = False) -> str:
    """`Objet : …`; `kept`, it stays with what follows."""
    return raw_paragraph(run(f"{label} : ", "Label") + runs(source), style, KEEP if kept else "")


def heading(source: str, level: int = 1, *, new_page: bool = False) -> str:
    """A heading below the title of the document; those of the first level are numbered in a form."""
    return paragraph(source, f"Heading{level + 1}", "<w:pageBreakBefore/>" if new_page else "")


def lead_in(source: str) -> str:
    """A sentence that stays with what it announces: a list, a table, or the closing of a letter."""
    return paragraph(source, properties=KEEP)


def bullet(source: str, *, kept: bool = False) -> str:
    """An item of a list; `kept`, it stays with what follows."""
    return paragraph(source, "ListBullet", KEEP if kept else "")


def control(tag: str) -> str:
    """A template tag that takes its whole paragraph away."""
    return f"<w:p><w:r><w:t>{{%p {tag} %}}</w:t></w:r></w:p>"


def when(condition: str, *blocks: str, otherwise: Sequence[str] = ()) -> str:
    """Blocks printed if the condition holds, others if not."""
    alternative = control("else") + "".join(otherwise) if otherwise else ""
    return control(f"if {condition}") + "".join(blocks) + alternative + control("endif")


def each(name: str, items: str, *blocks: str) -> str:
    """Blocks printed for each item of a list."""
    return control(f"for {name} in {items}") + "".join(blocks) + control("endfor")


def field(instruction: str) -> str:
    """A field that Word computes (PAGE, NUMPAGES)."""
    return field_start(instruction) + "<w:r><w:t>1</w:t></w:r>" + field_end()


def field_start(instruction: str) -> str:
    """Start of a field, up to its result."""
    pieces = (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {instruction} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
    )
    return "".join(f"<w:r>{piece}</w:r>" for piece in pieces)


def field_end() -> str:
    """End of a field, after its result."""
    return '<w:r><w:fldChar w:fldCharType="end"/></w:r>'


def link(anchor: str, content: str) -> str:
    """A link to a bookmark of the same document."""
    return f'<w:hyperlink w:anchor="{anchor}" w:history="1">{content}</w:hyperlink>'


def run_control(tag: str) -> str:
    """A template tag that takes its run away."""
    return f"<w:r><w:t>{{%r {tag} %}}</w:t></w:r>"


@dataclass(frozen=True)
class Column:
    """A column of a table: heading, share of the width, amounts aligned right."""

    heading: str
    share: int
    amount: bool = False


@dataclass(frozen=True)
class Rows:
    """Rows of a table: printed once, for each item of a loop, or if a condition holds."""

    cells: Sequence[str]
    tag: str = ""

    @classmethod
    def each(cls, name: str, items: str, *cells: str) -> Rows:
        """One row for each item."""
        return cls(cells, f"for {name} in {items}")

    @classmethod
    def when(cls, condition: str, *cells: str) -> Rows:
        """One row if the condition holds."""
        return cls(cells, f"if {condition}")


# Whether a row of a loop stays with the next one, when no other row follows the loop, and when one does.
_KEPT = (
    "not loop.last and not (loop.length > 14 and loop.index > 2 and loop.revindex > 3)",
    "not (loop.length > 13 and loop.index > 2 and loop.revindex > 2)",
)


@dataclass(frozen=True)
class Table:
    """A data table with a heading row, no merged cell and no empty one."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Rows]
    total: bool = False
    """The last row is a total."""

    def xml(self) -> str:
        """The table."""
        unit = TEXT_WIDTH / sum(column.share for column in self.columns)
        widths = [round(column.share * unit) for column in self.columns]
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        *before, last = self.rows
        rows = "".join(self._rows(row, widths, followed=True) for row in before)
        rows += self._rows(last, widths, followed=False)
        return (
            f"<w:tbl>{self._properties()}<w:tblGrid>{grid}</w:tblGrid>{self._heading(widths)}{rows}</w:tbl>"
        )

    def _properties(self) -> str:
        look = "0660" if self.total else "0620"
        return (
            f'<w:tblPr><w:tblStyle w:val="HouseTable"/><w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/>'
            '<w:tblLayout w:type="fixed"/>'
            f'<w:tblLook w:val="{look}" w:firstRow="1" w:lastRow="{int(self.total)}" w:firstColumn="0"'
            ' w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
            f'<w:tblCaption w:val="{text(self.title)}"/></w:tblPr>'
        )

    def _heading(self, widths: Sequence[int]) -> str:
        cells = "".join(
            _cell(column.heading, width, "TableHeadingAmount" if column.amount else "TableHeading")
            for column, width in zip(self.columns, widths, strict=True)
        )
        return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"

    def _rows(self, row: Rows, widths: Sequence[int], *, followed: bool) -> str:
        """Rows that stay with the next one: all those of a short table, three at each end of a long one."""
        if not row.tag:
            return self._row(row, widths, linked=followed)
        linked, free = (self._row(row, widths, linked=linked) for linked in (True, False))
        tag = row.tag.split()[0]
        if tag == "for":
            printed = _row_control(f"if {_KEPT[followed]}") + linked + _row_control("else") + free
            printed += _row_control("endif")
        else:
            printed = linked if followed else free
        return _row_control(row.tag) + printed + _row_control(f"end{tag}")

    def _row(self, row: Rows, widths: Sequence[int], *, linked: bool) -> str:
        cells = "".join(
            _cell(source, width, "TableAmount" if column.amount else "TableText", linked=linked)
            for source, column, width in zip(row.cells, self.columns, widths, strict=True)
        )
        return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"


def _cell(source: str, width: int, style: str, *, linked: bool = False) -> str:
    keep = KEEP if linked else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{paragraph(source, style, keep)}</w:tc>'
    )


def _row_control(tag: str) -> str:
    return f"<w:tr><w:tc><w:p><w:r><w:t>{{%tr {tag} %}}</w:t></w:r></w:p></w:tc></w:tr>"


def optional(path: str, filters: str = "", absent: str = "non communiqué") -> str:
    """The value of an optional field, or the words that say it is absent."""
    printed = f"{path} | {filters}" if filters else path
    return f"{{% if {path} is defined %}}{{{{ {printed} }}}}{{% else %}}{absent}{{% endif %}}"
