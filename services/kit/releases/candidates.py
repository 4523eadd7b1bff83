"""What requests ask to check or publish: read, and checked one at a time."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from microcredit.releases.v1 import package_pb2
from services.kit.context import check_deadline, remaining
from services.kit.errors import FailedPrecondition, FieldReason, InvalidArgument, Violation, Violations
from services.kit.releases import requests
from services.kit.releases.archive import ArchiveError, Contents, digest, unpack
from services.kit.releases.deployments import Deployments
from services.kit.releases.kinds import Kind
from services.kit.releases.report import FINDINGS_ALONE, Asked, Report
from services.kit.releases.requests import Quoted
from services.kit.releases.timeline import Candidate, Release, State
from services.kit.releases.turns import Turns
from services.kit.store import fingerprint

ANSWER_SECONDS = 0.5
"""What a check leaves of the time of its call, to answer in."""


class Candidates:
    """The candidates of requests; `turns` is shared by the workers of the server."""

    def __init__(self, deployments: Deployments[Any], turns: Turns) -> None:
        self._deployments = deployments
        self._store = deployments.store
        self._turns = turns

    def asked(self, request: Any) -> str:
        """What tells a candidate from another one, before any work: its files, or the edit as it was sent."""
        if request.WhichOneof("candidate") == "edited":
            message: package_pb2.EditedFile = request.edited
            return fingerprint("edited", message.SerializeToString(deterministic=True))
        try:
            files = digest(unpack(request.archive))
        except ArchiveError:
            files = hashlib.sha256(request.archive).hexdigest()
        if not request.HasField("ruleset"):
            return files
        return fingerprint(files, request.ruleset.SerializeToString(deterministic=True))

    def contents(self, request: Any, kind: Kind[Any]) -> tuple[Contents, Release | None]:
        """The files of a candidate, and the published version that is named; InvalidArgument or NotFound."""
        fields = requests.ReleaseFields(self._deployments.kinds)
        match request.WhichOneof("candidate"):
            case "archive":
                return requests.unpacked(request.archive, kind), None
            case "name":
                named, stored, version = fields.version(request.name, "name")
                fields.violations.raise_if_any()
                release = requests.find_version(self._store.state(), named, stored, version)
                return self._deployments.contents(release.digest), release
            case "edited":
                return self._edited(request.edited, kind, fields), None
        raise required_candidate()

    def _edited(
        self, message: package_pb2.EditedFile, kind: Kind[Any], fields: requests.ReleaseFields
    ) -> Contents:
        """The version published last with another file; that version itself if nothing changes."""
        stored, edited = fields.edited(message, kind)
        fields.violations.raise_if_any()
        state = self._store.state()
        requests.check_published(state, kind, stored)
        assert kind.editing is not None  # noqa: S101 - `edited` refused the kinds without
        contents = self._deployments.contents(state.latest(stored).digest)
        versions = [release.version for release in state.releases if release.name == stored]
        with self._turns.taken():  # an edited file is read, too, in a process of its own
            return kind.editing.apply(contents, edited, versions)

    def check(self, contents: Contents, kind: Kind[Any], asked: Asked = FINDINGS_ALONE) -> Report:
        """Every finding on the files of a candidate, when its turn comes."""
        with self._turns.taken():
            # Short of time, the caller is told while it still listens.
            report = kind.check(contents, max(0.0, remaining() - ANSWER_SECONDS), asked)
            check_deadline()
        return report


def accepted(report: Report) -> Candidate:
    """The candidate of a package without errors; InvalidArgument with every error."""
    if report.candidate is None or report.errors:
        raise InvalidArgument(
            "PACKAGE_REFUSED",
            report.summary,
            metadata={"findings": str(len(report.errors))},
            violations=[Violation(str(one.place), FieldReason.FINDING, one.told) for one in report.errors],
        )
    return report.candidate


def proved(report: Report, candidate: Candidate, quoted: Quoted) -> Candidate:
    """The candidate with what its check counted and what its publisher says of it; FailedPrecondition with
    each change that no case sees, where they are too many and nothing says why that may be."""
    if report.proof is None:
        return candidate
    if report.shortfall and not quoted.waiver:
        raise FailedPrecondition(
            "WAIVER_REQUIRED",
            report.shortfall.sentence,
            metadata={
                "mutations": str(report.proof.mutation_count),
                "seen": str(report.proof.seen_count),
                "equivalent": str(report.proof.equivalent_count),
            },
            violations=[
                Violation(str(one.place), FieldReason.FINDING, one.told) for one in report.shortfall.unseen
            ],
        )
    proof = replace(report.proof, report=quoted.report, waiver=quoted.waiver)
    return replace(candidate, proof=proof)


def check_single(state: State, kind: Kind[Any], candidate: Candidate) -> None:
    """FailedPrecondition for another package than the one of its kind, where a service applies only one."""
    applied = next((release.name for release in state.releases if kind.holds(release.name)), candidate.name)
    if kind.single and candidate.name != applied:
        raise FailedPrecondition(
            "PACKAGE_ID_MISMATCH",
            f"Ce service applique « {kind.name(applied)} » ; ce paquet est « {kind.name(candidate.name)} ».",
            metadata={"name": kind.name(applied), "given": kind.name(candidate.name)},
        )


def required_candidate() -> InvalidArgument:
    """The error of a request without a candidate."""
    violations = Violations()
    violations.add(
        "candidate", FieldReason.REQUIRED, "Donnez une archive, un fichier modifié, ou le nom d’une version."
    )
    return violations.error()
