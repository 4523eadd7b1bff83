"""Files in and out: an import as a difference then as one write, an export as one golden copy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import MappingProxyType

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.api.views import registry_at, registry_clock, view
from services.bank_registry.files import (
    ImportPlan,
    Reading,
    csv_bytes,
    json_lines_bytes,
    make_plan,
    read,
    xlsx_bytes,
)
from services.bank_registry.messages import Options
from services.bank_registry.messages import transfers as edge
from services.bank_registry.registry import BankRecord, Geography, Registry, as_of_day
from services.bank_registry.store import Origin, RegistryStore
from services.kit import context
from services.kit.errors import Aborted, FailedPrecondition, InvalidArgument
from services.kit.french import NO_BREAK_SPACE
from services.kit.store import idempotency
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
        options = edge.options(first)
        data = _received(first, requests)
        reading = yield from _read(data, self._geography)
        registry = self._store.registry()
        plan = _plan(reading, registry, options)
        if options.validate_only:
            yield from edge.difference(plan)
            yield pb.ImportBanksResponse(summary=edge.summary(plan, registry.state_number, applied=False))
            return
        plan, summary = self._write(options, reading, (registry, plan), hashlib.sha256(data).hexdigest())
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
            state_number = session.apply(plan.difference, Origin(context.actor(), "ImportBanks", reason))
            summary = edge.summary(plan, state_number, applied=True)
            session.remember(options.request_id, mark, summary.SerializeToString())
        return plan, summary


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


def _read(data: bytes, geography: Geography) -> Generator[pb.ImportBanksResponse, None, Reading]:
    steps = read(data, geography)
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
        return make_plan(reading, registry.current, options.effective_date, complete=options.complete)
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
