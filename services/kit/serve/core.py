"""What the core of gRPC is told to bound by itself: connections, streams, sizes, ages, pings."""

from __future__ import annotations

import resource

from services.kit.serve.config import ServerSettings
from services.kit.serve.interceptor import MAX_METADATA_BYTES

CLIENT_PING_SECONDS = 20
"""The shortest keepalive interval that clients may use, published in the client guide."""

STREAMS_PER_CONNECTION = 32
"""Calls of one connection at the same time; a client that makes more waits by itself for its own."""

CONNECTIONS = 2048
"""Connections of a worker at the same time, or half of the descriptors that it may have: whoever comes past
them is turned away at once, and there is always a descriptor left for a store."""


def core_options(settings: ServerSettings) -> list[tuple[str, int]]:
    """The options of a server with these settings."""
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_concurrent_streams", STREAMS_PER_CONNECTION),
        ("grpc.max_allowed_incoming_connections", _connections()),
        # The core also counts the streams that have ended and are not freed yet: it refused, in its own
        # words, up to half of the calls of a client that keeps to the limit.
        ("grpc.http.overload_protection", 0),
        # Twice ours: the core's own refusals have neither reason nor sentence, they are left to abuse.
        ("grpc.max_receive_message_length", 2 * settings.max_receive_bytes),
        ("grpc.max_metadata_size", 2 * MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", 2 * MAX_METADATA_BYTES),
        ("grpc.max_send_message_length", settings.max_send_bytes),
        ("grpc.max_connection_age_ms", settings.max_connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", int(settings.deadline_seconds * 1000)),
        ("grpc.keepalive_time_ms", 120_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", (CLIENT_PING_SECONDS - 2) * 1000),
    ]


def _connections() -> int:
    descriptors, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors < min(2 * CONNECTIONS, most):
        descriptors = min(2 * CONNECTIONS, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, most))
    return min(CONNECTIONS, descriptors // 2)
