"""What the tests of the deployment of rules share: variants of the shipped package, calls, refusals."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from microcredit.eligibility.v1 import assessment_pb2
from microcredit.eligibility.v1 import eligibility_service_pb2 as rpc
from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from services.eligibility.package.load import read_folder
from services.kit.releases.archive import SIGNATURE_FILE, Contents, digest, pack
from services.kit.releases.signature import Statement, sign
from tests.eligibility_reglement import BASE
from tests.eligibility_support import PACKAGE, Client, application, day, merged, status_of
from tests.support import Launch, RunningServer, throwaway_stores

TIMEOUT = 240
ID = "ploermel"
RULESET = f"rulesets/{ID}"
SHIPPED: Contents = read_folder(PACKAGE)
NAME_OF_SHIPPED = "2026.1"

Edit = tuple[str, str, str]
"""A file, a text of it, and what replaces its first occurrence."""


def edited(contents: Contents, *edits: Edit) -> dict[str, bytes]:
    """The same package where texts of files are replaced."""
    result = dict(contents)
    for file, before, after in edits:
        text = result[file].decode()
        assert before in text, before
        result[file] = text.replace(before, after, 1).encode()
    return result


def variant(version: str, *edits: Edit, contents: Contents = SHIPPED) -> dict[str, bytes]:
    """The shipped package under another version, edited."""
    return edited(contents, ("package.yaml", '"2026.1"', f'"{version}"'), *edits)


def with_ceiling(contents: Contents, euros: int) -> dict[str, bytes]:
    """The same package with a higher maximal amount, without the cases of the former one."""
    changed = edited(contents, ("parameters.yaml", "      value: 3000.00", f"      value: {euros}.00"))
    text = changed["cases/10-pret.yaml"].decode()
    begin, end = text.index("  - id: E05\n"), text.index("  - id: E07\n")
    return undated({**changed, "cases/10-pret.yaml": (text[:begin] + text[end:]).encode()})


def undated(contents: Contents) -> dict[str, bytes]:
    """The same package without the cases of former national ceilings, the last of their file."""
    file = "cases/10-pret.yaml"
    return {**contents, file: contents[file].partition(b"  - id: E81\n")[0]}


def validity(first: str, last: str = "") -> Edit:
    """Other days that the package may govern."""
    until = f"\neffective_until: {last}" if last else ""
    return ("package.yaml", "effective_from: 2011-01-01", f"effective_from: {first}{until}")


def later(contents: Contents) -> dict[str, bytes]:
    """The same package whose cases happen a year later, leap days apart."""
    dates = re.compile(rb"\b(\d{4})(-\d\d-\d\d)\b")

    def moved(found: re.Match[bytes]) -> bytes:
        return b"%d%s" % (int(found[1]) + 1, found[2].replace(b"-02-29", b"-02-28"))

    return {
        file: dates.sub(moved, content) if file.startswith("cases/") else content
        for file, content in contents.items()
    }


def signed(contents: Contents, private_key: bytes) -> dict[str, bytes]:
    """The same package with its signature."""
    text = contents["package.yaml"].decode()
    found = [re.search(rf'^{key}: "?([^"\n]+)"?$', text, re.MULTILINE) for key in ("id", "version")]
    name, version = (match[1] for match in found if match)
    return {**contents, SIGNATURE_FILE: sign(Statement(name, version, digest(contents)), private_key)}


def written(folder: Path, contents: Contents) -> Path:
    """A folder that holds a package."""
    for file, content in contents.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return folder


def by(actor: str) -> tuple[tuple[str, str], ...]:
    """The metadata that name who calls."""
    return (("x-actor", actor),) if actor else ()


class Rules(Client):
    """A client of the rulesets of a running server."""

    def publish(self, contents: Contents, *, actor: str = "", **fields: Any) -> pb.PublishPackageResponse:
        """Publishes files."""
        return self.publish_archive(pack(contents), actor=actor, **fields)

    def publish_archive(
        self, archive: bytes, *, actor: str = "", waiver: str = "Essai", **fields: Any
    ) -> pb.PublishPackageResponse:
        """Publishes an archive; what most tests publish lacks cases, and is waived."""
        said = package_pb2.RulesetPublication(waiver=waiver) if waiver else None
        request = pb.PublishPackageRequest(collection="rulesets", archive=archive, ruleset=said, **fields)
        return self.releases.PublishPackage(request, timeout=TIMEOUT, metadata=by(actor))

    def publish_nothing(self, **fields: Any) -> pb.PublishPackageResponse:
        """Publishes without a candidate."""
        request = pb.PublishPackageRequest(collection="rulesets", **fields)
        return self.releases.PublishPackage(request, timeout=TIMEOUT)

    def check(self, contents: Contents) -> package_pb2.CheckReport:
        """Checks files."""
        request = pb.CheckPackageRequest(collection="rulesets", archive=pack(contents))
        return self.releases.CheckPackage(request, timeout=TIMEOUT).report

    def activate(
        self, version: str, first: str = "", *, actor: str = "", **fields: Any
    ) -> pb.ActivateVersionResponse:
        """Activates a version from a day."""
        request = pb.ActivateVersionRequest(name=version_name(version), **fields)
        if first:
            request.effective_date.CopyFrom(day(first))
        return self.releases.ActivateVersion(request, timeout=TIMEOUT, metadata=by(actor))

    def rollback(self, first: str = "", *, actor: str = "", **fields: Any) -> pb.RollbackPackageResponse:
        """Rolls back."""
        request = pb.RollbackPackageRequest(name=RULESET, **fields)
        if first:
            request.effective_date.CopyFrom(day(first))
        return self.releases.RollbackPackage(request, timeout=TIMEOUT, metadata=by(actor))

    def ruleset(self, min_state_number: int = 0) -> package_pb2.Package:
        """The ruleset."""
        request = pb.GetPackageRequest(name=RULESET, min_state_number=min_state_number)
        return self.releases.GetPackage(request, timeout=TIMEOUT).package

    def status(self) -> package_pb2.Status:
        """What the worker that answers applies."""
        return self.releases.GetStatus(pb.GetStatusRequest(), timeout=TIMEOUT).status

    def events(self) -> list[package_pb2.Event]:
        """The last 200 events, latest first."""
        request = pb.ListEventsRequest(parent=RULESET, page_size=200)
        return list(self.releases.ListEvents(request, timeout=TIMEOUT).events)

    def assess(
        self, on: str = "2026-12-01", amount: str = "1500.00", min_state_number: int = 0
    ) -> assessment_pb2.Assessment:
        """The advice on an application made on a day, whose loan pays the whole project."""
        change = {"request_date": on, "loan": {"amount": amount}, "project": {"total_cost": amount}}
        facts = merged(BASE, change)
        request = rpc.AssessEligibilityRequest(
            application=application(facts), min_state_number=min_state_number
        )
        return self.eligibility.AssessEligibility(request, timeout=TIMEOUT).assessment


def version_name(version: str) -> str:
    """The name of a version."""
    return f"{RULESET}/versions/{version}"


def periods(ruleset: package_pb2.Package) -> list[tuple[str, str, str]]:
    """The timeline: first day, day after the last (empty = without end), version."""
    return [
        (
            _written(period.start_date),
            _written(period.end_date) if period.HasField("end_date") else "",
            period.version,
        )
        for period in ruleset.timeline
    ]


def _written(date: Any) -> str:
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}"


@dataclass(frozen=True)
class Refusal:
    """What a failed call says."""

    code: str
    reason: str
    metadata: Mapping[str, str]
    violations: tuple[tuple[str, str], ...]
    message: str


def refusal(call: Callable[..., object], *arguments: Any, **fields: Any) -> Refusal:
    """How a call is refused."""
    with pytest.raises(grpc.RpcError) as failure:
        call(*arguments, **fields)
    return read_refusal(status_of(failure.value), failure.value.code().name)


def read_refusal(status: status_pb2.Status, code: str) -> Refusal:
    """The details of a status."""
    info, bad, local = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.LocalizedMessage(),
    )
    for detail in status.details:
        for message in (info, bad, local):
            detail.Unpack(message)
    assert local.locale == "fr-FR"
    violations = tuple((one.field, one.reason) for one in bad.field_violations)
    return Refusal(code, info.reason, dict(info.metadata), violations, local.message)


@contextmanager
def serving(
    launch: Launch, *arguments: str, workers: int = 1, env: Mapping[str, str] | None = None
) -> Iterator[Rules]:
    """A client of a server of its own, stopped at the end."""
    server = start(launch, *arguments, workers=workers, env=env)
    try:
        with Rules(server.address) as client:
            yield client
    finally:
        assert server.stop() == 0


def start(
    launch: Launch, *arguments: str, workers: int = 1, env: Mapping[str, str] | None = None
) -> RunningServer:
    """A server with time enough for the checks of a busy machine."""
    options = ("--workers", str(workers), "--deadline-seconds", str(TIMEOUT), *arguments)
    return launch("services.eligibility", *options, env=env)


def shared_store(folder: Path) -> dict[str, str]:
    """The environment of servers that share a store."""
    folder.mkdir(parents=True, exist_ok=True)
    return throwaway_stores(folder)


def each_worker(server: RunningServer) -> Iterator[Rules]:
    """A client connected to each worker of a server."""
    missing = set(server.workers())
    limit = time.monotonic() + TIMEOUT
    while missing:
        assert time.monotonic() < limit
        client = Rules(server.address)
        if (pid := client.status().process_id) in missing:
            missing.discard(pid)
            yield client
        else:
            client.channel.close()


def resident_bytes(process_id: int) -> int:
    """Memory of a process."""
    pages = Path(f"/proc/{process_id}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
