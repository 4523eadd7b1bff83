"""A text that named a person is read nowhere any more: the audit, which has its ciphertext, stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from microcredit.bankregistry.v1 import bank_pb2
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from services.bank_registry.registry import FreeText
from services.bank_registry.store import migrate, prepare_store, tables
from services.bank_registry.store.texts import Sealing, Texts
from services.kit.errors import FailedPrecondition, InvalidArgument
from services.kit.store.database import Database
from services.kit.store.key_tables import case_key
from tests.bank_registry_support import copy_of, new_database, places
from tests.contract.test_bank_registry_editing import BANK, Desk, day, fill, filled, refused

CONVENTION = f"{BANK}/localConventions/cias-1"
NAMED = bank_pb2.LocalConvention(
    reference="CIAS 1",
    contact_name="Service crédit, Hélène Kervadec",
    address_lines=["1 rue du Port"],
    postal_code="56800",
    city="Ploërmel",
    email="helene.kervadec@oust.example",
    start_date=day(2025, 1, 1),
)
WORDS = "helene KERVADEC"
SECRET = b"ervadec"


def named(desk: Desk, **fields: Any) -> None:
    """A convention, a suspension and a state that name a person, and a state that names nobody."""
    desk.edit("CreateLocalConvention", parent=BANK, local_convention=NAMED, **fields)
    desk.edit("SuspendBank", name=BANK, effective_date=day(2026, 2, 1), reason="Demandé par Hélène Kervadec")
    desk.edit(
        "UpdateLocalConvention", local_convention=bank_pb2.LocalConvention(name=CONVENTION, answer_days=9)
    )


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a store to copy, with a lender."""
    with filled(request, tmp_path_factory.mktemp("model")) as desk:
        return desk.url


@pytest.fixture
def desk(model: str, tmp_path: Path) -> Iterator[Desk]:
    url = copy_of(model, tmp_path)
    database = Database(url)
    yield Desk(url, database)
    database.dispose()


def contact(desk: Desk) -> bank_pb2.LocalConvention:
    found: bank_pb2.LocalConvention = desk.read("GetLocalConvention", name=CONVENTION).local_convention
    return found


def reasons(desk: Desk) -> list[str]:
    return [one.reason for one in desk.read("ListChanges").changes]


def on_disk(folder: Path) -> list[str]:
    """The files, logs included, in which the name can be read."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if SECRET in path.read_bytes()]


def test_what_names_a_person_is_read_no_more_and_the_audit_stays_whole(desk: Desk, tmp_path: Path) -> None:
    given = str(uuid4())
    named(desk, request_id=given)
    assert (contact(desk).contact_name, on_disk(tmp_path)) == (NAMED.contact_name, [])
    tried = desk.redact(WORDS, validate_only=True)
    assert (tried.text_count, tried.erased, contact(desk).contact_name) == (5, False, NAMED.contact_name)

    done = desk.redact(WORDS)
    places = {(one.name, one.field) for one in done.texts}
    assert places == {
        *((CONVENTION, field) for field in ("contact_name", "address_lines", "email")),
        (BANK, "suspensions"),
        ("revisions/4", "reason"),
    }
    assert done.erased
    assert "ne peut être relu" in done.message
    found = contact(desk)
    assert {found.contact_name, *found.address_lines, found.email} == {"[caviardé]"}
    assert (found.city, found.answer_days) == ("Ploërmel", 9)
    assert desk.bank().suspensions[0].reason == "[caviardé]"
    assert reasons(desk) == ["essai", "essai", "essai", "[caviardé]", "essai", "Nom écrit par erreur"]
    assert desk.auditor.verify(pb.VerifyAuditRequest()).whole
    with desk.database.read() as connection:
        gone = set(connection.scalars(select(tables.redacted_key.c.case_id)))
    assert not desk.store.texts._keys.keys(gone)

    refused(FailedPrecondition, "NOTHING_TO_REDACT", desk.redact, WORDS)
    again = {"parent": BANK, "local_convention": NAMED, "request_id": given}
    refused(FailedPrecondition, "ANSWER_REDACTED", desk.edit, "CreateLocalConvention", **again)


def test_a_redacted_fiche_is_still_edited_exported_and_may_name_again(desk: Desk) -> None:
    named(desk)
    desk.redact(WORDS, name=BANK)
    changed = bank_pb2.LocalConvention(name=CONVENTION, city="Mauron")
    desk.edit("UpdateLocalConvention", local_convention=changed, effective_date=day(2026, 6, 1))
    found = contact(desk)
    assert (found.city, found.contact_name, found.email) == ("Mauron", "[caviardé]", "[caviardé]")
    changed = bank_pb2.LocalConvention(name=CONVENTION, contact_name=NAMED.contact_name)
    desk.edit("UpdateLocalConvention", local_convention=changed, effective_date=day(2026, 7, 1))
    assert contact(desk).contact_name == NAMED.contact_name
    assert desk.auditor.verify(pb.VerifyAuditRequest()).whole
    desk.redact("kervadec")
    assert contact(desk).contact_name == "[caviardé]"
    assert desk.auditor.verify(pb.VerifyAuditRequest()).whole


def test_the_words_of_a_redaction_are_some_and_are_not_said_again(desk: Desk) -> None:
    for words, reason, field in (
        ("", "x", "words"),
        ("de", "x", "words"),
        ("Dupont", "C’est Dupont", "reason"),
    ):
        error = refused(InvalidArgument, "INVALID_FIELDS", desk.redact, words, reason=reason)
        assert [one.field for one in error.violations] == [field]


def test_a_key_that_is_gone_without_a_redaction_is_named(desk: Desk) -> None:
    named(desk)
    with desk.database.read() as connection:
        kept = connection.scalar(select(tables.revision.c.reason).where(tables.revision.c.revision == 4))
    assert kept
    with desk.store.texts._keys.database.write() as connection:
        lost = {"wrapped_key": None, "erase_time": "2026-12-01T00:00:00.000000Z"}
        connection.execute(update(case_key).where(case_key.c.case_id == kept[:36]).values(lost))
    answer = desk.auditor.verify(pb.VerifyAuditRequest())
    told = [(one.name, one.table, one.field, one.kind) for one in answer.differences]
    assert told == [("revisions/4", "revision", "reason", pb.AUDIT_DIFFERENCE_KIND_UNREADABLE)]
    assert reasons(desk)[3] == "[illisible]"


def test_what_an_earlier_version_wrote_in_clear_is_encrypted_at_the_first_start(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    sqlite = model.startswith("sqlite")
    url = f"sqlite:///{folder}/registry.sqlite3" if sqlite else new_database(model)
    migrate(url)
    database = Database(url)
    given = str(uuid4())
    typed = f"{uuid4()}:dossier"  # in clear, it looks like what is kept under a key
    with monkeypatch.context() as earlier:
        earlier.setattr(Sealing, "version", lambda *_: str)
        earlier.setattr(Texts, "opened", lambda *_: lambda written: FreeText(written, written))
        earlier.setattr(Texts, "sealed_answer", lambda _, answer: answer)
        earlier.setattr(Texts, "tagged", lambda _, mark: mark)
        desk = Desk(url, database)
        fill(desk, reason=typed)
        named(desk, request_id=given)
    former = desk.auditor.head().head
    prepare_store(places(url))
    desk = Desk(url, database)
    assert desk.store.erasing.finish()
    if sqlite:
        assert on_disk(folder) == []
    answer = desk.auditor.verify(pb.VerifyAuditRequest())
    assert (list(answer.differences), answer.whole) == ([], True)
    assert (contact(desk).email, reasons(desk)[3]) == (NAMED.email, "Demandé par Hélène Kervadec")
    with database.read() as connection:
        assert connection.scalar(select(tables.revision.c.reason).limit(1)) != typed
    last = desk.auditor.list(pb.ListAuditEntriesRequest(page_size=200)).entries[-1]
    assert former.hash in last.before_json
    again = desk.edit("CreateLocalConvention", parent=BANK, local_convention=NAMED, request_id=given)
    assert again.state_number == 3
    desk.redact(WORDS)
    assert (contact(desk).email, reasons(desk)[3]) == ("[caviardé]", "[caviardé]")
    prepare_store(places(url))
    assert desk.auditor.verify(pb.VerifyAuditRequest()).whole
    with database.write() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(text("UPDATE revision SET reason = 'x'"))
    database.dispose()
