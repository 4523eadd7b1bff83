"""One LibreOffice in a process of its own, through LibreOfficeKit, the C interface that it ships.

Run as `python -m services.documents.pdf.office LIBRARY FOLDER`: it reads files to convert and answers each, a
mark and a length before every content. Where the system lets it, its folder is a memory of its own that ends
with it: nothing of a document outlives the process, however it dies.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

READY, READY_PRIVATE, DONE, FAILED = b"r", b"p", b"d", b"f"
"""What an answer begins with; a LibreOffice is ready in a folder on a shared disk, or in one of its own."""

LENGTH_BYTES = 8

_SOURCE, _TARGET = "source.docx", "target.pdf"

_EXPORT = json.dumps(
    {
        name: {"type": "boolean", "value": "true"}
        for name in ("PDFUACompliance", "UseTaggedPDF", "ExportBookmarks", "ExportBookmarksToPDFDestination")
    }
    | {
        "SelectPdfVersion": {"type": "long", "value": "3"}
    }  # PDF/A-3b: the letter that is kept is the one sent
)
_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 0x2, 0x4, 0x4000, 0x40000
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
    private = _make_private(folder)
    # After what changes the credentials of the process, which forgets it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE, _MAX_FILE))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # LibreOffice writes what it likes to its standard output
    office = _start(library, folder)
    _say(answers, READY_PRIVATE if private else READY)
    while length := sys.stdin.buffer.read(LENGTH_BYTES):
        content = sys.stdin.buffer.read(int.from_bytes(length, "big"))
        converted = _converted(office, folder, content)
        _say(answers, FAILED if converted is None else DONE, converted or b"")
    os._exit(0)  # its own ending is long, and may crash


def _make_private(folder: Path) -> bool:
    """Lays over a folder a memory that this process and its children alone see, and that ends with them;
    False where the system refuses it, as most containers do."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS):
        return False
    # The same user inside: what maps users is read once the process has become a stranger to the system.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    apart = libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    own = libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", _MS_NOSUID | _MS_NODEV, b"mode=700")
    return not (apart or own)


def _start(library: Path, folder: Path) -> Any:
    """LibreOffice; the process ends with code 1 if it does not start."""
    hook = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL).libreofficekit_hook_2
    hook.restype = ctypes.POINTER(_Office)
    hook.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    office = hook(str(library.parent).encode(), _url(folder / "profile"))
    if not office:
        os._exit(1)
    return office


def _converted(office: Any, folder: Path, content: bytes) -> bytes | None:
    """The PDF of a file; None if LibreOffice refuses it."""
    source, target = folder / _SOURCE, folder / _TARGET
    try:
        source.write_bytes(content)
        document = office.contents.methods.contents.document_load(office, _url(source))
        if not document:
            return None
        methods = document.contents.methods.contents
        saved = methods.save_as(document, _url(target), b"pdf", _EXPORT.encode())
        methods.destroy(document)
        return target.read_bytes() if saved else None
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def _url(path: Path) -> bytes:
    return path.absolute().as_uri().encode()


def _say(answers: BinaryIO, mark: bytes, content: bytes = b"") -> None:
    answers.write(mark + len(content).to_bytes(LENGTH_BYTES, "big") + content)
    answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
