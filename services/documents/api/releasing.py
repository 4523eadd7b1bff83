"""What TemplateService and ProfileService do in common: publish, read, activate, roll back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from microcredit.documents.v1 import release_pb2 as pb
from services.documents.contract import PackageError
from services.documents.messages import package_messages as messages
from services.documents.messages import package_requests as requests
from services.documents.publishing import TEMPLATES, Deployments, Report, damaged
from services.kit.context import actor
from services.kit.errors import FieldReason, InvalidArgument, Unavailable, Violation, Violations
from services.kit.releases import Candidate, Change, Contents, PackageDamagedError, Release, State, digest
from services.kit.wire import paging

Check = Callable[[Contents], Report]


@dataclass(frozen=True)
class Published:
    """A publication: the revision, the report of its check, and whether anything was written."""

    revision: pb.PackageRevision
    report: pb.CheckReport
    created: bool


@dataclass(frozen=True)
class Changed:
    """An activation or a rollback: the event, the package after it, and what it supersedes."""

    event: pb.PackageEvent
    package: pb.Package
    superseded: list[str]


class Releasing:
    """The packages of one collection; `page_key` seals the tokens of lists."""

    def __init__(self, collection: str, deployments: Deployments, page_key: bytes) -> None:
        self.collection = collection
        self._deployments = deployments
        self._store = deployments.store
        self._follower = deployments.follower
        self._page_key = page_key

    def release(self, name: str, field: str = "name") -> Release:
        """The published revision that a request names."""
        violations = Violations()
        package, version = requests.revision_name(name, field, self.collection, violations)
        violations.raise_if_any()
        return requests.find_release(self._store.state(), package, version)

    def latest(self, name: str) -> tuple[Release, list[Release]]:
        """The revision of a package published last, and all of them; NotFound."""
        state = self._store.state()
        requests.check_published(state, name)
        published = [release for release in state.releases if release.name == name]
        return published[-1], published

    def publish(self, contents: Contents, check: Check, request: Any) -> Published:
        """Keeps a package that passes its check; a content known already is not checked again."""
        writing = requests.writing(request, Violations())
        state = self._store.state()
        given = digest(contents)
        known = next((one for one in state.releases if one.digest == given), None)
        if known is not None:
            days = (known.valid_from, known.valid_until)
            candidate = Candidate(known.name, known.version, *days, contents)
            report = messages.known_report_pb(known)
        else:
            candidate, report = self._checked(check(contents))
        publication = self._store.publish(
            candidate,
            actor=actor(),
            comment=writing.comment,
            request_id=writing.request_id,
            validate_only=request.validate_only,
        )
        self._follow()
        title = self._title_of(candidate.contents)
        revision = messages.revision_pb(publication.release, title)
        return Published(revision, report, publication.created)

    def package(self, name: str, min_state_number: int) -> pb.Package:
        """A package as the store shows it now."""
        violations = Violations()
        requests.package_name(name, "name", self.collection, violations)
        requests.check_revision(min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        state = self._store.state()
        requests.check_reached(state, min_state_number)
        return self._package(state, name)

    def packages(self, request: Any) -> tuple[list[pb.Package], str]:
        """A page of the packages, and the token of the next one."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        state = self._store.state()
        state = state.as_of(page.place.state_number or state.revision)
        names = [name for name in state.names if name.startswith(f"{self.collection}/")]
        token = page.next_token(self._page_key, request, len(names), state.revision)
        return [self._package(state, name) for name in page.of(names)], token

    def revision(self, name: str) -> tuple[pb.PackageRevision, Contents]:
        """A published revision, and its files."""
        release = self.release(name)
        contents = self._deployments.contents(release.digest)
        return messages.revision_pb(release, self._title(release.digest)), contents

    def revisions(self, request: Any) -> tuple[list[pb.PackageRevision], str]:
        """A page of the revisions of a package, latest first, and the token of the next one."""
        name, page, state = self._listed(request)
        found = [release for release in reversed(state.releases) if release.name == name]
        token = page.next_token(self._page_key, request, len(found), state.revision)
        return [messages.revision_pb(one, self._title(one.digest)) for one in page.of(found)], token

    def events(self, request: Any) -> tuple[list[pb.PackageEvent], str]:
        """A page of the events of a package, latest first, and the token of the next one."""
        name, page, state = self._listed(request)
        found = [event for event in reversed(state.events) if event.name == name]
        token = page.next_token(self._page_key, request, len(found), state.revision)
        return [messages.event_pb(event) for event in page.of(found)], token

    def activate(self, request: Any) -> Changed:
        """A revision governs from a day on."""
        violations = Violations()
        name, version = requests.revision_name(request.name, "name", self.collection, violations)
        day = requests.effective_date(request, violations)
        writing = requests.writing(request, violations)
        release = requests.find_release(self._store.state(), name, version)
        activate = partial(
            self._store.activate,
            name,
            release.version,
            day,
            actor=actor(),
            comment=writing.comment,
            etag=request.etag,
            request_id=writing.request_id,
            supersede_planned=request.supersede_planned,
        )
        return self._changed(activate, request.validate_only)

    def rollback(self, request: Any) -> Changed:
        """What governed before the last activation governs again."""
        violations = Violations()
        name = requests.package_name(request.name, "name", self.collection, violations)
        day = requests.effective_date(request, violations)
        writing = requests.writing(request, violations)
        requests.check_published(self._store.state(), name)
        rollback = partial(
            self._store.rollback,
            name,
            day,
            actor=actor(),
            comment=writing.comment,
            etag=request.etag,
            request_id=writing.request_id,
        )
        return self._changed(rollback, request.validate_only)

    def _listed(self, request: Any) -> tuple[str, paging.Page, State]:
        """The package of a list, the page asked for, and the state that this page shows."""
        violations = Violations()
        name = requests.package_name(request.parent, "parent", self.collection, violations)
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        state = self._store.state()
        requests.check_published(state, name)
        return name, page, state.as_of(page.place.state_number or state.revision)

    def _checked(self, report: Report) -> tuple[Candidate, pb.CheckReport]:
        """The candidate of a package without errors; InvalidArgument with every error."""
        package, errors = report.package, report.findings.errors
        if package is None or errors:
            raise InvalidArgument(
                "PACKAGE_REFUSED",
                report.summary(),
                metadata={"findings": str(len(errors))},
                violations=[
                    Violation(one.place, FieldReason.FINDING, f"{one.sentence} ({one.code})")
                    for one in errors
                ],
            )
        days = (package.effective_from, package.effective_until)
        candidate = Candidate(f"{self.collection}/{package.id}", package.version, *days, report.contents)
        return candidate, messages.report_pb(report)

    def _changed(self, change: Callable[..., Change], validate_only: bool) -> Changed:
        """Makes a change, once what it would apply was compiled here: nothing that cannot answer governs."""
        try:
            made = change(validate_only=True)
            self._deployments.try_out(made.event.name, made.event.digest)
            if not validate_only:
                made = change(validate_only=False)
        except (PackageDamagedError, PackageError):
            raise damaged("") from None
        self._follow()
        return Changed(
            messages.event_pb(made.event),
            self._package(made.state, made.event.name),
            [messages.revision_name(release) for release in made.superseded],
        )

    def _follow(self) -> None:
        """This process answers with the change at once; if the store has just stopped answering, a little
        later."""
        with suppress(Unavailable):
            self._follower.refresh()

    def _package(self, state: State, name: str) -> pb.Package:
        requests.check_published(state, name)
        latest = next(release for release in reversed(state.releases) if release.name == name)
        return messages.package_pb(state, name, self._title(latest.digest))

    def _title(self, package_digest: str) -> str:
        """The title of a published package; empty when what is stored of it cannot be trusted."""
        with suppress(PackageDamagedError, PackageError):
            return self._deployments.packages.title(
                self.collection == TEMPLATES, package_digest, self._store.contents
            )
        return ""

    def _title_of(self, contents: Contents) -> str:
        with suppress(PackageError):
            return self._deployments.packages.title(
                self.collection == TEMPLATES, digest(contents), lambda _: contents
            )
        return ""
