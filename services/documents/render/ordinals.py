"""The "er" of a first of the month, as a superscript: filters give plain text, only runs can raise it."""

from __future__ import annotations

import re

from services.kit.french import NO_BREAK_SPACE

_FIRST = f"1er{NO_BREAK_SPACE}"
_RUN = re.compile(
    r"<w:r>(?:<w:rPr>((?:(?!</w:rPr>).)*)</w:rPr>)?"
    rf'<w:t xml:space="preserve">([^<]*{_FIRST}[^<]*)</w:t></w:r>'
)
_AFTER_VERTICAL_ALIGNMENT = re.compile("<w:(rtl|cs|em|lang|eastAsianLayout|specVanish|oMath|vertAlign)[ />]")


def superscript_ordinals(xml: str) -> str:
    """The same WordprocessingML, with "er" raised in each run that holds a first of the month."""
    return _RUN.sub(_split, xml) if _FIRST in xml else xml


def _split(run: re.Match[str]) -> str:
    properties, text = run[1] or "", run[2]
    if _AFTER_VERTICAL_ALIGNMENT.search(properties):  # the schema orders properties: ours could not come last
        return run[0]
    raised = _run(f'{properties}<w:vertAlign w:val="superscript"/>', "er")
    before, *rest = text.split(_FIRST)
    return _run(properties, f"{before}1") + "".join(
        raised + _run(properties, f"{NO_BREAK_SPACE}{part}" + ("1" if index < len(rest) else ""))
        for index, part in enumerate(rest, start=1)
    )


def _run(properties: str, text: str) -> str:
    style = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{style}<w:t xml:space="preserve">{text}</w:t></w:r>'
