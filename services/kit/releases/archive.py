"""The archive of a package: a zip from anyone, opened without trusting anything that it says of itself."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

Contents = Mapping[str, bytes]
"""Bytes of each file of a package by its path in it, "/" between folders."""

SIGNATURE_FILE = "signature.json"
"""Part of the archive, never of the digest."""

MAX_ARCHIVE_BYTES = 4 * 1024 * 1024
MAX_OPENED_BYTES = 8 * 1024 * 1024
MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_FILES = 500

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED, _UTF8 = 0x1, 0x800
_IGNORED_FOLDERS = frozenset({"__MACOSX"})
_EPOCH = (1980, 1, 1, 0, 0, 0)


class ArchiveError(Exception):
    """The archive is refused; `sentence` says why in French."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def pack(contents: Contents) -> bytes:
    """A zip of a package: the same bytes for the same contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def unpack(archive: bytes) -> Contents:
    """The files of anyone's zip; ArchiveError if it is unsound or too large.

    A folder that holds everything is taken off; hidden files and those that macOS adds are left out.
    """
    contents = {path: content for path, content in restore(archive).items() if not _is_ignored(path)}
    if not contents:
        raise ArchiveError("L’archive est vide.")
    return _without_top_folder(contents)


def restore(archive: bytes) -> Contents:
    """Exactly what was packed; ArchiveError if the zip is unsound or too large."""
    if len(archive) > MAX_ARCHIVE_BYTES:
        raise ArchiveError(f"L’archive dépasse {_mebibytes(MAX_ARCHIVE_BYTES)}.")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return _read(opened)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise ArchiveError("L’archive n’est pas un zip lisible : elle est tronquée ou abîmée.") from error


def digest(contents: Contents) -> str:
    """SHA-256, in hexadecimal, over the sorted paths and contents, each preceded by its length; the signature
    is left out."""
    total = hashlib.sha256()
    for path, content in sorted(contents.items()):
        if path != SIGNATURE_FILE:
            for part in (path.encode(), content):
                total.update(len(part).to_bytes(8, "big"))
                total.update(part)
    return total.hexdigest()


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    if len(archive.infolist()) > MAX_FILES:
        raise ArchiveError(f"L’archive compte plus de {MAX_FILES} fichiers.")
    contents: dict[str, bytes] = {}
    room = MAX_OPENED_BYTES
    for entry in archive.infolist():
        if entry.orig_filename.endswith("/"):
            continue
        path = _safe_path(entry)
        if path in contents:
            raise ArchiveError("L’archive contient deux fichiers du même nom.")
        content = _bounded(archive, entry, min(room, MAX_FILE_BYTES))
        room -= len(content)
        contents[path] = content
    return contents


def _safe_path(entry: zipfile.ZipInfo) -> str:
    """The path of an entry that is a plain file inside the archive."""
    if entry.flag_bits & _ENCRYPTED:
        raise ArchiveError("L’archive est chiffrée.")
    if entry.compress_type not in _METHODS:
        raise ArchiveError("L’archive utilise une compression inconnue ; refaites un zip ordinaire.")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ArchiveError("L’archive contient un lien ou un fichier spécial.")
    name = entry.orig_filename
    if not (entry.flag_bits & _UTF8 or name.isascii()):
        raise ArchiveError("L’archive contient un nom de fichier qui n’est pas en UTF-8.")
    outside = name.startswith("/") or "\\" in name or ":" in name or not name.isprintable()
    if outside or any(part in ("", ".", "..") for part in name.split("/")):
        raise ArchiveError("L’archive contient un chemin qui en sort ou qui n’est pas permis.")
    return name


def _is_ignored(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return parts[0] in _IGNORED_FOLDERS or any(part.startswith(".") for part in parts)


def _bounded(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The bytes of an entry, whose announced size is not believed."""
    with archive.open(entry) as stream:
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise ArchiveError(
                f"L’archive est trop grande une fois ouverte ({_mebibytes(MAX_OPENED_BYTES)} au plus, "
                f"{_mebibytes(MAX_FILE_BYTES)} par fichier)."
            )
        return content


def _without_top_folder(contents: dict[str, bytes]) -> Contents:
    tops = {path.partition("/")[0] for path in contents}
    if len(tops) > 1 or any("/" not in path for path in contents):
        return contents
    return {path.partition("/")[2]: content for path, content in contents.items()}


def _mebibytes(size: int) -> str:
    return f"{size // (1024 * 1024)} Mio"
