"""A batch: one template, many recipients, a result for each as soon as it is ready."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from microcredit.documents.v1 import document_service_pb2 as pb
from services.documents.api.making import Maker
from services.documents.api.store_service import Stored
from services.documents.contract import CONTRACT, ROOT, common_to_all, merge_patch, strict_json
from services.documents.making import (
    Filled,
    Line,
    OutputFile,
    Sources,
    fill,
    join,
    properties,
    render,
    summary_csv,
    zipped,
)
from services.documents.messages import DOMAIN, DocumentOptions, documents, requests
from services.documents.render import Piece
from services.kit.access import act_on_case
from services.kit.context import check_deadline
from services.kit.errors import DeadlineExceeded, DomainError, InvalidArgument, Violations
from services.kit.french import spaced
from services.kit.serve import internal_error, to_status

COMMON = "common_json"
SUMMARY_FILE = "sommaire.csv"

Part = pb.BatchGenerateDocumentsResponse


@dataclass
class Made:
    """What a batch has made so far."""

    filled: list[Filled] = field(default_factory=list)
    members: list[tuple[str, bytes]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Records without a document."""
        return sum(1 for line in self.lines if line.problem)


@dataclass(frozen=True)
class Batch:
    """A batch once its request was read; `common` is the data that its recipients share.

    `max_bytes` is what one message may carry.
    """

    message: pb.BatchGenerateDocumentsRequest
    asked: DocumentOptions
    sources: Sources
    stored: Stored
    common: Any
    max_bytes: int

    @property
    def merged(self) -> bool:
        """Whether one file of all is asked."""
        return self.message.output == pb.BATCH_OUTPUT_MERGED

    @property
    def zipped(self) -> bool:
        """Whether a zip of all is asked."""
        return self.message.output == pb.BATCH_OUTPUT_ZIP


def share(message: pb.BatchGenerateDocumentsRequest) -> Any:
    """The data that the recipients share, without what some of them give, which leaves the message too: what
    is kept for a request sent again was made of it; InvalidArgument."""
    if not message.common_json:
        return None
    violations = Violations()
    given = strict_json.read(message.common_json, COMMON, CONTRACT.names, violations)
    violations.raise_if_any()
    shared = common_to_all(given, set().union(*map(_groups, message.items)))
    if len(shared) < len(given):
        message.common_json = json.dumps(shared, ensure_ascii=False).encode()
    return shared


def _groups(item: pb.BatchItem) -> Collection[str]:
    """The groups that a recipient gives; what cannot be read is told in its turn, and makes no letter."""
    try:
        return strict_json.read(item.data_json, ROOT, (), Violations()) if item.data_json else ()
    except InvalidArgument:
        return ()


def run(batch: Batch, maker: Maker) -> Iterator[Part]:
    """The results, then the file of all if one is asked, then the summary."""
    made = Made()
    for index, item in enumerate(batch.message.items):
        check_deadline()
        yield Part(item=_result(index, item, batch, maker, made))
    file = _file_of_all(batch, maker, made)
    if file is not None:
        yield Part(file=documents.file_info(file))
        for chunk in documents.chunks(file.content):
            check_deadline()
            yield Part(chunk=chunk)
    generated = len(made.lines) - made.failed
    yield Part(summary=pb.BatchSummary(generated_count=generated, failed_count=made.failed))


def _result(index: int, item: pb.BatchItem, batch: Batch, maker: Maker, made: Made) -> pb.BatchItemResult:
    """The result of one recipient; a bad record loses itself alone."""
    key = item.key or str(index)
    try:
        document = _document(index, item, batch, maker, made)
    except DeadlineExceeded:
        raise
    except Exception as error:
        known = error if isinstance(error, DomainError) else internal_error(error)
        made.lines.append(Line(key, "", spaced(known.message), tuple(v.field for v in known.violations)))
        return pb.BatchItemResult(index=index, key=key, error=to_status(known, DOMAIN))
    made.lines.append(Line(key, document.filename, "", ()))
    return pb.BatchItemResult(index=index, key=key, document=document)


def _document(index: int, item: pb.BatchItem, batch: Batch, maker: Maker, made: Made) -> pb.Document:
    asked = requests.item(_format(batch), batch.message, index)
    filled = fill(batch.sources, _data(item.data_json, batch.common))
    act_on_case(filled.case_reference, tries=asked.validate_only)
    generated = render(filled)
    if asked.validate_only:
        return documents.tried_pb(filled)
    if batch.merged:
        made.filled.append(filled)
    file = maker.file(generated.content, generated.filename, asked)
    name = f"{index + 1:04d}_{file.filename}" if batch.zipped else file.filename
    alone = not (batch.merged or batch.zipped)
    if alone:
        documents.check_size(file, batch.max_bytes)
    document = documents.document_pb(generated, file, with_content=alone)
    document.filename = name
    document.name = maker.keep(file, generated, asked)
    if alone and asked.request_id and document.name:
        document = batch.stored.as_kept(document, batch.max_bytes)
    if batch.zipped:
        made.members.append((name, file.content))
    return document


def _format(batch: Batch) -> DocumentOptions:
    """A merged PDF is converted once: its documents stay .docx."""
    return replace(batch.asked, pdf=False) if batch.merged else batch.asked


def _data(raw: bytes, common: Any) -> bytes:
    """The data of a recipient, merged over what all share."""
    if common is None:
        return raw
    violations = Violations()
    patch = strict_json.read(raw, ROOT, CONTRACT.names, violations) if raw else {}
    violations.raise_if_any()
    return json.dumps(merge_patch(common, patch), ensure_ascii=False).encode()


def _file_of_all(batch: Batch, maker: Maker, made: Made) -> OutputFile | None:
    if batch.merged and made.filled:
        pieces = [Piece(batch.sources.plan, filled.context) for filled in made.filled]
        content = join(pieces, properties(batch.sources, "", ""))
        check_deadline()
        return maker.file(content, f"{batch.sources.template.id}_lot.docx", batch.asked)
    if batch.zipped and made.members:
        return zipped(
            f"{batch.sources.template.id}_lot.zip", [*made.members, (SUMMARY_FILE, summary_csv(made.lines))]
        )
    return None
