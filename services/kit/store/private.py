"""Files and folders that the account of the service alone can read, whatever its umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import structlog

log = structlog.get_logger()

FILE_MODE, FOLDER_MODE = 0o600, 0o700


def keep_private_folder(folder: Path) -> None:
    """Creates a folder, or closes to others the one that exists.

    One that is another account's, or that all accounts share (/tmp), stays as it is: it is not ours to close.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(FOLDER_MODE, exist_ok=True)
    found = folder.stat()
    if found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX:
        _close(folder, found.st_mode, FOLDER_MODE)


def keep_private_file(file: Path) -> Path:
    """Creates an empty file, or closes to others the one that exists and is ours; gives it back."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    except FileExistsError:
        close_file(file)
    return file


def close_file(file: Path) -> None:
    """Closes to others a file that is ours. It is not opened: closing any descriptor of a database drops the
    locks that SQLite holds on it for the whole process."""
    found = file.stat()
    if found.st_uid == os.getuid():
        _close(file, found.st_mode, FILE_MODE)


def _close(path: Path, mode: int, wanted: int) -> None:
    if mode & 0o077:
        path.chmod(wanted)
        log.warning("closed_to_others", file=str(path.absolute()), mode=oct(stat.S_IMODE(mode)))
