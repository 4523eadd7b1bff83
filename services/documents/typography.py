"""French spacing of texts written with ordinary spaces: profiles, static text of templates."""

from __future__ import annotations

import re

from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE

_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_NO_BREAK = re.compile(
    r"(?<=«) | (?=[:»%€])"  # guillemets, colon, units
    r"|(?<=n°) |(?<=\b[LRD]\.) (?=[\d{])|(?<=\barticle) (?=\d)"  # n° 4, L. 211-5, article 6
    r"|(?<=\bM\.) |(?<=\bMme) "
    r"|(?<=\d) (?=\d)|(?<=\d) (?=(?:h|mois|jours|ans|euros)\b)"  # 02 61 91 00 10, 24 mois
)
_DATE = re.compile(rf"\b(\d{{1,2}}|1er) ({_MONTHS}) (?=\d{{4}}\b)")
_NARROW = re.compile(r" (?=[;!?])")


def french(text: str) -> str:
    """The text with U+00A0 and U+202F where French asks for them, and curly apostrophes."""
    text = _DATE.sub(rf"\1{NO_BREAK_SPACE}\2{NO_BREAK_SPACE}", text)
    text = _NARROW.sub(NARROW_NO_BREAK_SPACE, text.replace("'", "’"))
    return _NO_BREAK.sub(NO_BREAK_SPACE, text)
