"""Contrast of two colours, by WCAG 2.1."""

from __future__ import annotations

import re

_COLOUR = re.compile("[0-9A-Fa-f]{6}")


def contrast(one: str, other: str) -> float:
    """The ratio, from 1 to 21; `auto` and theme colours are black on white."""
    text = one if _COLOUR.fullmatch(one) else "000000"
    fill = other if _COLOUR.fullmatch(other) else "FFFFFF"
    dark, light = sorted(map(_luminance, (text, fill)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
