"""What templates of staff hold, through the server: rich texts, links, corrected copies, files at random."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docx
import grpc
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as releases
from services.documents.render import opc
from tests.documents_services import SECONDS, Stubs, connected, docx_of
from tests.documents_support import DAY, REFUSAL, example, parts, plain, refusal, request
from tests.documents_templates import MAIN
from tests.fault.test_documents_fuzz import mutated
from tests.service.test_template_service import activation, publication
from tests.support import Launch, RunningServer

RECEIPT = "04-accuse-reception"
COMMENTS = "word/comments.xml"
needs_office = pytest.mark.needs(
    shutil.which("soffice") is not None,
    "LibreOffice est absent : apt install libreoffice-writer-nogui",
)


@pytest.fixture(scope="module")
def server(launch: Launch) -> RunningServer:
    return launch("services.documents", "--workers", "1")


@pytest.fixture(scope="module")
def stubs(server: RunningServer) -> Iterator[Stubs]:
    with connected(server.address) as found:
        yield found


def saved(document: docx.document.Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def checked(stubs: Stubs, content: bytes, template: str = REFUSAL) -> releases.CheckPackageResponse:
    edited = package_pb2.EditedFile(name=f"templates/{template}", content=content)
    asked = releases.CheckPackageRequest(collection="templates", edited=edited, with_annotations=True)
    found: releases.CheckPackageResponse = stubs.releases.CheckPackage(asked, timeout=SECONDS)
    return found


def published(stubs: Stubs, content: bytes, template: str) -> str:
    """The version that a file became, in force."""
    version = stubs.releases.PublishPackage(publication(template, content), timeout=SECONDS).version.version
    stubs.releases.ActivateVersion(activation(template, version), timeout=SECONDS)
    return str(version)


def test_rich_text_and_links_of_the_data_reach_the_letter(stubs: Stubs) -> None:
    letter = docx.Document(io.BytesIO(docx_of(stubs, RECEIPT)))
    letter.add_paragraph(
        "{% if budget is defined and budget.comment is defined %}{{ budget.comment | markdown }}{% endif %}"
    )
    link = OxmlElement("w:hyperlink")
    target = "https://exemple.fr/suivi/{{ case.reference }}?nom={{ applicant.last_name }}"
    link.set(qn("r:id"), letter.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    line = letter.add_paragraph("Suivi : ")
    link.append(line.add_run("la page")._r)
    line._p.append(link)
    published(stubs, saved(letter), RECEIPT)
    data = example("complet")
    data["budget"]["comment"] = "Vu le **7 mars** & <b> :\n\n- un\n- **deux**\n\n1. premier\n\n{{ 7*7 }}"
    data["applicant"]["last_name"] = "O’Neil & Fils"
    made = stubs.documents.GenerateDocument(request(RECEIPT, data, DAY), timeout=SECONDS).document
    said = plain(made.content)
    assert "Vu le 7 mars & <b> :\nun\ndeux\npremier\n{{ 7*7 }}" in said
    body = parts(made.content)[MAIN].decode()
    for text, style in (("un", "ListBullet"), ("premier", "ListNumber")):
        assert re.search(rf'<w:pStyle w:val="{style}"/>(?:(?!</w:p>).)*<w:t[^>]*>{text}</w:t>', body)
    assert re.search('<w:rStyle w:val="Strong"/></w:rPr><w:t[^>]*>7\u00a0mars<', body)
    (target,) = re.findall(r"https://exemple.fr/suivi/[^\"&]*", body)
    assert target == f"https://exemple.fr/suivi/{data['case']['reference']}?nom=O%E2%80%99Neil%20%26%20Fils"
    data["budget"]["comment"] = "a\ue001b"
    with pytest.raises(grpc.RpcError) as caught:
        stubs.documents.GenerateDocument(request(RECEIPT, data, DAY), timeout=SECONDS)
    assert refusal(caught.value).violations == {"data_json.budget.comment": "NOT_PRINTABLE"}


def annotated(stubs: Stubs) -> bytes:
    """The commented copy of a letter with a wrong name in it."""
    letter = docx.Document(io.BytesIO(docx_of(stubs, REFUSAL)))
    letter.add_paragraph("Bonjour {{ applicant.nom }}")
    found = checked(stubs, saved(letter))
    assert [one.code for one in found.report.findings] == ["FIELD_UNKNOWN"]
    return found.report.template.annotated_docx


def corrected(content: bytes) -> bytes:
    """The copy as a person mends it, without a thought for its comments nor for anything that was lost."""
    found = opc.read(content)
    assert COMMENTS in found
    found[MAIN] = found[MAIN].replace(b"applicant.nom", b"applicant.last_name")
    return opc.write(found)


def test_a_corrected_copy_is_published_as_it_is(stubs: Stubs) -> None:
    version = published(stubs, corrected(annotated(stubs)), REFUSAL)
    kept = docx_of(stubs, REFUSAL, version)
    assert COMMENTS not in parts(kept)
    assert "Contrôle du modèle" not in "".join(one.decode("utf-8", "replace") for one in parts(kept).values())


@needs_office
@pytest.mark.more("LibreOffice")
def test_a_copy_corrected_in_libreoffice_is_published_as_it_is(stubs: Stubs, tmp_path: Path) -> None:
    (tmp_path / "copie.docx").write_bytes(annotated(stubs))
    office = ("soffice", f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}", "--headless")
    words = ("--convert-to", "docx:MS Word 2007 XML", "--outdir", str(tmp_path / "faite"))
    subprocess.run(
        [*office, *words, str(tmp_path / "copie.docx")], check=True, capture_output=True, timeout=180
    )
    content = corrected((tmp_path / "faite" / "copie.docx").read_bytes())
    # A copy of LibreOffice has no title of table any more: the service gives back those of the version.
    assert b"tblCaption" not in parts(content)[MAIN]
    assert not checked(stubs, content).report.findings
    version = published(stubs, content, REFUSAL)
    kept = parts(docx_of(stubs, REFUSAL, version))
    assert COMMENTS not in kept
    assert b"tblCaption" in kept[MAIN]


def answered(stubs: Stubs, content: bytes) -> bool:
    """Whether a file has its report, or a refusal with a reason."""
    try:
        checked(stubs, content)
    except grpc.RpcError as error:
        return refusal(error).reason != ""
    return True


@pytest.mark.more("fichiers Word au hasard par le serveur : 60")
def test_files_at_random_never_hurt_a_worker(stubs: Stubs, server: RunningServer) -> None:
    """Each is checked in a few seconds, with findings or a typed refusal, by a worker that serves on."""
    chance = random.Random(60)
    good = docx_of(stubs, REFUSAL)
    for rank in range(60):
        found = dict(parts(good))
        for name in chance.sample(sorted(one for one in found if one.endswith((".xml", ".rels"))), 2):
            found[name] = mutated(found[name], chance)
        content = bytearray(opc.write(found))
        if rank % 3 == 2:  # the archive itself
            del content[(place := chance.randrange(len(content))) : place + chance.randint(1, 40)]
        assert answered(stubs, bytes(content))
    made = stubs.documents.GenerateDocument(request(REFUSAL, example("refus-budget"), DAY), timeout=SECONDS)
    assert made.document.content
    log = server.log.read_text()
    assert '"event": "exception"' not in log
    assert "worker_died" not in log
