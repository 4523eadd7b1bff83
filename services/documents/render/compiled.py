"""The code of parts, compiled by jinja2; kept on disk if asked, so that a server starts in a moment."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from types import CodeType

from jinja2 import FileSystemBytecodeCache

from services.documents.render.environment import ENVIRONMENT

# jinja2 folds constants as it compiles: what it kept is that of this very engine.
_ENGINE = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()


def keep_in(folder: Path) -> None:
    """Keeps what is compiled from now on in a folder that nobody else can write."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ENVIRONMENT.bytecode_cache = FileSystemBytecodeCache(str(folder))


def code_of(source: str) -> CodeType:
    """The code of a part; raises jinja2's TemplateSyntaxError."""
    cache = ENVIRONMENT.bytecode_cache
    if cache is None:
        return ENVIRONMENT.compile(source)
    name = hashlib.sha256(f"{_ENGINE}\0{source}".encode()).hexdigest()
    bucket = cache.get_bucket(ENVIRONMENT, name, None, source)
    if bucket.code is None:
        bucket.code = ENVIRONMENT.compile(source)
        with suppress(OSError):  # a full or read-only disk costs time, not documents
            cache.set_bucket(bucket)
    code: CodeType = bucket.code
    return code
