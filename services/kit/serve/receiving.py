"""Receiving: requests that have not arrived whole hold no place, few of the threads, and no call for ever."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import grpc

from services.kit import context
from services.kit.errors import ResourceExhausted
from services.kit.serve.admission import overloaded

MOST = 512
"""Calls of a worker that may wait for a message at once: past it, one is cut for each that comes."""

MANY = 64
"""From here on a message is awaited for MANY_SECONDS only."""

MANY_SECONDS = 2.0

STREAMS_HELD = 4
"""Requests that stream and have not ended weigh together so many times the largest of them."""


class RequestCutError(context.ClientGoneError):
    """The next message of a request has not come in time, and its call is cut."""

    reason = "REQUEST_NOT_RECEIVED"


class Receiving:
    """Reads the messages of the requests of a worker.

    In grpcio a handler holds a thread while it waits for a message, for as long as its client likes: who has
    waited too long is cut as other calls come, and the worker itself calls every two seconds.
    """

    def __init__(self, seconds: float, message_bytes: int, stream_bytes: int) -> None:
        """A message is awaited so long; it weighs, and all those of a request that streams, no more."""
        self._seconds = seconds
        self._message_bytes = message_bytes
        self._stream_bytes = stream_bytes
        self._held_bytes = 0
        # Since when, on which connection; from the one that has waited the longest on.
        self._waiting: dict[grpc.ServicerContext, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def next(self, messages: Iterator[bytes], call: grpc.ServicerContext) -> bytes | None:
        """The next message of a call, None after the last."""
        now = time.monotonic()
        with self._lock:
            self._cut_late(now)
            self._waiting[call] = now, call.peer()
        try:
            raw = next(messages, None)
        except grpc.RpcError:
            if call in self._waiting:
                raise
            raise RequestCutError from None
        finally:
            with self._lock:
                self._waiting.pop(call, None)
        if raw is not None and len(raw) > self._message_bytes:
            raise _too_large(self._message_bytes)
        return raw

    def whole(self, messages: Iterator[bytes], call: grpc.ServicerContext) -> list[bytes]:
        """All the messages of a request that streams."""
        arrived: list[bytes] = []
        size = 0
        try:
            while (raw := self.next(messages, call)) is not None:
                size += len(raw)
                self._hold(len(raw))
                if size > self._stream_bytes:
                    raise _too_large(self._stream_bytes)
                arrived.append(raw)
                context.check_deadline()
        finally:
            self._hold(-size)
        return arrived

    def each(self, messages: Iterator[bytes], call: grpc.ServicerContext) -> Iterator[bytes]:
        """The messages of a request that streams, as they come."""
        while (raw := self.next(messages, call)) is not None:
            yield raw

    def _cut_late(self, now: float) -> None:
        patience = min(MANY_SECONDS, self._seconds) if len(self._waiting) >= MANY else self._seconds
        while self._waiting:
            call, (since, _) = next(iter(self._waiting.items()))
            if now - since < patience:
                break
            self._cut(call)
        if len(self._waiting) >= MOST:
            self._cut(self._of_the_greediest())

    def _of_the_greediest(self) -> grpc.ServicerContext:
        """The longest wait of the connection that has the most: nobody else pays for it."""
        (greediest, _), *_ = Counter(peer for _, peer in self._waiting.values()).most_common(1)
        return next(call for call, (_, peer) in self._waiting.items() if peer == greediest)

    def _cut(self, call: grpc.ServicerContext) -> None:
        del self._waiting[call]
        call.cancel()

    def _hold(self, size: int) -> None:
        with self._lock:
            self._held_bytes += size
            crowded = size > 0 and self._held_bytes > STREAMS_HELD * self._stream_bytes
        if crowded:
            raise overloaded()


def _too_large(limit: int) -> ResourceExhausted:
    return ResourceExhausted("MESSAGE_TOO_LARGE", f"La demande dépasse la limite de {limit} octets.")
