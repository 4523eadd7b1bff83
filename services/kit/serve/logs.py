"""JSON log lines on stderr, one write each; never the text of an exception, which may hold personal data."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from traceback import walk_tb
from typing import Any

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MAX_CAUSES = 4


def configure(service: str, level: str) -> None:
    """Sends structlog and the standard logging of the libraries to stderr, as JSON."""

    def in_order(_: object, level: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        head = {"time": event.pop("time"), "level": level, "service": service, "event": event.pop("event")}
        return {**head, **event}

    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            in_order,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Bridge()], level=max(_LEVELS[level], logging.WARNING), force=True)


def exception_fields(error: BaseException) -> dict[str, Any]:
    """The types and the frames (file:line:function) of an exception and of its causes."""
    causes = list(_causes(error))
    return {
        "exception": [f"{type(cause).__module__}.{type(cause).__qualname__}" for cause in causes],
        "stack": [frame for cause in reversed(causes) for frame in _frames(cause)],
    }


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_MAX_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(error: BaseException) -> Iterator[str]:
    for frame, line in walk_tb(error.__traceback__):
        yield f"{frame.f_code.co_filename}:{line}:{frame.f_code.co_name}"


class _Stderr:
    """Writes a line with one system call, so that the lines of several processes never mix."""

    def msg(self, line: str) -> None:
        with suppress(OSError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{line}\n".encode())

    debug = info = warning = error = critical = msg


class _Bridge(logging.Handler):
    """Standard logging records as JSON; with an exception, its text and the message are dropped."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log = structlog.get_logger()
        if error is not None:
            log.log(record.levelno, "exception", logger=record.name, **exception_fields(error))
        else:
            log.log(record.levelno, record.getMessage(), logger=record.name)
