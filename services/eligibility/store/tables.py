"""Tables of the store that several of its parts share."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text

metadata = MetaData()

secret = Table(
    "secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
