"""The text of a file of bytes, whatever program wrote it."""

from __future__ import annotations

import codecs
import re

from services.kit.tables.table import UnreadableFile

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_END = re.compile("\r\n|\r|\n")
_ADVICE = "enregistrez-le en « CSV UTF-8 »"

# What accents, œ, guillemets, no-break spaces, apostrophes and € of UTF-8 are as bytes; in Windows-1252 these
# would be « Ã© », « Å“ », « Â« », « â€™ », which no French text holds.
_UTF8_SIGNS = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xc5[\x92\x93]|\xe2(?:\x80[\x80-\xbf]|\x82\xac)")
# Excel also offers « CSV (Macintosh) » and « CSV (MS-DOS) »: their é, è, ê, É are these signs of
# Windows-1252, glued to a letter, and a name would be printed « RenŽ » or « Ren‚ ».
_CP1252 = {ord(bytes([byte]).decode("cp1252", "replace")): byte for byte in range(0x80, 0xA0)}
_MAC_OR_DOS = re.compile("[a-zà-ÿ][ŽŠ]|[^\\W\\d_][‚‹‰]|[ƒˆ‡]")


def decode(data: bytes) -> str:
    """The text of UTF-8 (marked or not), of UTF-16 with its mark, else Windows-1252; lines end in LF."""
    try:
        text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeError:
        raise UnreadableFile(f"L’encodage du fichier n’est pas reconnu ; {_ADVICE}.") from None
    if line := _encoded_twice(text):
        raise UnreadableFile(
            f"Les accents de la ligne {line} ont été encodés deux fois ; rouvrez le tableau d’origine et "
            f"{_ADVICE}."
        )
    if "\x00" in text:
        raise UnreadableFile(
            f"Le fichier contient des octets nuls : ce n’est pas un fichier de texte ; {_ADVICE} ou en .xlsx."
        )
    if found := _CONTROL.search(text):
        raise UnreadableFile(
            f"La ligne {_line(text, found.start())} contient un caractère de contrôle : le fichier n’est pas "
            f"du texte, ou il est abîmé ; {_ADVICE} ou en .xlsx."
        )
    return text


def _decode(data: bytes) -> str:
    if data.startswith(_UTF16):
        return data.decode("utf-16")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        other = error.start
    if utf8 := _UTF8_SIGNS.search(data):
        one, two = (_line(data.decode("latin-1"), position) for position in (utf8.start(), other))
        lines = f"la ligne {one} est en UTF-8, la ligne {two} ne l’est pas"
        raise UnreadableFile(f"Le fichier mêle deux encodages : {lines} ; {_ADVICE}.")
    text = data.decode("cp1252")
    if found := _MAC_OR_DOS.search(text):
        raise UnreadableFile(
            f"L’encodage du fichier n’est pas reconnu : la ligne {_line(text, found.start())} semble écrite "
            f"pour Macintosh ou MS-DOS ; {_ADVICE}."
        )
    return text


def _encoded_twice(text: str) -> int:
    """The first line with signs of an UTF-8 read as Windows-1252 and written again; 0 if that cannot be.

    All of the text is then UTF-8 once more: one sign that is not, and what looks so was typed so.
    """
    if text.isascii():
        return 0
    try:
        data = text.translate(_CP1252).encode("latin-1")
        data.decode()
    except UnicodeError:
        return 0
    return data[: next(rank for rank, byte in enumerate(data) if byte > 0x7F)].count(b"\n") + 1


def _line(text: str, position: int) -> int:
    """The line of a position, from 1, whatever its line ends."""
    return len(_END.findall(text[:position])) + 1
