"""Files in and out: an import as a difference then as one write, an export as one golden copy."""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.api.views import registry_at, registry_clock, view
from services.bank_registry.api.writing import asked_again, past_changed
from services.bank_registry.files import (
    FilePlace,
    ImportPlan,
    Reading,
    csv_bytes,
    json_lines_bytes,
    make_plan,
    read,
    read_whole,
    xlsx_bytes,
)
from services.bank_registry.messages import Options
from services.bank_registry.messages import transfers as edge
from services.bank_registry.registry import (
    BankRecord,
    Geography,
    Notes,
    Registry,
    as_of_day,
    line,
    reservation_changes,
)
from services.bank_registry.store import Origin, Places, RegistryStore, prepare_store
from services.kit import context, french, wire
from services.kit.dates import today
from services.kit.errors import Aborted, FailedPrecondition, InvalidArgument, StartupError
from services.kit.french import NO_BREAK_SPACE
from services.kit.store import AnchoredStore, StoreSet, idempotency
from services.kit.tables import MAX_BYTES, UnreadableFile
from services.kit.wire import chunks

Answers = Iterator[pb.ImportBanksResponse]
_WRITERS: Mapping[int, Callable[[Sequence[BankRecord]], bytes]] = MappingProxyType(
    {
        pb.BANK_FILE_FORMAT_CSV: csv_bytes,
        pb.BANK_FILE_FORMAT_XLSX: xlsx_bytes,
        pb.BANK_FILE_FORMAT_JSONL: json_lines_bytes,
    }
)


class Importer:
    """Imports files of lenders."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography

    def run(self, requests: Iterator[pb.ImportBanksRequest]) -> Answers:
        """Progress while the file is read, then the difference, and the summary last."""
        first = next(requests, pb.ImportBanksRequest())
        options = edge.options(first, self._geography)
        data = _received(first, requests)
        reading = yield from _read(data, self._geography, options.column_names)
        yield from self.answer(options, reading, hashlib.sha256(data).hexdigest())

    def answer(self, options: Options, reading: Reading, digest: str) -> Answers:
        """The difference of a file that was read, then the summary; written unless only asked for."""
        registry = self._store.registry()
        plan = _plan(reading, registry, options)
        if options.validate_only:
            yield from edge.difference(plan)
            answers = self._answers(plan, registry, options)
            summary = edge.summary(plan, registry.state_number, answers, applied=False)
            yield pb.ImportBanksResponse(summary=summary)
            return
        plan, summary = self._write(options, reading, (registry, plan), digest)
        yield from edge.difference(plan)
        yield pb.ImportBanksResponse(summary=summary)

    def _write(
        self, options: Options, reading: Reading, planned: tuple[Registry, ImportPlan], digest: str
    ) -> tuple[ImportPlan, pb.ImportSummary]:
        """Writes the difference that was read, or nothing; a repeated request answers as the first."""
        mark = idempotency.fingerprint(repr(options).encode(), digest.encode())
        registry, plan = planned
        with self._store.edit() as session:
            if answer := session.answered(options.request_id, mark):
                return plan, pb.ImportSummary.FromString(answer)
            if session.registry.state_number != registry.state_number:
                plan = _plan(reading, session.registry, options)
            _check(plan, options)
            reason = f"{options.reason} ({options.file_name or 'fichier'}, SHA-256 {digest})"
            origin = Origin(context.actor(), "ImportBanks", reason)
            state_number = session.apply(plan.difference, origin)
            answers = self._answers(plan, registry, options)
            summary = edge.summary(plan, state_number, answers, applied=True)
            session.remember(options.request_id, mark, summary.SerializeToString(), origin)
        return plan, summary

    def _answers(self, plan: ImportPlan, registry: Registry, options: Options) -> edge.Answers:
        """The reservations in force and the past questions that are not answered as before."""
        instant = registry_clock(registry)
        changes = [(one.before, one.after) for one in plan.outcomes if one.before]
        known = {**registry.current, **{before.bank.id: before for before, _ in changes}}
        later = {**known, **{one.after.bank.id: one.after for one in plan.outcomes}}
        found = [
            answer
            for before, _ in changes
            for answer in reservation_changes(before.bank.id, known, later, instant)
        ]
        found += asked_again(changes, options.questions, (known, later), self._geography, instant)
        held = sum(one.weighs(instant) for before, _ in changes for one in before.reservations)
        return edge.Answers(held, len(options.questions), found)


class Exporter:
    """Exports files of lenders."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def run(self, request: pb.ExportBanksRequest) -> Iterator[pb.ExportBanksResponse]:
        """What the file is, then the file."""
        asked = edge.export(request, registry_clock(self._store.registry()))
        seen = view(registry_at(self._store, asked.min_state_number), asked.known_instant)
        records = list(seen.records.values())
        found = records if asked.day is None else as_of_day(records, asked.day)
        instant, state_number = asked.known_instant, seen.state_number
        if instant is not None:
            state_number = seen.registry.state_number_at(instant)
        data = _WRITERS[request.format](found)
        yield pb.ExportBanksResponse(header=edge.header(request.format, state_number, len(found), data))
        for chunk in chunks(data):
            yield pb.ExportBanksResponse(chunk=chunk)


def _received(first: pb.ImportBanksRequest, following: Iterator[pb.ImportBanksRequest]) -> bytes:
    """The whole file, never more than is accepted."""
    data = bytearray(first.chunk)
    for message in following:
        context.check_deadline()
        data += message.chunk
        if len(data) > MAX_BYTES:
            size = f"{MAX_BYTES // 1024 // 1024}{NO_BREAK_SPACE}Mio"
            raise InvalidArgument("FILE_UNREADABLE", f"Le fichier dépasse {size} : rien n’en est lu.")
    return bytes(data)


def _read(
    data: bytes, geography: Geography, names: Mapping[str, str]
) -> Generator[pb.ImportBanksResponse, None, Reading]:
    steps = read(data, geography, names)
    while True:
        try:
            yield edge.progress(next(steps))
        except StopIteration as done:
            reading: Reading = done.value
            return reading
        except UnreadableFile as error:
            raise InvalidArgument("FILE_UNREADABLE", str(error)) from None


def _plan(reading: Reading, registry: Registry, options: Options) -> ImportPlan:
    try:
        return make_plan(
            reading,
            registry.current,
            options.effective_date,
            complete=options.complete,
            today=options.today,
            since=options.change_date,
        )
    except UnreadableFile as error:
        raise InvalidArgument("FILE_UNREADABLE", str(error)) from None


def _check(plan: ImportPlan, options: Options) -> None:
    """Refuses to write what was not read, or what a keeper rarely means."""
    if plan.hash != options.difference_hash:
        raise Aborted(
            "DIFFERENCE_CHANGED",
            "Le registre ou le fichier a changé depuis que cette différence a été lue ; relisez-la.",
            metadata={"difference_hash": plan.hash},
        )
    if plan.past and not options.correct_past:
        raise past_changed("Cet import", plan.past, "change_date")
    if options.complete and plan.refusals:
        raise FailedPrecondition(
            "FILE_INCOMPLETE",
            "Un fichier qui vaut pour tout le registre ne peut pas avoir de ligne refusée ; corrigez-les.",
            metadata={"refused_count": str(plan.refused)},
        )
    if plan.ends_every_bank and not options.confirm_ending_all:
        raise FailedPrecondition(
            "ENDS_EVERY_BANK",
            "Cet import mettrait fin à tous les prêteurs ; "
            "si c’est bien voulu, confirmez-le (confirm_ending_all).",
        )


LONGEST = 200


def import_file(
    places: Places,
    anchored: AnchoredStore,
    stores: StoreSet,
    file: Path,
    *,
    actor: str,
    reason: str,
    dry_run: bool,
    confirm_ending_all: bool,
    correct_past: bool,
) -> int:
    """Shows what is refused, and writes the difference if nothing is; returns the exit code, 1 if refused."""
    gc.disable()  # the objects of a large file all stay: looking for rubbish takes a fifth of the time
    data = _bytes_of(file)
    notes = Notes.new()
    actor = line("actor", actor, LONGEST, notes)
    reason = line("reason", reason or f"Import de {file.name}", LONGEST, notes)
    for problem in notes.problems:
        raise StartupError(f"--{problem.field} : {problem.description}")
    context.enter(context.Call(request_id="", deadline=float("inf"), actor=actor))
    stores.check()
    prepare_store(places, anchored)
    anchored.anchor()  # the file of the heads is a part of a store from its beginning
    try:
        with places.opened() as store:
            asked = _Asked(store, Geography.load(), file, data)
            difference, summary = asked.answer(validate_only=True)
            if not dry_run and not difference.refusals:
                _, summary = asked.answer(
                    difference_hash=summary.difference_hash,
                    reason=reason,
                    confirm_ending_all=confirm_ending_all,
                    correct_past=correct_past,
                )
    except (FailedPrecondition, InvalidArgument) as error:
        raise StartupError(f"{file.name} : {error.message}") from error
    anchored.anchor()
    return _report(file, difference, summary, dry_run=dry_run)


class _Asked:
    """A file that is asked about as by a caller, and read once."""

    def __init__(self, store: RegistryStore, geography: Geography, file: Path, data: bytes) -> None:
        self._importer, self._geography = Importer(store, geography), geography
        self._file, self._digest = file, hashlib.sha256(data).hexdigest()
        try:
            self._reading = read_whole(data, geography)
        except UnreadableFile as error:
            raise InvalidArgument("FILE_UNREADABLE", str(error)) from None

    def answer(self, **more: object) -> tuple[pb.ImportDifference, pb.ImportSummary]:
        day, name = wire.date_pb(today()), self._file.name
        request = pb.ImportBanksRequest(file_name=name, effective_date=day, **more)  # type: ignore[arg-type]
        difference, summary = pb.ImportDifference(), pb.ImportSummary()
        options = edge.options(request, self._geography)
        for answer in self._importer.answer(options, self._reading, self._digest):
            difference.MergeFrom(answer.difference)
            summary = answer.summary
        return difference, summary


def _report(file: Path, difference: pb.ImportDifference, summary: pb.ImportSummary, *, dry_run: bool) -> int:
    _write_lines("Avertissement", difference.warnings)
    if difference.refusals:
        _write_lines("Erreur", difference.refusals)
        count = french.plural(len(difference.refusals), "erreur")
        sys.stderr.write(french.spaced(f"{file.name} : {count}, rien n’est importé.\n"))
        return 1
    created = french.plural(summary.created_count, "prêteur créé", "prêteurs créés")
    changed = french.plural(summary.changed_count + summary.ended_count, "modifié")
    unchanged = french.plural(summary.unchanged_count, "inchangé")
    written = "Essai : rien n’est écrit." if dry_run else f"État n° {summary.state_number}."
    sys.stdout.write(french.spaced(f"{file.name} : {created}, {changed}, {unchanged}. {written}\n"))
    return 0


def _write_lines(label: str, findings: Iterable[pb.ImportFinding]) -> None:
    for found in findings:
        sys.stderr.write(
            french.spaced(f"{label} : {FilePlace(found.line, found.column)} : {found.message}\n")
        )


def _bytes_of(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StartupError(f"Le fichier {file} ne peut pas être lu.") from error
