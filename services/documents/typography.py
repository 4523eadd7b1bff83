"""French spacing of texts that people write with ordinary spaces: profiles and the static text of templates."""

from __future__ import annotations

import re

from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE

_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_NO_BREAK = re.compile(
    r"(?<=«) | (?=[:»%€])"  # « guillemets », deux-points, unités
    r"|(?<=n°) |(?<=\b[LRD]\.) (?=[\d{])|(?<=\barticle) (?=\d)|(?<=\barticles) (?=\d)"  # n° 4, L. 211-5
    r"|(?<=\bM\.) |(?<=\bMme) "
    r"|(?<=\d) (?=\d)|(?<=\d) (?=(?:h|mois|jours|ans|euros)\b)"  # 02 61 91 00 10, 24 mois
    rf"|(?<=\d) (?=(?:{_MONTHS}) )|(?<=1er) (?=(?:{_MONTHS}) )|(?:(?<=janvier)|(?<=février)|(?<=mars)|(?<=avril)"
    r"|(?<=mai)|(?<=juin)|(?<=juillet)|(?<=août)|(?<=septembre)|(?<=octobre)|(?<=novembre)|(?<=décembre)) (?=\d{4})"
)
_NARROW = re.compile(r" (?=[;!?])")


def french(text: str) -> str:
    """The text with U+00A0 and U+202F where French asks for them, and curly apostrophes."""
    text = _NARROW.sub(NARROW_NO_BREAK_SPACE, text.replace("'", "’"))
    return _NO_BREAK.sub(NO_BREAK_SPACE, text)
