"""Instants as the journal and the key database write them: the order of the texts is that of time."""

from __future__ import annotations

from datetime import UTC, datetime


def written(time: datetime) -> str:
    """`2026-12-01T09:30:00.000000Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(text: str) -> datetime:
    """The instant of its text."""
    return datetime.fromisoformat(text)
