"""The ReleaseService of the contract, for whatever a service deploys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import grpc

from microcredit.releases.v1 import package_pb2
from microcredit.releases.v1 import release_service_pb2 as pb
from microcredit.releases.v1.release_service_pb2_grpc import ReleaseServiceServicer
from services.kit.context import actor, remaining, stopping
from services.kit.errors import FieldReason, NotFound, Unavailable
from services.kit.releases import messages, past, requests
from services.kit.releases.archive import digest, pack
from services.kit.releases.candidates import Candidates, accepted, check_single, proved, required_candidate
from services.kit.releases.changes import Transition
from services.kit.releases.deployments import Deployments, require, unreadable
from services.kit.releases.kinds import Kind
from services.kit.releases.ledger import HistoryAlteredError
from services.kit.releases.report import Asked
from services.kit.releases.store import PackageDamagedError, Publication
from services.kit.releases.timeline import Candidate, Release, State
from services.kit.serve import placeless
from services.kit.wire import paging

WATCH_SECONDS = 0.5
"""How soon a watch sees that its client left, that the server stops, or that its time runs out."""


class ReleaseServicer(ReleaseServiceServicer):
    """Checks, publishes, activates and rolls back packages; `page_key` seals the tokens of its lists."""

    def __init__(self, deployments: Deployments[Any], candidates: Candidates, page_key: bytes) -> None:
        self._deployments = deployments
        self._candidates = candidates
        self._store = deployments.store
        self._follower = deployments.follower
        self._kinds = deployments.kinds
        self._page_key = page_key

    @placeless
    def CheckPackage(
        self, request: pb.CheckPackageRequest, context: grpc.ServicerContext
    ) -> pb.CheckPackageResponse:
        """Every finding on a candidate."""
        kind = requests.ReleaseFields(self._kinds).collection(request)
        contents, published = self._candidates.contents(request, kind)
        report = self._candidates.check(contents, kind, Asked(annotated=request.with_annotations))
        report = past.told(self._deployments, kind, report)
        found = messages.report(report, kind, digest(report.contents), published)
        return pb.CheckPackageResponse(report=found)

    @placeless
    def PublishPackage(
        self, request: pb.PublishPackageRequest, context: grpc.ServicerContext
    ) -> pb.PublishPackageResponse:
        """A package that passes its check becomes a version; a content known already is not checked
        again."""
        fields = requests.ReleaseFields(self._kinds)
        kind = fields.collection(request)
        if request.WhichOneof("candidate") is None:
            fields.violations.extend(required_candidate().violations)
        quoted, writing = fields.quoted(request, kind), fields.writing(request)
        asked, who = self._candidates.asked(request), actor()
        done = self._store.published(asked, actor=who, comment=writing.comment, request_id=writing.request_id)

        def publish(candidate: Candidate) -> Publication:
            return self._store.publish(
                candidate,
                actor=who,
                comment=writing.comment,
                request_id=writing.request_id,
                validate_only=request.validate_only,
                asked=asked,
            )

        if done is None:
            return self._published(request, kind, quoted, publish)
        return self._known(done, kind)

    def GetPackage(
        self, request: pb.GetPackageRequest, context: grpc.ServicerContext
    ) -> pb.GetPackageResponse:
        """A package as the store shows it now."""
        fields = requests.ReleaseFields(self._kinds)
        kind, stored = fields.package(request.name, "name")
        asked = fields.state_number(request.min_state_number, "min_state_number")
        fields.violations.raise_if_any()
        state = self._store.state()
        require(state.state_number, asked)
        return pb.GetPackageResponse(package=self._package(state, kind, stored))

    def ListPackages(
        self, request: pb.ListPackagesRequest, context: grpc.ServicerContext
    ) -> pb.ListPackagesResponse:
        """A page of the packages of a collection; every page shows the state of the first one."""
        fields = requests.ReleaseFields(self._kinds)
        kind = fields.collection(request)
        page = paging.asked_page(self._page_key, request, fields.violations)
        fields.violations.raise_if_any()
        state = self._as_of(page)
        names = [name for name in state.names if kind.holds(name)]
        return pb.ListPackagesResponse(
            packages=[self._package(state, kind, name) for name in page.of(names)],
            next_page_token=page.next_token(self._page_key, request, len(names), state.state_number),
        )

    def GetVersion(
        self, request: pb.GetVersionRequest, context: grpc.ServicerContext
    ) -> pb.GetVersionResponse:
        """One published version, and its files."""
        fields = requests.ReleaseFields(self._kinds)
        kind, stored, number = fields.version(request.name, "name")
        fields.violations.raise_if_any()
        release = requests.find_version(self._store.state(), kind, stored, number)
        contents = self._deployments.contents(release.digest)
        if request.with_file and request.with_file not in contents:
            fields.violations.add(
                "with_file", FieldReason.UNKNOWN_VALUE, "Ce paquet n’a pas de fichier de ce nom."
            )
            fields.violations.raise_if_any()
        return pb.GetVersionResponse(
            version=self._version(release, kind),
            archive=pack(contents) if request.with_archive else b"",
            file=contents[request.with_file] if request.with_file else b"",
        )

    def ListVersions(
        self, request: pb.ListVersionsRequest, context: grpc.ServicerContext
    ) -> pb.ListVersionsResponse:
        """A page of the versions of a package, latest first."""
        kind, stored, page, state = self._listed(request)
        found = [release for release in reversed(state.releases) if release.name == stored]
        return pb.ListVersionsResponse(
            versions=[self._version(release, kind) for release in page.of(found)],
            next_page_token=page.next_token(self._page_key, request, len(found), state.state_number),
        )

    def ListEvents(
        self, request: pb.ListEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListEventsResponse:
        """A page of the events of a package, latest first."""
        _, stored, page, state = self._listed(request)
        found = [event for event in reversed(state.events) if event.name == stored]
        return pb.ListEventsResponse(
            events=[messages.event(event, self._kinds) for event in page.of(found)],
            next_page_token=page.next_token(self._page_key, request, len(found), state.state_number),
        )

    def ActivateVersion(
        self, request: pb.ActivateVersionRequest, context: grpc.ServicerContext
    ) -> pb.ActivateVersionResponse:
        """A version governs from a day on."""
        fields = requests.ReleaseFields(self._kinds)
        kind, stored, number = fields.version(request.name, "name")
        day = fields.day(request, "effective_date")
        writing = fields.writing(request)
        activate = partial(
            self._store.activate,
            stored,
            number,
            day,
            actor=actor(),
            comment=writing.comment,
            etag=request.etag,
            request_id=writing.request_id,
            supersede_planned=request.supersede_planned,
            signature=request.signature,
        )
        not_found = requests.version_not_found(kind, stored, number)
        change = self._changed(activate, not_found, validate_only=request.validate_only)
        return pb.ActivateVersionResponse(
            event=messages.event(change.event, self._kinds),
            package=self._package(change.state, kind, stored),
            superseded=map(kind.version_name, change.superseded),
            findings=messages.findings(past.announced(self._deployments, kind, change)),
        )

    def RollbackPackage(
        self, request: pb.RollbackPackageRequest, context: grpc.ServicerContext
    ) -> pb.RollbackPackageResponse:
        """What governed before the last activation governs again."""
        fields = requests.ReleaseFields(self._kinds)
        kind, stored = fields.package(request.name, "name")
        day = fields.day(request, "effective_date")
        writing = fields.writing(request)
        rollback = partial(
            self._store.rollback,
            stored,
            day,
            actor=actor(),
            comment=writing.comment,
            etag=request.etag,
            request_id=writing.request_id,
            signature=request.signature,
        )
        not_found = requests.package_not_found(kind, stored)
        change = self._changed(rollback, not_found, validate_only=request.validate_only)
        return pb.RollbackPackageResponse(
            event=messages.event(change.event, self._kinds),
            package=self._package(change.state, kind, stored),
            findings=messages.findings(past.announced(self._deployments, kind, change)),
        )

    def GetStatus(self, request: pb.GetStatusRequest, context: grpc.ServicerContext) -> pb.GetStatusResponse:
        """What the process that answers applies."""
        state, deployment = self._follower.state(), self._follower.current()
        status = self._follower.status()
        # A history that was altered is told by the follower, which still knows the last state that verified.
        with suppress(HistoryAlteredError):
            status = replace(status, store_state_number=self._store.last_state_number())
        found = messages.status(status, state, deployment, self._kinds)
        return pb.GetStatusResponse(status=found)

    def WatchEvents(
        self, request: pb.WatchEventsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchEventsResponse]:
        """The events after a state number, then each new one until the client leaves or the server stops."""
        fields = requests.ReleaseFields(self._kinds)
        after = fields.state_number(request.after_state_number, "after_state_number")
        fields.violations.raise_if_any()
        while context.is_active() and not stopping() and remaining() > WATCH_SECONDS:
            if self._follower.status().store_state_number > after:
                for event in self._store.state().events:
                    if event.state_number > after:
                        yield pb.WatchEventsResponse(event=messages.event(event, self._kinds))
                        after = event.state_number
            self._follower.wait(after, WATCH_SECONDS)

    def _published(
        self,
        request: pb.PublishPackageRequest,
        kind: Kind[Any],
        quoted: requests.Quoted,
        publish: Callable[[Candidate], Publication],
    ) -> pb.PublishPackageResponse:
        """Checks and publishes what this request did not publish yet; a content known already is not checked
        again."""
        contents, _ = self._candidates.contents(request, kind)
        known = self._store.state().with_digest(digest(contents))
        if known is not None:
            days = (known.valid_from, known.valid_until)
            publication = publish(Candidate(known.name, known.version, *days, contents))
            return self._known(publication, kind)
        # Who has no key must not make the server work: the signature is looked at before the check.
        self._store.require_signature(contents)
        report = self._candidates.check(contents, kind, Asked(publishing=True, waived=bool(quoted.waiver)))
        report = past.told(self._deployments, kind, report)
        candidate = accepted(report)
        check_single(self._store.state(), kind, candidate)
        publication = publish(proved(report, candidate, quoted))
        self._follow()
        release = publication.release
        return pb.PublishPackageResponse(
            version=messages.version(release, kind, kind.describe(candidate.contents)),
            report=messages.report(report, kind, release.digest, release),
            created=publication.created,
        )

    def _known(self, publication: Publication, kind: Kind[Any]) -> pb.PublishPackageResponse:
        """The answer about a content that was checked when it was published."""
        release = publication.release
        return pb.PublishPackageResponse(
            version=self._version(release, kind),
            report=messages.known_report(
                release,
                kind,
                past.rewritten(
                    self._deployments, kind, release.name, self._deployments.contents(release.digest)
                ),
            ),
            created=publication.created,
        )

    def _changed(
        self, change: Callable[..., Transition], not_found: NotFound, *, validate_only: bool
    ) -> Transition:
        """Makes a change, once what it would apply was compiled here: nothing that cannot answer governs."""
        try:
            made = change(validate_only=True)
            for digest in made.regaining:
                self._deployments.try_out(made.state, made.event.name, digest)
            if not validate_only:
                made = change(validate_only=False)
        except NotFound:
            # The store looks up the request id first, and knows names of its own: this error has those of
            # the contract.
            raise not_found from None
        except PackageDamagedError:
            raise unreadable("") from None
        self._follow()
        return made

    def _follow(self) -> None:
        """This process answers with the change at once; if the store has just stopped answering, a little
        later."""
        with suppress(Unavailable):
            self._follower.refresh()

    def _package(self, state: State, kind: Kind[Any], stored: str) -> package_pb2.Package:
        requests.check_published(state, kind, stored)
        description = self._deployments.description(state.latest(stored))
        return messages.package(state, kind, stored, description)

    def _version(self, release: Release, kind: Kind[Any]) -> package_pb2.Version:
        return messages.version(release, kind, self._deployments.description(release))

    def _as_of(self, page: paging.Page) -> State:
        """The state that a page shows: that of the first one."""
        state = self._store.state()
        return state.as_of(page.place.state_number or state.state_number)

    def _listed(
        self, request: pb.ListVersionsRequest | pb.ListEventsRequest
    ) -> tuple[Kind[Any], str, paging.Page, State]:
        """The package of a list, the page asked for, and the state that this page shows."""
        fields = requests.ReleaseFields(self._kinds)
        kind, stored = fields.package(request.parent, "parent")
        page = paging.asked_page(self._page_key, request, fields.violations)
        fields.violations.raise_if_any()
        state = self._as_of(page)
        requests.check_published(state, kind, stored)
        return kind, stored, page, state
