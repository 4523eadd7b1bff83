"""What a client's programmer receives: descriptors, protos with all they import, schema of the dossier."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools.contracts.reading import GOOGLE, ROOT, describe

SCHEMA = ROOT / "services/documents/contract/dossier.schema.json"
SCHEMA_ID = "urn:fr:microcredit:dossier:1"

# They travel in google.rpc.Status.details: no message of ours holds them, so no import brings their file.
DETAILS = "google/rpc/error_details.proto"

# The first instant that a zip can tell: the bytes depend on the content alone.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(folder: Path) -> list[Path]:
    """Writes the descriptor set, the zip of the protos and the schema of the dossier."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptors = describe(ROOT / "protos", (DETAILS,))
    binary, archive, schema = (
        folder / name for name in ("microcredit.binpb", "microcredit-protos.zip", "dossier.schema.json")
    )
    binary.write_bytes(_without_comments(descriptors).SerializeToString(deterministic=True))
    _write_zip(archive, descriptors)
    schema.write_text(_schema(), encoding="utf-8")
    return [binary, archive, schema]


def _without_comments(descriptors: FileDescriptorSet) -> FileDescriptorSet:
    kept = FileDescriptorSet()
    kept.CopyFrom(descriptors)
    for file in kept.file:
        file.ClearField("source_code_info")
    return kept


def _write_zip(path: Path, descriptors: FileDescriptorSet) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(file.name for file in descriptors.file):
            source = _source(name)
            if source is not None:
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), source.read_bytes(), zipfile.ZIP_DEFLATED)


def _source(name: str) -> Path | None:
    """The file of a proto; none for those that every protoc brings (google/protobuf)."""
    return next((root / name for root in (ROOT / "protos", GOOGLE) if (root / name).exists()), None)


def _schema() -> str:
    """The schema of the dossier under its public name."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    named = {"$schema": schema.pop("$schema"), **schema, "$id": SCHEMA_ID}
    return json.dumps(named, ensure_ascii=False, indent=2) + "\n"
