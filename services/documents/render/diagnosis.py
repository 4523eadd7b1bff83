"""Why a rendering failed: the same program runs again over data that remembers where it was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, TracebackType
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Template

from services.documents.contract import has_illegal_character
from services.documents.render.environment import Environment, printed
from services.documents.render.errors import IllegalCharacterError, Reason, RenderError
from services.documents.render.linked import LinkError

_MISSING = object()
_FILE = "<template>"
_NAME = re.compile(r"(?<![\w.'\"])[a-z_]\w*")
_Reads = list[tuple[str, Any]]


class _AbsentError(Exception):
    """What is absent was used; the argument is its path."""


class _Absent(StrictUndefined):
    """A value that is not in the data, and knows where it would be."""

    __slots__ = ()

    def _fail_with_undefined_error(self, *_: Any, **__: Any) -> NoReturn:
        raise _AbsentError(f"{getattr(self._undefined_obj, 'prefix', '')}{self._undefined_name}")

    __iter__ = __str__ = __len__ = _fail_with_undefined_error
    __eq__ = __ne__ = __bool__ = __hash__ = _fail_with_undefined_error
    __contains__ = _fail_with_undefined_error


class _Object(dict[str, Any]):
    """A dictionary that notes each key asked for."""

    def __init__(self, plain: Mapping[str, Any], path: str, reads: _Reads) -> None:
        self.prefix, self.reads = f"{path}." if path else "", reads
        super().__init__((key, _traced(value, self.prefix + key, reads)) for key, value in plain.items())

    def __getitem__(self, key: str) -> Any:
        value = self.get(key, _MISSING)
        self.reads.append((f"{self.prefix}{key}", value))
        if value is _MISSING:
            raise KeyError(key)
        return value


class _List(list[Any]):
    """A list that notes each item gone through."""

    def __init__(self, plain: Sequence[Any], path: str, reads: _Reads) -> None:
        super().__init__(_traced(value, f"{path}[{index}]", reads) for index, value in enumerate(plain))
        self.path, self.reads = path, reads

    def __iter__(self) -> Iterator[Any]:
        for index, value in enumerate(super().__iter__()):
            self.reads.append((f"{self.path}[{index}]", value))
            yield value


def diagnose(part: str, code: CodeType, tags: Mapping[int, str], context: Mapping[str, Any]) -> RenderError:
    """The error to raise for a program that failed on this context."""
    reads: _Reads = []

    # What was printed did not fail: only what was read since the last printing may be in cause.
    def finalize(value: Any) -> Any:
        result = printed(str(value) if isinstance(value, _Absent) else value)
        reads.clear()
        return result

    environment = Environment(finalize, _Absent)
    template = Template.from_code(environment, code, {})
    traced: Any = _Object(context, "", reads)
    try:
        for _ in template.root_render_func(template.new_context(traced, shared=True)):
            pass
    except Exception as error:
        tag = tags.get(_line(template, error.__traceback__), "")
        reason, field = _explained(error, reads or _named(tag, context))
        return RenderError(reason, part, field, tag)
    return RenderError(Reason.NOT_WELL_FORMED, part)


def _explained(error: Exception, reads: _Reads) -> tuple[Reason, str]:
    if isinstance(error, _AbsentError):
        return Reason.ABSENT, str(error)
    field, value = reads[-1] if reads else ("", "")
    if value is _MISSING or isinstance(error, KeyError):
        return Reason.ABSENT, field
    if value is None:
        return Reason.NULL, field
    if isinstance(error, LinkError):
        return Reason.NOT_AN_ADDRESS, field
    if isinstance(error, IllegalCharacterError):
        return Reason.ILLEGAL_CHARACTER, next(filter(None, map(_illegal, reversed(reads))), field)
    # A division by zero, a slice without step: no value is at fault.
    return (Reason.UNFORMATTED, field) if isinstance(error, TypeError) else (Reason.IMPOSSIBLE, "")


def _named(tag: str, context: Mapping[str, Any]) -> _Reads:
    """What a tag names without a dot: jinja2 reads these once, before it prints anything."""
    names = (found[0] for found in _NAME.finditer(tag))
    return [(name, context[name]) for name in names if name in context][:1]


def _illegal(read: tuple[str, Any]) -> str:
    path, value = read
    return path if isinstance(value, str) and has_illegal_character(value) else ""


def _line(template: Template, traceback: TracebackType | None) -> int:
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return template.get_corresponding_lineno(line)


def _traced(value: Any, path: str, reads: _Reads) -> Any:
    if isinstance(value, dict):
        return _Object(value, path, reads)
    if isinstance(value, list):
        return _List(value, path, reads)
    return value
