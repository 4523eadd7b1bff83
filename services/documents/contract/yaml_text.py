"""YAML 1.2 as JSON data: duplicate keys refused, dates kept as text."""

from __future__ import annotations

from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.kit.french import typeset


class YamlError(Exception):
    """The text is not YAML; the message is the place, in French."""


def read(text: str) -> Any:
    """The data, with French spacing in its texts."""
    try:
        return _plain(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(f"YAML illisible, ligne {mark.line + 1}" if mark else "YAML illisible") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return typeset(value) if isinstance(value, str) else value
