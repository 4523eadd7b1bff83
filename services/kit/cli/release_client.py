"""The ReleaseService of a server, as the commands call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from microcredit.releases.v1.release_service_pb2_grpc import ReleaseServiceStub
from services.kit.cli.outcome import SERVER, CommandError
from services.kit.cli.remote import Remote
from services.kit.cli.showing import civil, last_part, to_date
from services.kit.releases import SIGNATURE_FILE, ArchiveError, unpack

_PAGE = 200
Sign = Callable[[package_pb2.Event, str], bytes]
"""The signature file of what an act would be, on the state of its package that the etag tells."""


class ReleaseClient:
    """Calls a server about the packages of one collection; an empty identifier means its only package."""

    def __init__(self, remote: Remote, collection: str) -> None:
        self._remote = remote
        self._stub = ReleaseServiceStub(self._remote.channel)
        self._collection = collection

    def check(self, candidate: Mapping[str, Any], *, annotated: bool = False) -> pb.CheckPackageResponse:
        """Every finding on a candidate."""
        request = pb.CheckPackageRequest(collection=self._collection, with_annotations=annotated, **candidate)
        return self._remote.call(self._stub.CheckPackage, request)

    def publish(self, candidate: Mapping[str, Any], **fields: Any) -> pb.PublishPackageResponse:
        """Publishes a candidate."""
        request = pb.PublishPackageRequest(collection=self._collection, **candidate, **fields)
        return self._remote.call(self._stub.PublishPackage, request)

    def activate(
        self, identifier: str, version: str, first: date | None, sign: Sign | None = None, **fields: Any
    ) -> pb.ActivateVersionResponse:
        """Activates a version if nothing happened to its package since its timeline was read."""
        read = self.package(identifier)
        request = pb.ActivateVersionRequest(
            name=f"{read.name}/versions/{version}", effective_date=to_date(first), etag=read.etag, **fields
        )
        answer: pb.ActivateVersionResponse = self._acted(self._stub.ActivateVersion, request, read, sign)
        return answer

    def rollback(
        self, identifier: str, first: date | None, sign: Sign | None = None, **fields: Any
    ) -> pb.RollbackPackageResponse:
        """Undoes the last activation if nothing happened since it was read."""
        read = self.package(identifier)
        request = pb.RollbackPackageRequest(
            name=read.name, effective_date=to_date(first), etag=read.etag, **fields
        )
        answer: pb.RollbackPackageResponse = self._acted(self._stub.RollbackPackage, request, read, sign)
        return answer

    def _acted(self, method: Any, request: Any, read: package_pb2.Package, sign: Sign | None) -> Any:
        """The answer of an act; `sign` first signs what the server says that it would be."""
        if sign is not None and not request.validate_only:
            tried = type(request)()
            tried.CopyFrom(request)
            tried.validate_only, tried.request_id = True, ""
            request.signature = sign(self._remote.call(method, tried).event, read.etag)
        return self._remote.call(method, request)

    def package(self, identifier: str) -> package_pb2.Package:
        """A package."""
        if identifier:
            request = pb.GetPackageRequest(name=f"{self._collection}/{identifier}")
            return self._remote.call(self._stub.GetPackage, request).package
        found = self.packages()
        if not found:
            raise CommandError("Rien n’est publié sur ce serveur.", reason="PACKAGE_NOT_FOUND")
        return found[0]

    def packages(self) -> list[package_pb2.Package]:
        """All the packages."""
        request = pb.ListPackagesRequest(collection=self._collection, page_size=_PAGE)
        return list(self._pages(self._stub.ListPackages, request, "packages"))

    def versions(self, name: str) -> list[package_pb2.Version]:
        """All the versions of a package, latest first."""
        request = pb.ListVersionsRequest(parent=name, page_size=_PAGE)
        return list(self._pages(self._stub.ListVersions, request, "versions"))

    def events(self, name: str, most: int = 0) -> list[package_pb2.Event]:
        """The events of a package, latest first: all of them, or at most so many."""
        request = pb.ListEventsRequest(parent=name, page_size=most or _PAGE)
        if most:
            return list(self._remote.call(self._stub.ListEvents, request).events)
        return list(self._pages(self._stub.ListEvents, request, "events"))

    def status(self) -> package_pb2.Status:
        """What the process that answers applies."""
        return self._remote.call(self._stub.GetStatus, pb.GetStatusRequest()).status

    def version(self, identifier: str, version: str, file: str = "") -> pb.GetVersionResponse:
        """A version, the one published last when none is named: one of its files, or its archive."""
        read = self.package(identifier)
        number = version or last_part(read.latest_version)
        request = pb.GetVersionRequest(
            name=f"{read.name}/versions/{number}", with_archive=not file, with_file=file
        )
        return self._remote.call(self._stub.GetVersion, request)

    def files(self, answer: pb.GetVersionResponse) -> Mapping[str, bytes]:
        """The files of a version that came with its archive, without its signature."""
        try:
            contents = unpack(answer.archive)
        except ArchiveError as error:
            raise CommandError(str(error), exit_code=SERVER) from None
        return {path: content for path, content in contents.items() if path != SIGNATURE_FILE}

    def in_force(self, identifier: str, day: date) -> str:
        """The version that governs a day; empty when none does."""
        for period in self.package(identifier).timeline:
            end = civil(period.end_date) if period.HasField("end_date") else date.max
            if civil(period.start_date) <= day < end:
                return period.version
        return ""

    def _pages(self, method: Any, request: Any, field: str) -> Iterator[Any]:
        while True:
            answer = self._remote.call(method, request)
            yield from getattr(answer, field)
            if not answer.next_page_token:
                return
            request.page_token = answer.next_page_token
