"""Templates and profiles deployed through the server: published, activated at a date, followed, undone."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import grpc
import pytest

from microcredit.documents.v1 import template_service_pb2 as rpc
from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from services.documents.contract.folders import read_folder
from services.kit.releases.archive import pack
from tests.documents_services import (
    SECONDS,
    Stubs,
    civil,
    connected,
    docx_of,
    edited,
    eventually,
    with_sentence,
)
from tests.documents_support import (
    ASK,
    BANK,
    DAY,
    DOCUMENTS,
    REFUSAL,
    example,
    parts,
    plain,
    refusal,
    request,
)
from tests.support import Launch, RunningServer, throwaway_stores

NAME = f"templates/{REFUSAL}"
PLACE = "ne prête pas et ne garantit pas les prêts"
FOLLOWED_SECONDS = 60.0
FROM = date(2027, 1, 1)
ONE = (("x-actor", "camille"),)
OTHER = (("x-actor", "dominique"),)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a store that two servers share."""
    return throwaway_stores(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def server(launch: Launch, url: dict[str, str]) -> RunningServer:
    return launch("services.documents", "--workers", "2", env=url)


@pytest.fixture(scope="module")
def second(launch: Launch, url: dict[str, str], server: RunningServer) -> RunningServer:
    """Another server on the same store."""
    return launch("services.documents", "--workers", "1", env=url)


@pytest.fixture
def stubs(server: RunningServer) -> Iterator[Stubs]:
    with connected(server.address) as found:
        yield found


def publication(
    template: str, content: bytes, effective_from: date | None = None, version: str = ""
) -> pb.PublishPackageRequest:
    edited_docx = package_pb2.EditedFile(
        name=f"templates/{template}",
        content=content,
        version=version,
        effective_from=civil(effective_from) if effective_from else None,
    )
    return pb.PublishPackageRequest(collection="templates", edited=edited_docx)


def activation(template: str, version: str, day: date = date(2019, 1, 1)) -> pb.ActivateVersionRequest:
    name = f"templates/{template}/versions/{version}"
    return pb.ActivateVersionRequest(name=name, effective_date=civil(day))


def letter(
    stubs: Stubs, template: str, name: str, day: date = DAY, min_state_number: int = 0
) -> tuple[str, str]:
    """The version that makes a letter, and its text."""
    message = request(template, example(name), day)
    message.min_state_number = min_state_number
    document = stubs.documents.GenerateDocument(message, timeout=SECONDS).document
    return document.template.version, plain(document.content)


def package(stubs: Stubs, template: str) -> package_pb2.Package:
    asked = pb.GetPackageRequest(name=f"templates/{template}")
    found: package_pb2.Package = stubs.releases.GetPackage(asked, timeout=SECONDS).package
    return found


def test_the_shipped_templates_are_the_first_versions(stubs: Stubs) -> None:
    shipped = {path.parent.name for path in (DOCUMENTS / "templates").glob("*/manifest.yaml")}
    found = stubs.releases.ListPackages(
        pb.ListPackagesRequest(collection="templates", page_size=200)
    ).packages
    assert {one.name.removeprefix("templates/") for one in found} == shipped
    assert all(len(one.timeline) == 1 and one.title for one in found)
    first = stubs.releases.ListPackages(pb.ListPackagesRequest(collection="templates", page_size=3))
    rest = stubs.releases.ListPackages(
        pb.ListPackagesRequest(collection="templates", page_size=200, page_token=first.next_page_token)
    )
    assert [*first.packages, *rest.packages] == list(found)


def test_a_word_file_becomes_a_version_that_governs_from_its_date(
    stubs: Stubs, server: RunningServer, second: RunningServer
) -> None:
    word = with_sentence(docx_of(stubs, REFUSAL), PLACE, "Un rendez-vous vous sera proposé.")
    published = stubs.releases.PublishPackage(publication(REFUSAL, word, FROM), metadata=ONE)
    assert published.created
    assert (published.version.version, published.report.accepted) == ("1.1.0", True)
    assert letter(stubs, REFUSAL, "refus-budget", FROM)[0] == "1.0.0"
    activated = stubs.releases.ActivateVersion(activation(REFUSAL, "1.1.0", FROM), metadata=OTHER)
    assert [period.version for period in activated.package.timeline] == ["1.0.0", "1.1.0"]
    state_number = activated.event.state_number
    for address in (server.address, server.address, second.address):
        with connected(address) as caller:
            version, text = letter(caller, REFUSAL, "refus-budget", FROM, state_number)
            assert version == "1.1.0"
            assert "Un rendez-vous vous sera proposé." in text
            before, old = letter(caller, REFUSAL, "refus-budget", date(2026, 12, 31), state_number)
            assert before == "1.0.0"
            assert "Un rendez-vous" not in old


def test_every_worker_of_every_server_follows_within_a_second(
    stubs: Stubs, server: RunningServer, second: RunningServer
) -> None:
    with ExitStack() as stack:
        workers: dict[int, Stubs] = {}
        while len(workers) < 3:
            for address in (server.address, second.address):
                caller = stack.enter_context(connected(address))
                workers[status(caller).process_id] = caller

        def all_follow(state_number: int) -> bool:
            return all(status(caller).loaded_state_number >= state_number for caller in workers.values())

        word = with_sentence(docx_of(stubs, ASK), "Dossier suivi par", "À bientôt.")
        published = stubs.releases.PublishPackage(publication(ASK, word), timeout=SECONDS).version
        assert eventually(lambda: all_follow(published.state_number), SECONDS)
        activated = stubs.releases.ActivateVersion(activation(ASK, published.version)).event.state_number
        assert eventually(lambda: all_follow(activated), FOLLOWED_SECONDS)
        for caller in workers.values():
            assert letter(caller, ASK, "minimal")[0] == published.version


def status(stubs: Stubs) -> package_pb2.Status:
    """What the process that answers applies."""
    return stubs.releases.GetStatus(pb.GetStatusRequest(), timeout=SECONDS).status


def test_the_same_content_and_the_same_request_are_published_once(stubs: Stubs) -> None:
    word = with_sentence(docx_of(stubs, BANK), "Dossier suivi par", "Merci.")
    asked = publication(BANK, word)
    asked.request_id = str(uuid.uuid4())
    asked.validate_only = True
    trial = stubs.releases.PublishPackage(asked, timeout=SECONDS)
    assert (trial.created, trial.version.version) == (True, "1.1.0")
    assert package(stubs, BANK).latest_version.endswith("/1.0.0")
    asked.validate_only = False
    first = stubs.releases.PublishPackage(asked, timeout=SECONDS)
    again = stubs.releases.PublishPackage(publication(BANK, docx_of(stubs, BANK, "1.1.0")), timeout=SECONDS)
    assert (first.created, again.created) == (True, False)
    assert first.version == again.version
    other = publication(BANK, with_sentence(word, "Merci.", "Bien à vous."))
    other.request_id = asked.request_id
    with pytest.raises(grpc.RpcError) as caught:
        stubs.releases.PublishPackage(other, timeout=SECONDS)
    assert refusal(caught.value).reason == "REQUEST_ID_REUSED"
    reused = publication(BANK, with_sentence(word, "Merci.", "Au revoir."), version="1.1.0")
    with pytest.raises(grpc.RpcError) as caught:
        stubs.releases.PublishPackage(reused, timeout=SECONDS)
    assert refusal(caught.value).reason == "VERSION_ALREADY_PUBLISHED"


def test_an_etag_is_that_of_one_template(stubs: Stubs) -> None:
    template, other = "07-rendez-vous", "13-ajournement"
    read = package(stubs, template)
    for name in (template, other):
        word = with_sentence(docx_of(stubs, name), "Dossier suivi par", "À vous.")
        stubs.releases.PublishPackage(publication(name, word), timeout=SECONDS)
    stale = activation(template, "1.1.0")
    stale.etag = read.etag
    with pytest.raises(grpc.RpcError) as caught:
        stubs.releases.ActivateVersion(stale)
    assert (refusal(caught.value).reason, caught.value.code()) == ("ETAG_MISMATCH", grpc.StatusCode.ABORTED)
    fresh = activation(template, "1.1.0")
    fresh.etag = package(stubs, template).etag
    stubs.releases.ActivateVersion(activation(other, "1.1.0"))
    assert stubs.releases.ActivateVersion(fresh).package.etag != fresh.etag


def test_a_rollback_gives_the_former_version_back_and_is_an_event(stubs: Stubs) -> None:
    template = "04-accuse-reception"
    word = with_sentence(docx_of(stubs, template), "Dossier suivi par", "À suivre.")
    stubs.releases.PublishPackage(publication(template, word), timeout=SECONDS, metadata=ONE)
    stubs.releases.ActivateVersion(activation(template, "1.1.0"), metadata=OTHER)
    assert letter(stubs, template, "minimal")[0] == "1.1.0"
    undone = stubs.releases.RollbackPackage(pb.RollbackPackageRequest(name=f"templates/{template}"))
    assert letter(stubs, template, "minimal", min_state_number=undone.event.state_number)[0] == "1.0.0"
    asked = pb.ListEventsRequest(parent=f"templates/{template}")
    events = stubs.releases.ListEvents(asked).events
    kinds = [package_pb2.EventKind.Name(one.kind).rpartition("KIND_")[2] for one in events]
    assert kinds == ["ROLLED_BACK", "ACTIVATED", "PUBLISHED", "ACTIVATED", "PUBLISHED"]
    assert [one.actor for one in events][1:3] == ["dominique", "camille"]
    versions = stubs.releases.ListVersions(pb.ListVersionsRequest(parent=f"templates/{template}"))
    assert [one.version for one in versions.versions] == ["1.1.0", "1.0.0"]


def test_a_watch_tells_each_event_once(stubs: Stubs) -> None:
    template = "24-attestation-solde"
    before = stubs.releases.GetStatus(pb.GetStatusRequest()).status.store_state_number
    stream = stubs.releases.WatchEvents(pb.WatchEventsRequest(after_state_number=before), timeout=30)
    word = with_sentence(docx_of(stubs, template), "Dossier suivi par", "Bravo.")
    stubs.releases.PublishPackage(publication(template, word), timeout=SECONDS)
    stubs.releases.ActivateVersion(activation(template, "1.1.0"))
    seen = [next(stream).event for _ in range(2)]
    stream.cancel()
    assert [event.state_number for event in seen] == [before + 1, before + 2]
    assert {event.version_name for event in seen} == {f"templates/{template}/versions/1.1.0"}


def test_a_server_whose_settings_differ_from_the_store_does_not_start(
    launch: Launch, url: dict[str, str], server: RunningServer
) -> None:
    with pytest.raises(AssertionError, match="la règle des deux personnes y est"):
        launch("services.documents", "--workers", "1", "--two-person-rule", env=url)


def test_a_broken_template_is_refused_with_every_finding_at_its_place(stubs: Stubs) -> None:
    def break_it(paragraph: object) -> None:
        paragraph.add_run(" {{ applicant.prenom }} {{ loan.amount }} {{ case.reference }")  # type: ignore[attr-defined]

    word = edited(docx_of(stubs, REFUSAL), PLACE, break_it)
    with pytest.raises(grpc.RpcError) as caught:
        stubs.releases.PublishPackage(publication(REFUSAL, word), timeout=SECONDS)
    found = refusal(caught.value)
    assert (caught.value.code(), found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PACKAGE_REFUSED")
    checked = stubs.releases.CheckPackage(
        pb.CheckPackageRequest(
            collection="templates", edited=publication(REFUSAL, word).edited, with_annotations=True
        ),
        timeout=SECONDS,
    )
    assert not checked.report.accepted
    findings = checked.report.findings
    assert len(findings) == int(found.metadata["findings"])
    assert all(one.sentence and str(one.place) for one in findings)
    assert any(PLACE in one.place.paragraph or PLACE[:20] in one.place.paragraph for one in findings)
    comments = parts(checked.report.template.annotated_docx)["word/comments.xml"].decode()
    assert comments.count("<w:comment ") == len(findings)


@pytest.mark.parametrize("bait", ["{{" * 39_000, "{%-" * 26_000])
def test_a_file_made_to_hold_the_server_is_refused_in_an_answer_that_travels(stubs: Stubs, bait: str) -> None:
    word = with_sentence(docx_of(stubs, REFUSAL), PLACE, bait)
    checked = stubs.releases.CheckPackage(
        pb.CheckPackageRequest(
            collection="templates", edited=publication(REFUSAL, word).edited, with_annotations=True
        ),
        timeout=SECONDS,
    )
    assert not checked.report.accepted
    assert len(checked.report.findings) <= 200
    assert checked.ByteSize() < 2 * 1024 * 1024
    assert letter(stubs, BANK, "minimal")[0]


def hostile() -> Iterator[tuple[str, bytes, str]]:
    yield "not a zip", b"bonjour", "ARCHIVE_REFUSED"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.yaml", b"0" * (64 * 1024 * 1024))
    yield "a bomb", bomb.getvalue(), "ARCHIVE_REFUSED"
    outside = io.BytesIO()
    with zipfile.ZipFile(outside, "w") as archive:
        archive.writestr("../manifest.yaml", b"id: x")
    yield "a path that leaves", outside.getvalue(), "ARCHIVE_REFUSED"
    yield "too large", b"PK" + b"0" * (2 * 1024 * 1024), "ARCHIVE_REFUSED"
    yield "another file", pack({"manifest.yaml": b"id: x", "virus.exe": b"MZ"}), "PACKAGE_REFUSED"
    yield "no Word file", pack({"manifest.yaml": b"id: x"}), "PACKAGE_REFUSED"
    files = dict(read_folder(DOCUMENTS / "templates" / REFUSAL))
    yield "a false Word file", pack({**files, "template.docx": b"bonjour"}), "PACKAGE_REFUSED"


@pytest.mark.parametrize(("archive", "reason"), [pytest.param(*one[1:], id=one[0]) for one in hostile()])
def test_a_hostile_archive_is_refused(stubs: Stubs, archive: bytes, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stubs.releases.PublishPackage(
            pb.PublishPackageRequest(collection="templates", archive=archive), timeout=SECONDS
        )
    found = refusal(caught.value)
    assert (caught.value.code(), found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


def test_a_comparison_tells_the_text_the_data_and_the_manifest(stubs: Stubs) -> None:
    word = with_sentence(
        docx_of(stubs, REFUSAL),
        PLACE,
        "{% if bank is defined %}Nous écrivons à {{ bank.name }}.{% endif %}",
    )
    candidate = publication(REFUSAL, word, FROM).edited
    asked = rpc.CompareTemplatesRequest(edited=candidate, base_name=f"{NAME}/versions/1.0.0")
    found = stubs.templates.CompareTemplates(asked, timeout=SECONDS)
    (change,) = found.text_changes
    assert change.kind == rpc.TEXT_CHANGE_KIND_CHANGED
    assert change.place == "corps"
    assert "Nous écrivons" in change.after
    assert "Nous écrivons" not in change.before
    assert list(found.added_fields) == ["bank", "bank.name"]
    (manifest,) = found.manifest_changes
    assert "1er\u00a0janvier\u00a02027" in manifest
    same = stubs.templates.CompareTemplates(
        rpc.CompareTemplatesRequest(name=f"{NAME}/versions/1.0.0", base_name=f"{NAME}/versions/1.0.0"),
        timeout=SECONDS,
    )
    assert same.summary == "Rien ne change."


def test_the_palette_gives_tags_that_a_template_accepts(stubs: Stubs) -> None:
    fields = stubs.templates.GetTemplateFields(rpc.GetTemplateFieldsRequest(name=NAME)).fields
    by_path = {field.path: field for field in fields}
    assert by_path["loan.amount"].tag == "{{ loan.amount | euros }}"
    assert by_path["loan.amount"].type_label == "montant"
    assert by_path["case.reference"].used
    assert by_path["assessment"].required
    assert not by_path["bank.name"].used


def test_a_new_president_signs_from_a_day_on(stubs: Stubs) -> None:
    files = dict(read_folder(DOCUMENTS / "profiles" / "cias-exemple"))
    text = files["profile.yaml"].decode()
    president = text.split("  president:", 1)[1].split("  director:", 1)[0]
    changed = president.replace(president.split("last_name: ", 1)[1].split("\n", 1)[0], "Nouvelle-Élue", 1)
    version = text.split("version: ", 1)[1].split("\n", 1)[0]
    text = text.replace(president, changed).replace(f"version: {version}", 'version: "2027.1"', 1)
    archive = pack({**files, "profile.yaml": text.encode()})
    stubs.releases.PublishPackage(
        pb.PublishPackageRequest(collection="profiles", archive=archive), timeout=SECONDS
    )
    request_ = pb.ActivateVersionRequest(
        name="profiles/cias-exemple/versions/2027.1", effective_date=civil(FROM)
    )
    state_number = stubs.releases.ActivateVersion(request_).event.state_number
    _, after = letter(stubs, REFUSAL, "refus-budget", FROM, state_number)
    _, before = letter(stubs, REFUSAL, "refus-budget", DAY, state_number)
    assert "Nouvelle-Élue" in after
    assert "Nouvelle-Élue" not in before
    broken = pack({**files, "profile.yaml": text.replace("  president:", "  presidente:", 1).encode()})
    asked = pb.CheckPackageRequest(collection="profiles", archive=broken)
    assert not stubs.releases.CheckPackage(asked).report.accepted


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (
            lambda s: s.releases.GetPackage(pb.GetPackageRequest(name="templates/99-inconnu")),
            "NOT_FOUND",
        ),
        (lambda s: s.releases.GetPackage(pb.GetPackageRequest(name="modèles/x")), "INVALID_FIELDS"),
        (lambda s: s.releases.ActivateVersion(activation(REFUSAL, "9.9.9")), "NOT_FOUND"),
        (lambda s: s.releases.ActivateVersion(activation(REFUSAL, "1.0.0", date(2018, 1, 1))), "VALIDITY"),
        (
            lambda s: s.releases.RollbackPackage(
                pb.RollbackPackageRequest(name="templates/18-convention-partenariat")
            ),
            "NOTHING_TO_ROLL_BACK",
        ),
        (
            lambda s: s.releases.CheckPackage(pb.CheckPackageRequest(collection="templates")),
            "INVALID_FIELDS",
        ),
        (
            lambda s: s.releases.ListPackages(
                pb.ListPackagesRequest(collection="templates", page_token="faux")
            ),
            "INVALID_FIELDS",
        ),
        (
            lambda s: s.releases.GetPackage(pb.GetPackageRequest(name=NAME, min_state_number=10**9)),
            "STATE_NOT_REACHED",
        ),
    ],
)
def test_a_wrong_request_is_refused(stubs: Stubs, call: object, reason: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        call(stubs)  # type: ignore[operator]
    assert reason in refusal(caught.value).reason


def test_a_package_taken_from_the_server_is_the_same_package(stubs: Stubs, tmp_path: Path) -> None:
    asked = pb.GetVersionRequest(name=f"{NAME}/versions/1.0.0", with_archive=True)
    taken = stubs.releases.GetVersion(asked, timeout=SECONDS)
    again = stubs.releases.PublishPackage(
        pb.PublishPackageRequest(collection="templates", archive=taken.archive), timeout=SECONDS
    )
    assert (again.created, again.version.digest) == (False, taken.version.digest)
