"""What the tests of documents share: example dossiers, requests, text of a .docx, details of an error."""

from __future__ import annotations

import copy
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grpc
from google.rpc import error_details_pb2, status_pb2
from google.type import date_pb2

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.contract.folders import packages
from services.documents.making.generation import Generated, choose, fill, render
from services.documents.profile.organisation import PROFILE_FILE, read_profile
from services.documents.publishing.deployment import Deployment
from services.documents.publishing.loaded import Packages
from services.documents.template.manifest import MANIFEST_FILE, read_template
from services.kit import releases
from services.kit.dates import Period
from services.kit.findings import Findings
from services.kit.french import NO_BREAK_HYPHEN
from services.kit.releases.archive import Contents
from services.kit.releases.timeline import Span
from tests.support import ROOT

Json = dict[str, Any]

DOCUMENTS = ROOT / "services" / "documents"
CONTRACT = DOCUMENTS / "contract" / "dossier.schema.json"
DAY = date(2026, 11, 23)
PLAN_BYTES = 256 * 1024 * 1024
FILE, ASK, BANK, REFUSAL = (
    "01-dossier-demande",
    "05-demande-pieces",
    "11-presentation-banque",
    "14-refus-presentation",
)
CASES = (
    *((template, "complet") for template in (FILE, ASK, BANK)),
    *((template, "minimal") for template in (FILE, ASK, BANK)),
    (REFUSAL, "refus-minimal"),
    *((template, "extreme") for template in (FILE, ASK, BANK)),
    (REFUSAL, "refus-extreme"),
    *((template, f"refus-{kind}") for template in (FILE, REFUSAL) for kind in ("budget", "territoire")),
)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXTS = frozenset({f"{W}t", f"{W}br"})


def example(name: str) -> Json:
    """A fresh copy of an example of the contract."""
    path = DOCUMENTS / "contract" / "examples" / f"{name}.json"
    data: Json = json.loads(path.read_text(encoding="utf-8"))
    return data


def everything(template: str = FILE) -> Json:
    """The complete example, with the reasons of a refusal besides: they block for the letter that refuses."""
    data = example("complet")
    reasons = example("refus-budget")["assessment"]["reasons"]
    for one in (one for reason in reasons for one in reason.get("comparisons", ())):
        one["label"] += " (autre demande)"  # the figures of this one are not those
    data["assessment"]["reasons"] += reasons
    if template == REFUSAL:
        data["assessment"]["outcome"], data["opinion"]["outcome"] = "NOT_ELIGIBLE", "UNFAVORABLE"
    else:
        for reason in reasons:
            reason["severity"] = "RESERVE"
    return data


def request(
    template: str, data: Json | bytes, day: date | None = DAY, profile: str = ""
) -> pb.GenerateDocumentRequest:
    """A request for one document."""
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    message = pb.GenerateDocumentRequest(
        template=template and f"templates/{template}",
        data_json=raw,
        profile=profile and f"profiles/{profile}",
    )
    if day is not None:
        message.document_date.CopyFrom(date_pb2.Date(year=day.year, month=day.month, day=day.day))
    return message


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a .docx."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def paragraph_text(paragraph: ElementTree.Element) -> str:
    """The text of a paragraph, its line breaks as line feeds and its hyphens plain."""
    pieces = ("\n" if node.tag == f"{W}br" else node.text for node in paragraph.iter() if node.tag in _TEXTS)
    return "".join(piece or "" for piece in pieces).replace(NO_BREAK_HYPHEN, "-")


def text(content: bytes) -> str:
    """The body of a .docx, one line per paragraph."""
    body = ElementTree.fromstring(parts(content)["word/document.xml"])
    return "\n".join(paragraph_text(paragraph) for paragraph in body.iter(f"{W}p"))


def plain(content: bytes) -> str:
    """The same with ordinary spaces, to compare sentences."""
    return text(content).replace("\u00a0", " ").replace("\u202f", " ")


def png(width: int, height: int) -> bytes:
    """A plain grey PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass(frozen=True)
class Refusal:
    """What a client reads of an error."""

    code: grpc.StatusCode
    reason: str
    metadata: dict[str, str]
    message: str
    violations: dict[str, str]


def refusal(error: grpc.RpcError) -> Refusal:
    """The typed details of an error; violations by path."""
    assert isinstance(error, grpc.Call)
    details = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(details)
    info, localized, bad = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.LocalizedMessage(),
        error_details_pb2.BadRequest(),
    )
    for detail in status.details:
        for kind in (info, localized, bad):
            detail.Unpack(kind)
    assert info.domain == "documents.microcredit"
    assert localized.locale == "fr-FR"
    violations = {violation.field: violation.reason for violation in bad.field_violations}
    return Refusal(error.code(), info.reason, dict(info.metadata), localized.message, violations)


def optional_paths(
    schema: Json, node: Json | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Every property that the contract does not require, through objects and lists."""
    node = resolve(schema, schema if node is None else node)
    node = resolve(schema, node["items"]) if node.get("type") == "array" else node
    for name, child in node.get("properties", {}).items():
        if name not in node.get("required", ()):
            yield (*path, name)
        yield from optional_paths(schema, child, (*path, name))


def resolve(schema: Json, node: Json) -> Json:
    """The definition that a schema refers to."""
    reference: str = node.get("$ref", "")
    definition: Json = schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else node
    return definition


def without(data: Any, path: tuple[str, ...]) -> Any:
    """A copy of the data without a property, removed from every item of the lists on its way."""
    copied = copy.deepcopy(data)
    _remove(copied, path)
    return copied


def _remove(data: Any, path: tuple[str, ...]) -> None:
    if isinstance(data, list):
        for item in data:
            _remove(item, path)
    elif path[0] in data:
        if len(path) == 1:
            del data[path[0]]
        else:
            _remove(data[path[0]], path[1:])


class Library:
    """Templates and profiles of folders, generated in this process as the server does."""

    def __init__(self, templates: Path, profiles: Path) -> None:
        self._packages = Packages(PLAN_BYTES)
        segments = {
            **_segments("templates", templates, MANIFEST_FILE, read_template),
            **_segments("profiles", profiles, PROFILE_FILE, read_profile),
        }
        self._deployment = Deployment(releases.Deployment(1, segments))

    def generate(self, template: str, raw: bytes, day: date = DAY, profile: str = "") -> Generated:
        """One document."""
        return render(fill(choose(self._deployment, self._packages, template, profile, day), raw))


def _segments(
    collection: str, root: Path, name: str, read: Callable[[Contents, Findings], Any]
) -> dict[str, tuple[Any, ...]]:
    found = {}
    for folder, contents in packages(root, name):
        findings = Findings()
        package = read(contents, findings)
        assert not findings.errors, (folder, [str(finding) for finding in findings])
        span = Span(Period(package.effective_from, package.effective_until), package.digest)
        found[f"{collection}/{package.id}"] = (releases.Segment(span, package),)
    return found
