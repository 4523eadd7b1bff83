"""Instants as the journal and the key database write them: the order of the texts is that of time."""

from __future__ import annotations

from datetime import UTC, datetime


def instant_text(time: datetime) -> str:
    """`2026-12-01T09:30:00.000000Z`; the year has four digits always, which strftime does not promise."""
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def instant_of(text: str) -> datetime:
    """The instant of its text; ValueError for another form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
