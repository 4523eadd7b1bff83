"""The jinja2 environment of templates: nothing absent, nothing unformatted, nothing executable.

The code of parts may be kept on disk, so that a server starts in a moment.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import FileSystemBytecodeCache, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.documents.contract import ILLEGAL, Typeset
from services.documents.render.budget import CHARGED, Spending, bounded, charged
from services.documents.render.errors import IllegalCharacterError
from services.documents.render.filters import FILTERS
from services.documents.render.image_parts import IMAGE_FILTERS
from services.documents.render.linked import LINK_FILTERS
from services.documents.render.markdown import Marked
from services.kit.errors import StartupError
from services.kit.french import unbroken

TESTS = ("defined", "even", "odd", "undefined")
"""The tests that templates may use."""

FLAT = "flat_"
"""Filter that the compiler adds where a line break has no place: attributes, properties, charts."""

_LINE_BREAK = '</w:t><w:br/><w:t xml:space="preserve">'
# Braces travel as character references: what looks like a tag after rendering is one, never the data.
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "{": "&#123;", "}": "&#125;", "\n": _LINE_BREAK}
)
_WRITTEN_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_needs_care = re.compile(f'[&<>"{{}}\n{ILLEGAL}]').search
_is_illegal = re.compile(f"[{ILLEGAL}]").search


def printed(value: Any) -> Any:
    """Every printed value passes here and comes out as XML: text and integers, the rest needs a filter."""
    kind = type(value)
    if kind is str or kind is Typeset:
        text = unbroken(value) if kind is str else value
        return text if _needs_care(text) is None else _escaped(text)
    if kind is int:
        return value
    if kind is Marked:
        return value.translate(_ESCAPES)
    raise TypeError("a template prints a value without the filter of its type")


def _escaped(text: str) -> str:
    if _is_illegal(text):
        raise IllegalCharacterError
    return text.translate(_ESCAPES)


def _flat(value: Any) -> Any:
    return value.replace("\n", " ") if isinstance(value, str) else value


class Environment(ImmutableSandboxedEnvironment):
    """A sandbox where `a.b` is the key `b` of the data, never a method, and where nothing can be called.

    Escaping is the work of `finalize`: jinja2's own, with two kinds of text, costs more than all the rest.
    """

    context_class = Spending

    def __init__(
        self, finalize: Callable[[Any], Any] = printed, undefined: type[StrictUndefined] = StrictUndefined
    ) -> None:
        super().__init__(autoescape=False, undefined=undefined, finalize=finalize)
        self.globals.clear()
        self.filters = {name: known.function for name, known in FILTERS.items()}
        self.filters |= {FLAT: _flat, CHARGED: charged, **IMAGE_FILTERS, **LINK_FILTERS}
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key `attribute` of a dictionary; the attributes of a loop; nothing of any other object."""
        try:
            return obj[attribute]
        except KeyError:
            return self.undefined(obj=obj, name=attribute)
        except TypeError:
            return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        """Templates call nothing."""
        return False


ENVIRONMENT = Environment()
"""The one of every plan: immutable, shared by every thread."""

# jinja2 folds constants as it compiles: what it kept is that of this very engine.
_ENGINE = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()


def keep_in(folder: Path) -> None:
    """Keeps what is compiled from now on in a folder that nobody else can write; StartupError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    # What is read back from there is run: whoever writes it would be the service.
    if found.st_uid != os.getuid() or found.st_mode & _WRITTEN_BY_OTHERS:
        raise StartupError(
            f"D’autres comptes peuvent écrire dans {folder}, d’où le service exécute ses modèles compilés : "
            "donnez ce dossier à son seul compte (chmod 700), ou laissez DOCUMENTS_COMPILED_DIRECTORY vide."
        )
    ENVIRONMENT.bytecode_cache = FileSystemBytecodeCache(str(folder))


def code_of(source: str) -> CodeType:
    """The code of a part; raises jinja2's TemplateSyntaxError."""
    cache = ENVIRONMENT.bytecode_cache
    if cache is None:
        return _compiled(source)
    name = hashlib.sha256(f"{_ENGINE}\0{source}".encode()).hexdigest()
    bucket = cache.get_bucket(ENVIRONMENT, name, None, source)
    if bucket.code is None:
        bucket.code = _compiled(source)
        with suppress(OSError):  # a full or read-only disk costs time, not documents
            cache.set_bucket(bucket)
    code: CodeType = bucket.code
    return code


def _compiled(source: str) -> CodeType:
    return ENVIRONMENT.compile(bounded(ENVIRONMENT.parse(source)))
