"""Where a file says that it comes from: the custom properties that every document carries."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree

_PART = "docProps/custom.xml"
_MAX_BYTES = 64 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Provenance:
    """What a document says of itself."""

    template_sha256: str
    profile_sha256: str
    data_sha256: str
    document_date: date


def read_provenance(content: bytes) -> Provenance | None:
    """The provenance of anyone's file; None when it has none, or is no document."""
    try:
        properties = _properties(content)
        read = Provenance(
            template_sha256=properties["template_sha256"],
            profile_sha256=properties["profile_sha256"],
            data_sha256=properties["data_sha256"],
            document_date=date.fromisoformat(properties["document_date"]),
        )
    except (KeyError, ValueError):
        return None
    digests = (read.template_sha256, read.profile_sha256)
    return read if all(map(_DIGEST.fullmatch, digests)) else None


def _properties(content: bytes) -> Mapping[str, str]:
    """The custom properties of a file, by name; ValueError if there are none that can be read."""
    try:
        with (
            zipfile.ZipFile(io.BytesIO(content)) as archive,
            archive.open(_PART) as stream,
        ):
            xml = stream.read(_MAX_BYTES + 1)
        if len(xml) > _MAX_BYTES or b"<!" in xml:
            raise ValueError
        root = ElementTree.fromstring(xml)  # noqa: S314 - bounded, and without any declaration
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ValueError from error
    except ElementTree.ParseError as error:
        raise ValueError from error
    return {node.get("name", ""): "".join(node.itertext()) for node in root}
