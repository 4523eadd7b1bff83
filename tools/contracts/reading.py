"""The contract as protoc reads it: descriptors, comments, the French text of reasons."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet

from microcredit.errors.v1 import reason_text_pb2

ROOT = Path(__file__).resolve().parents[2]
GOOGLE = ROOT / "build/google"

# Field numbers of descriptor.proto, of which source paths are made.
SERVICE, ENUM, VALUE, METHOD = 6, 5, 2, 2

_LISTED = re.compile(r"- ([A-Z_]+) / ([A-Z_]+)(?:, (.*?))?:")

Notes = dict[tuple[int, ...], str]


def describe(proto_root: Path, extra: tuple[str, ...] = ()) -> FileDescriptorSet:
    """Compiles every proto under a root, and `extra` ones, with comments and all that they import."""
    files = [str(path.relative_to(proto_root)) for path in sorted(proto_root.rglob("*.proto"))]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "descriptors.binpb"
        flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={output}"]
        roots = [f"-I{proto_root}", f"-I{GOOGLE}"]
        subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", *roots, *flags, *files, *extra], check=True
        )
        return FileDescriptorSet.FromString(output.read_bytes())


def own(descriptors: FileDescriptorSet) -> list[FileDescriptorProto]:
    """The files of the contract, without those of Google."""
    return [file for file in descriptors.file if not file.name.startswith("google/")]


def comments(file: FileDescriptorProto) -> Notes:
    """Leading comments by source path."""
    return {tuple(place.path): place.leading_comments for place in file.source_code_info.location}


@dataclass(frozen=True)
class Given:
    """An error that a comment lists: its gRPC code, its reason, the condition said after it."""

    code: str
    reason: str
    condition: str


def errors_listed(note: str) -> list[Given]:
    """The errors that the comment of a service or of an RPC lists."""
    return [Given(code, reason, condition) for code, reason, condition in _LISTED.findall(note)]


@dataclass(frozen=True)
class Reason:
    """A value of an enum of reasons: its name without prefix, its French text, the example of its comment."""

    name: str
    meaning: str
    remedy: str
    example: str


def reasons(file: FileDescriptorProto, enum: EnumDescriptorProto) -> Iterator[Reason]:
    """The reasons of an enum of a file, in its order."""
    notes = comments(file)
    index = list(file.enum_type).index(enum)
    prefix = enum.value[0].name.removesuffix("UNSPECIFIED")
    for rank, value in enumerate(enum.value[1:], start=1):
        text = value.options.Extensions[reason_text_pb2.text]
        note = " ".join(notes.get((ENUM, index, VALUE, rank), "").split())
        yield Reason(
            name=value.name.removeprefix(prefix),
            meaning=text.meaning,
            remedy=text.remedy,
            example=_json_of(note.partition("Example: ")[2]),
        )


def _json_of(text: str) -> str:
    """The first JSON object of a text, whole; empty when there is none."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[: place + 1] if character == "}" else ""
    return ""
