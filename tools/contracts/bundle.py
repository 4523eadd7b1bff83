"""What a client's programmer receives: descriptors, protos with all they import, schema of the dossier."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools.contracts.client import service_config
from tools.contracts.openapi import DOSSIER, HOSTS, openapi
from tools.contracts.reading import GOOGLE, ROOT, describe
from tools.contracts.reference import reference_page

FILES = ("microcredit.binpb", "microcredit-protos.zip", "dossier.schema.json", "service-config.json")

# They travel in google.rpc.Status.details: no message of ours holds them, so no import brings their file.
DETAILS = "google/rpc/error_details.proto"

# The first instant that a zip can tell: the bytes depend on the content alone.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(folder: Path) -> list[Path]:
    """Writes the descriptors, the zip of the protos, the schema of the dossier, the service config, and the
    OpenAPI description and the reference page of each service."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptors = describe(ROOT / "protos", (DETAILS,))
    binary, archive, schema, config = (folder / name for name in FILES)
    binary.write_bytes(_without_comments(descriptors).SerializeToString(deterministic=True))
    _write_zip(archive, descriptors)
    schema.write_bytes(DOSSIER.read_bytes())
    config.write_text(service_config(descriptors), encoding="utf-8")
    return [binary, archive, schema, config, *_write_descriptions(folder, descriptors)]


def _write_descriptions(folder: Path, descriptors: FileDescriptorSet) -> Iterator[Path]:
    for host in HOSTS:
        description = openapi(descriptors, host)
        for path, text in (
            (folder / f"openapi/{host}.json", description),
            (folder / f"reference/{host}.html", reference_page(description)),
        ):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            yield path


def _without_comments(descriptors: FileDescriptorSet) -> FileDescriptorSet:
    kept = FileDescriptorSet()
    kept.CopyFrom(descriptors)
    for file in kept.file:
        file.ClearField("source_code_info")
    return kept


def _write_zip(path: Path, descriptors: FileDescriptorSet) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(file.name for file in descriptors.file):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), _source(name).read_bytes(), zipfile.ZIP_DEFLATED)


def _source(name: str) -> Path:
    """The file of a proto: ours, of the common protos of Google, or of those that come with protoc."""
    folders = (ROOT / "protos", GOOGLE, Path(grpc_tools.__file__).parent / "_proto")
    return next(folder / name for folder in folders if (folder / name).exists())
