"""One LibreOffice in a process of its own, through LibreOfficeKit, the C interface that it ships.

Run as `python -m services.documents.pdf.office LIBRARY FOLDER`: it takes a line for each file to convert and
answers with a line. Its parent kills it when a file takes too long: nothing of a document outlives that.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

SOURCE, TARGET = "source.docx", "target.pdf"
READY, DONE, FAILED = "ready", "done", "failed"

_EXPORT = json.dumps(
    {
        name: {"type": "boolean", "value": "true"}
        for name in ("PDFUACompliance", "UseTaggedPDF", "ExportBookmarks")
    }
)
_PR_SET_PDEATHSIG = 1
_MAX_MEMORY = 4 * 1024**3
_MAX_FILE = 256 * 1024**2


class _Document(ctypes.Structure):
    pass


class _DocumentClass(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("destroy", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Document))),
        (
            "save_as",
            ctypes.CFUNCTYPE(
                ctypes.c_int, ctypes.POINTER(_Document), ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p
            ),
        ),
    )


_Document._fields_ = (("methods", ctypes.POINTER(_DocumentClass)),)


class _Office(ctypes.Structure):
    pass


class _OfficeClass(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("destroy", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Office))),
        (
            "document_load",
            ctypes.CFUNCTYPE(ctypes.POINTER(_Document), ctypes.POINTER(_Office), ctypes.c_char_p),
        ),
    )


_Office._fields_ = (("methods", ctypes.POINTER(_OfficeClass)),)


def main(library: Path, folder: Path) -> None:
    """Starts LibreOffice with a profile of its own below a folder, then converts until the parent leaves."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE, _MAX_FILE))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # LibreOffice writes what it likes to its standard output
    office = _start(library, folder)
    _say(answers, READY)
    for _ in sys.stdin:
        _say(answers, DONE if _converted(office, folder) else FAILED)
    os._exit(0)  # its own ending is long, and may crash


def _start(library: Path, folder: Path) -> Any:
    """LibreOffice; the process ends with code 1 if it does not start."""
    hook = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL).libreofficekit_hook_2
    hook.restype = ctypes.POINTER(_Office)
    hook.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    office = hook(str(library.parent).encode(), _url(folder / "profile"))
    if not office:
        os._exit(1)
    return office


def _converted(office: Any, folder: Path) -> bool:
    document = office.contents.methods.contents.document_load(office, _url(folder / SOURCE))
    if not document:
        return False
    methods = document.contents.methods.contents
    saved = methods.save_as(document, _url(folder / TARGET), b"pdf", _EXPORT.encode())
    methods.destroy(document)
    return bool(saved)


def _url(path: Path) -> bytes:
    return path.absolute().as_uri().encode()


def _say(answers: TextIO, word: str) -> None:
    answers.write(f"{word}\n")
    answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
