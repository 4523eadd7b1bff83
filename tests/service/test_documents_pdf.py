"""PDF by the optional worker: tagged, in French, killed when late, refused in clear without it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from pypdf import PdfReader

from microcredit.documents.v1 import document_service_pb2 as pb
from microcredit.documents.v1 import pdf_service_pb2
from microcredit.documents.v1 import store_service_pb2 as store_pb
from microcredit.documents.v1.pdf_service_pb2_grpc import PdfServiceStub
from services.documents.making.signing import signature_places
from services.documents.pdf.settings import Settings
from services.documents.render import opc
from services.documents.render.assembly import Piece, assemble
from services.documents.render.opc import MAIN
from services.kit.errors import StartupError
from tests import warm
from tests.documents_catalogue import READABLE, context, plan
from tests.documents_services import SECONDS, Stubs, civil, connected
from tests.documents_support import DAY, DOCUMENTS, REFUSAL, Library, W, example, refusal, request
from tests.documents_templates import docx, paragraph
from tests.support import Launch, RunningServer, wait_until


def _has_office() -> bool:
    try:
        Settings.load([]).library()
    except StartupError:
        return False
    return True


office = pytest.mark.needs(
    _has_office(),
    "LibreOffice est absent : les tests du convertisseur PDF sont laissés de côté ; "
    "apt install libreoffice-writer-nogui les fait tourner",
)


@pytest.fixture(scope="module")
def worker(launch: Launch) -> RunningServer:
    """A worker whose LibreOffice is replaced after two conversions."""
    return launch("services.documents.pdf", "--offices", "1", "--restart-after", "2")


@pytest.fixture(scope="module")
def lasting(launch: Launch) -> RunningServer:
    """A worker that keeps its LibreOffice."""
    return launch("services.documents.pdf", "--offices", "1")


@pytest.fixture(scope="module")
def stubs(launch: Launch, worker: RunningServer) -> Iterator[Stubs]:
    server = launch("services.documents", "--workers", "1", env={"DOCUMENTS_PDF_ADDRESS": worker.address})
    with connected(server.address) as found:
        yield found


@pytest.fixture(scope="module")
def letter() -> bytes:
    raw = json.dumps(example("refus-budget")).encode()
    return Library(DOCUMENTS / "templates", DOCUMENTS / "profiles").generate(REFUSAL, raw).content


def convert(worker: RunningServer, content: bytes) -> bytes:
    with grpc.insecure_channel(worker.address) as channel:
        asked = pdf_service_pb2.ConvertToPdfRequest(content=content)
        return b"".join(
            part.data
            for part in PdfServiceStub(channel).ConvertToPdf(asked, timeout=SECONDS, wait_for_ready=True)
        )


def squeezed(line: str) -> str:
    """A line, however its words are spaced."""
    return " ".join(line.split())


def styled(content: bytes) -> Iterator[tuple[str, str]]:
    """The style and the text of each paragraph of a .docx."""
    for node in ElementTree.fromstring(opc.read(content)[MAIN]).iter(f"{W}p"):
        style = node.find(f"{W}pPr/{W}pStyle")
        text = "".join(piece.text or "" for piece in node.iter(f"{W}t"))
        yield "" if style is None else style.get(f"{W}val", ""), squeezed(text)


def is_accessible(content: bytes) -> bool:
    """Tagged, in French, and says that it follows PDF/UA-1 and PDF/A-3."""
    return (
        content.startswith(b"%PDF-")
        and b"/StructTreeRoot" in content
        and b"/Lang(fr-FR)" in content
        and re.search(rb"pdfuaid:part>1<", content) is not None
        and re.search(rb"pdfaid:part>3<", content) is not None
    )


@office
def test_a_letter_is_a_tagged_pdf(stubs: Stubs) -> None:
    asked = request(REFUSAL, example("refus-budget"))
    asked.format = pb.OUTPUT_FORMAT_PDF
    document = stubs.documents.GenerateDocument(asked, timeout=SECONDS).document
    assert (document.media_type, document.filename[-4:]) == ("application/pdf", ".pdf")
    assert is_accessible(document.content)
    assert "médiation" in PdfReader(BytesIO(document.content)).pages[-1].extract_text()
    proved = verified(stubs, document.content)
    assert (proved.verification, proved.template) == (store_pb.VERIFICATION_GENUINE, document.template)
    changed = document.content.replace(b"/Lang(fr-FR)", b"/Lang(en-US)", 1)
    assert verified(stubs, changed).verification == store_pb.VERIFICATION_CHANGED
    unsealed = re.sub(rb"%microcredit-seal[^\n]*\n", b"", document.content)
    assert verified(stubs, unsealed).verification == store_pb.VERIFICATION_CHANGED


def verified(stubs: Stubs, content: bytes) -> store_pb.VerifyDocumentResponse:
    """What the service says of a file."""
    asked = store_pb.VerifyDocumentRequest(content=content)
    answer: store_pb.VerifyDocumentResponse = stubs.store.VerifyDocument(asked, timeout=SECONDS)
    return answer


@office
def test_the_bookmark_of_a_template_is_where_its_pdf_is_signed(lasting: RunningServer) -> None:
    mark = '<w:bookmarkStart w:id="5" w:name="signature"/><w:bookmarkEnd w:id="5"/>'
    signed = paragraph("La présidente").replace("<w:r>", f"{mark}<w:r>", 1)
    (place,) = signature_places(convert(lasting, docx(*[paragraph("Ligne")] * 70, signed)))
    assert (place.name, place.page) == ("signature", 2)
    assert place.left_mm == 20  # the margin
    assert 150 < place.top_mm < 280


@office
def test_a_pdf_asked_for_again_is_the_one_that_was_kept(launch: Launch, worker: RunningServer) -> None:
    env = {"DOCUMENTS_PDF_ADDRESS": worker.address, "DOCUMENTS_RETENTION_DAYS": "30"}
    server = launch("services.documents", "--workers", "1", env=env)
    data = json.dumps(example("complet")).encode()
    kept: dict[str, Any] = {"format": pb.OUTPUT_FORMAT_PDF, "store": True, "request_id": str(uuid.uuid4())}
    letter = request(REFUSAL, example("refus-budget"))
    letter.MergeFrom(pb.GenerateDocumentRequest(**kept))
    kept["request_id"] = str(uuid.uuid4())
    dossier = pb.GenerateDossierRequest(document_date=civil(DAY), data_json=data, **kept)
    with connected(server.address) as stubs:
        first, again = (stubs.documents.GenerateDocument(letter, timeout=SECONDS).document for _ in range(2))
        assert (first.name, first.sha256) == (again.name, again.sha256)
        made = [list(stubs.documents.GenerateDossier(dossier, timeout=SECONDS)) for _ in range(2)]
        names = {parts[0].summary.name for parts in made}
        contents = {b"".join(part.chunk.data for part in parts) for parts in made}
        assert (len(names), len(contents)) == (1, 1)


@office
def test_a_batch_is_merged_then_converted_once(stubs: Stubs) -> None:
    items = [
        pb.BatchItem(data_json=json.dumps({"case": {"reference": f"MC-2026-{number:04d}"}}).encode())
        for number in range(5)
    ]
    asked = pb.BatchGenerateDocumentsRequest(
        template=f"templates/{REFUSAL}",
        document_date=civil(DAY),
        common_json=json.dumps(example("refus-budget")).encode(),
        items=items,
        output=pb.BATCH_OUTPUT_MERGED,
        format=pb.OUTPUT_FORMAT_PDF,
    )
    content = bytearray()
    for part in stubs.documents.BatchGenerateDocuments(asked, timeout=SECONDS):
        content += part.chunk.data
    assert is_accessible(bytes(content))
    assert bytes(content).count(b"/Type/Page/") + bytes(content).count(b"/Type/Page\n") >= 5


DOCUMENTS_OF_THE_CATALOGUE = [case for case in READABLE if context(*case) is not None]


_FOOTER = re.compile(r"page \d+ sur \d+$", re.IGNORECASE)
_FIRST = re.compile(r"page 1 sur \d+$", re.IGNORECASE)


def pages_of(worker: RunningServer, document: bytes) -> list[list[str]]:
    """The lines of each page, their spaces squeezed."""
    read = PdfReader(BytesIO(convert(worker, document)))
    return [list(filter(None, map(squeezed, page.extract_text().splitlines()))) for page in read.pages]


def check_pages(pages: list[list[str]], document: bytes, of: object) -> None:
    """No title nor closing ends a page, no page has next to nothing, pages are counted from 1."""
    ends = {line for style, line in styled(document) if style in ("Title", "Heading2", "Heading3", "Closing")}
    for number, page in enumerate(pages, 1):
        # The address of a letter is drawn after the footer: it is a frame.
        rank = next(rank for rank, line in enumerate(page) if _FOOTER.search(line))
        body, footer = page[:rank], page[rank]
        assert body[-1] not in ends, (of, number, body[-1])
        assert len(body) > 4, (of, number, body)
        assert re.search(rf"page {number} sur {len(pages)}$", footer, re.IGNORECASE), (of, number, footer)


@office
def test_no_page_is_badly_cut(lasting: RunningServer) -> None:
    for template, name in DOCUMENTS_OF_THE_CATALOGUE:
        if name != "minimal":
            document = plan(template).render(context(template, name) or {})
            check_pages(pages_of(lasting, document), document, (template, name))


@office
def test_each_piece_counts_its_own_pages(lasting: RunningServer) -> None:
    minimal = [case for case in DOCUMENTS_OF_THE_CATALOGUE if case[1] == "minimal"]
    whole = assemble([Piece(plan(template), context(template, name) or {}) for template, name in minimal])
    pages = pages_of(lasting, whole)
    starts = [rank for rank, page in enumerate(pages) if any(map(_FIRST.search, page))]
    assert len(starts) == len(minimal)
    for first, last in pairwise([*starts, len(pages)]):
        check_pages(pages[first:last], whole, first)


@office
def test_a_broken_file_costs_only_itself_and_offices_are_replaced(
    worker: RunningServer, letter: bytes
) -> None:
    for _ in range(3):
        assert convert(worker, letter).startswith(b"%PDF-")
    for broken, reason in ((b"PK\x03\x04" + b"0" * 400, "PDF_FAILED"), (b"bonjour", "INVALID_FIELDS")):
        with pytest.raises(grpc.RpcError) as caught:
            convert(worker, broken)
        assert refusal(caught.value).reason == reason
    assert convert(worker, letter).startswith(b"%PDF-")


@office
def test_a_conversion_that_takes_too_much_of_the_processor_is_killed(launch: Launch) -> None:
    hurried = launch("services.documents.pdf", "--offices", "1", "--processor-seconds", "0.1")
    for _ in range(2):
        with pytest.raises(grpc.RpcError) as caught:
            convert(hurried, heavy())
        assert refusal(caught.value).reason == "PDF_FAILED"
    hurried.stop()
    alive = subprocess.run(["pgrep", "-f", f"microcredit-pdf-{hurried.process.pid}-"], check=False)
    assert alive.returncode != 0


@office
def test_a_conversion_that_a_slow_machine_does_not_end_may_be_asked_again(
    launch: Launch, letter: bytes
) -> None:
    """LibreOffice has none of the processor: this says nothing of the document."""
    slow = launch("services.documents.pdf", "--offices", "1", "--job-seconds", "5")
    wait_until(lambda: is_converted(slow, letter))
    (stopped,) = descendants(slow.workers()[0])
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(grpc.RpcError) as caught:
        convert(slow, letter)
    assert (caught.value.code(), refusal(caught.value).reason) == (grpc.StatusCode.UNAVAILABLE, "PDF_BUSY")
    assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in rpc_status.from_call(caught.value).details)
    wait_until(lambda: is_converted(slow, letter))


def is_converted(worker: RunningServer, content: bytes) -> bool:
    """Whether it is; False while the machine is too slow."""
    try:
        return convert(worker, content).startswith(b"%PDF-")
    except grpc.RpcError as error:
        if refusal(error).reason != "PDF_BUSY":
            raise
        return False


def test_without_libreoffice_the_worker_says_what_to_install() -> None:
    done = warm.run("services.documents.pdf", "--office-directory", "/nulle/part")
    assert (done.returncode, done.stdout) == (1, "")
    assert "libreoffice-writer-nogui" in done.stderr
    assert "Traceback" not in done.stderr


def left(place: Path, content: bytes) -> list[Path]:
    """The files below a folder in which a document can be read, whole or unpacked."""
    pieces = (content[:200], b"word/document.xml", b"%PDF-")
    files = [path for path in place.rglob("*") if path.is_file()]
    return [path for path in files if any(piece in path.read_bytes() for piece in pieces)]


@office
def test_a_job_whose_client_has_gone_is_not_done(launch: Launch) -> None:
    """LibreOffice would be replaced after its second job."""
    worker = launch("services.documents.pdf", "--offices", "1", "--restart-after", "2")

    def ends() -> list[str]:
        """How conversions ended, as the log says."""
        return re.findall(r'"method": "/\S*/ConvertToPdf", "code": "(\w+)"', worker.log.read_text())

    asked = pdf_service_pb2.ConvertToPdfRequest(content=heavy())
    with grpc.insecure_channel(worker.address) as channel:
        stub = PdfServiceStub(channel)
        first, *waiting = [stub.ConvertToPdf(asked, timeout=SECONDS) for _ in range(3)]
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())  # came after them
        for call in waiting:
            call.cancel()
        assert b"".join(part.data for part in first).startswith(b"%PDF-")
        offices = descendants(worker.workers()[0])
    wait_until(lambda: len(ends()) == 3)
    assert sorted(ends()) == ["CANCELLED"] * 2 + ["OK"]
    assert descendants(worker.workers()[0]) == offices


@office
def test_a_killed_worker_leaves_nothing_to_read(launch: Launch, letter: bytes, tmp_path: Path) -> None:
    """Worker and LibreOffice are killed in the middle of a job; the worker that follows removes the rest."""
    env = {"PDF_WORKER_WORK_DIRECTORY": str(tmp_path)}
    worker = launch("services.documents.pdf", "--offices", "1", env=env)
    assert convert(worker, letter).startswith(b"%PDF-")
    (mine,) = tmp_path.iterdir()
    before = worker.workers()
    started = descendants(before[0])
    # As LibreOffice sees it: the folder is its own, in memory, where the system lets it.
    seen = [Path(f"/proc/{pid}/root{mine}/source.docx") for pid in started]
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(convert, worker, heavy())
        wait_until(lambda: any(path.exists() for path in seen))
        for pid in [*started, *before]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(grpc.RpcError):
            job.result()
    # Another worker took its place: it has swept what was left, and made its own folder.
    wait_until(lambda: mine not in (found := list(tmp_path.iterdir())) and found)
    assert left(tmp_path, letter) == []
    assert convert(worker, letter).startswith(b"%PDF-")
    assert worker.stop() == 0
    assert list(tmp_path.iterdir()) == [], "a clean stop leaves nothing"


def heavy() -> bytes:
    """A document that takes its time: the whole catalogue, three times."""
    minimal = [case for case in READABLE if case[1] == "minimal"]
    pieces = [Piece(plan(template), context(template, name) or {}) for template, name in minimal]
    return assemble(pieces * 3)


def descendants(pid: int) -> list[int]:
    """The processes below one."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    ]
    return [one for child in children for one in (child, *descendants(child))]
