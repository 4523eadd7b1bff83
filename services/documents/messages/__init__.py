"""Protobuf of the documents service: requests read, answers written."""

DOMAIN = "documents.microcredit"
