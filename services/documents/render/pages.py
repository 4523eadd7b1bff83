"""The number of pages of a document, once it is a piece of a larger one."""

from __future__ import annotations

import re

FIELD = "NUMPAGES"
"""The field that counts the pages of a whole document."""

_RUN, _RUN_END = r"<w:r(?: [^>]*)?>(?:<w:rPr>(?:(?!</w:r>).)*</w:rPr>)?", "</w:r>"
_CHARACTER = r'<w:fldChar [^>]*w:fldCharType="{}"[^>]*(?:/>|></w:fldChar>)'
_COMPLEX = re.compile(
    rf"(<w:instrText[^>]*>[^<]*)\b{FIELD}\b"
    rf'((?:(?!w:fldCharType="(?:begin|end)").)*?{_CHARACTER.format("separate")}{_RUN_END})'
    rf"((?:(?!<w:fldChar ).)*)({_RUN}{_CHARACTER.format('end')}{_RUN_END})",
    re.DOTALL,
)
_SIMPLE = re.compile(
    rf'(<w:fldSimple [^>]*w:instr="[^"]*)\b{FIELD}\b([^"]*"[^>]*>)(.*?)(</w:fldSimple>)', re.DOTALL
)
_WITHOUT_RESULT = re.compile(rf"(<w:instrText[^>]*>[^<]*)\b{FIELD}\b")
_INNER = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    '<w:r><w:instrText xml:space="preserve"> PAGEREF {} </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
)
_INNER_END = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
_PARAGRAPH_END = "</w:p>"


def of_piece(xml: str, end: str) -> str:
    """The same part, where the number of pages is that of the piece that ends at a bookmark.

    Word counts the pages of the section. LibreOffice knows no such field and shows what Word found last: that
    is in its turn a field, the number of the page where the piece ends.
    """
    if FIELD not in xml:
        return xml
    inner = _INNER.format(end)

    def counted(found: re.Match[str]) -> str:
        return f"{found[1]}SECTIONPAGES{found[2]}{inner}{found[3]}{_INNER_END}{found[4]}"

    xml = _SIMPLE.sub(counted, _COMPLEX.sub(counted, xml))
    return _WITHOUT_RESULT.sub(r"\1SECTIONPAGES", xml) if FIELD in xml else xml


def ended(content: str, bookmark: str, identifier: int) -> str:
    """The content of a piece, with a bookmark in its last paragraph."""
    head, end, tail = content.rpartition(_PARAGRAPH_END)
    mark = f'<w:bookmarkStart w:id="{identifier}" w:name="{bookmark}"/><w:bookmarkEnd w:id="{identifier}"/>'
    return f"{head}{mark}{end}{tail}" if end else content
