"""The text of a file of bytes, whatever program wrote it."""

from __future__ import annotations

import codecs
import re

from services.bank_registry.files.items import UnreadableFile

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UTF8_READ_AS_1252 = ("Ã", "â€")
"""How accents and apostrophes of UTF-8 look in Windows-1252; no French word holds either."""


def decode(data: bytes) -> str:
    """The text of UTF-8 (with or without its mark), UTF-16 with its mark, else Windows-1252."""
    try:
        text = _decode(data)
    except UnicodeError:
        raise UnreadableFile(
            "L’encodage du fichier n’est pas reconnu ; enregistrez-le en « CSV UTF-8 »."
        ) from None
    if "\x00" in text:
        raise UnreadableFile("Le fichier contient des octets nuls : ce n’est pas un fichier de texte.")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise UnreadableFile(
            f"La ligne {line} contient un caractère de contrôle : "
            "le fichier n’est pas du texte, ou il est abîmé."
        )
    return text


def _decode(data: bytes) -> str:
    if data.startswith(_UTF16):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    if any(sign in text for sign in _UTF8_READ_AS_1252):
        raise UnreadableFile("Le fichier mêle deux encodages ; enregistrez-le en « CSV UTF-8 ».")
    return text
