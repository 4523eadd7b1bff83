"""Packages deployed without the code: published once, activated at a date, followed by every process.

- `accepted`: The candidate of a package without errors; InvalidArgument with every error.
- `ACTOR`: Who publishes and activates what a service ships, in the history.
- `ArchiveError`: The archive is refused; `sentence` says why in French.
- `Asked`: What is wanted of a check besides its findings.
- `Author`: Who makes a change, when and why.
- `Candidate`: A package to publish; it may govern from `valid_from` to `valid_until`, both included.
- `Candidates`: The candidates of requests, checked one at a time.
- `chain_events`: Creates the chain of records with what happened so far, in the place of the table of events,
  for the service's migration.
- `check_published`: NotFound if no version of that package is published.
- `Compiled`: A compiled package, and the bytes of its files.
- `compiled_cache`: Compiled packages at hand, in force or not; made before the fork.
- `Contents`: The files of a package, by their path.
- `create_release_tables`: Creates the tables of the first stores, whose events are no chain yet, for the
  service's migration.
- `Deployment`: What governs in a state of the store.
- `Deployments`: The packages of this process, which follow the store.
- `Description`: What a package says of itself: its title and what only its kind says.
- `digest`: SHA-256, in hexadecimal, over the sorted paths and contents, each preceded by its length; the
  signature is left out.
- `Edited`: A file edited alone, to become the next version of a package.
- `Editing`: How a file edited alone becomes a package.
- `ReleaseFields`: The fields of a request, for the kinds of packages of a service.
- `FINDINGS_ALONE`: Nothing is wanted of a check besides its findings.
- `find_version`: The published version of a name; NotFound.
- `FOR_EVER`: Revoked from its first signature on.
- `in_force`: The name and the version of each package of a store that governs today, for a process that
  serves not yet.
- `Key`: A public key (32 bytes), what it signs and when; no `collections` means all of them.
- `Kind`: One kind of package, as a service hands it in.
- `Kinds`: The kinds of packages of a service.
- `make_append_only`: Makes the database refuse to change or delete a row of a table.
- `open_releases`: The chain of what happens to releases, under a seal.
- `pack`: A zip of a package: the same bytes for the same contents.
- `PackageDamagedError`: What is stored of a package is not what was published.
- `Policy`: What a publication and an activation must have: `signatures` and `signed_activations` by a stored
  key, `two_persons` that who activates is known and is not who published.
- `Proof`: How much the cases of a package see of the changes of one token.
- `Release`: A published package; it may govern from `valid_from` to `valid_until`, both included.
- `ReleaseServicer`: The ReleaseService of the contract, for whatever a service deploys.
- `ReleaseSettings`: What a server that deploys packages reads too: recorded at the first use of a store, then
  compared.
- `RELEASE_CHAIN`: The purpose of the key that seals what happens to releases.
- `ReleaseStore`: Publishes, activates and rolls back, as the policy of the store asks.
- `Report`: What the check of a candidate found.
- `Segment`: Days governed by one version, compiled.
- `Shortfall`: That the cases of a package see too little, and each change that none of them sees.
- `signature`: Ed25519 signatures of packages, in a file of the package that its digest leaves out.
- `SIGNATURE_FILE`: The file of a package that holds its signature.
- `Span`: Days governed by one release.
- `State`: Everything published and activated up to a state.
- `Statement`: What is signed: this content is this version of this package.
- `TrustError`: A change of keys that is refused; `sentence` says why in French.
- `TrustStore`: The keys and the policy of a store, the same for every server that uses it.
- `Turns`: Turns taken by the threads and the workers of a server, one at a time.
- `unpack`: The files of anyone's zip; ArchiveError if it is unsound or too large.
- `unpacked`: The files of an archive of a kind; InvalidArgument.
- `used`: What governs some days; FailedPrecondition when it cannot be used: another version never takes its
  place.
- `versions`: The numbers of versions: one grammar and one order for every kind of package.
- `verify_releases`: Whether what happened to the releases is as it was written, under a seal.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.kit.releases import signature, versions
    from services.kit.releases.archive import SIGNATURE_FILE, ArchiveError, Contents, digest, pack, unpack
    from services.kit.releases.candidates import Candidates, accepted
    from services.kit.releases.deployments import (
        Compiled,
        Deployment,
        Deployments,
        Segment,
        compiled_cache,
        used,
    )
    from services.kit.releases.history import Author
    from services.kit.releases.kinds import Description, Edited, Editing, Kind, Kinds
    from services.kit.releases.ledger import RELEASE_CHAIN, open_releases, verify_releases
    from services.kit.releases.report import FINDINGS_ALONE, Asked, Report, Shortfall
    from services.kit.releases.requests import ReleaseFields, check_published, find_version, unpacked
    from services.kit.releases.service import ReleaseServicer
    from services.kit.releases.settings import ReleaseSettings
    from services.kit.releases.signature import Statement
    from services.kit.releases.store import ACTOR, PackageDamagedError, ReleaseStore, in_force
    from services.kit.releases.tables import chain_events, create_release_tables, make_append_only
    from services.kit.releases.timeline import Candidate, Proof, Release, Span, State
    from services.kit.releases.trust import Key, Policy
    from services.kit.releases.trust_store import FOR_EVER, TrustError, TrustStore
    from services.kit.releases.turns import Turns

_ROOMS = {
    "archive": "ArchiveError Contents SIGNATURE_FILE digest pack unpack",
    "candidates": "Candidates accepted",
    "deployments": "Compiled Deployment Deployments Segment compiled_cache used",
    "history": "Author",
    "report": "Asked FINDINGS_ALONE Report Shortfall",
    "kinds": "Description Edited Editing Kind Kinds",
    "requests": "ReleaseFields check_published find_version unpacked",
    "service": "ReleaseServicer",
    "settings": "ReleaseSettings",
    "signature": "Statement",
    "ledger": "RELEASE_CHAIN open_releases verify_releases",
    "store": "ACTOR PackageDamagedError ReleaseStore in_force",
    "tables": "chain_events create_release_tables make_append_only",
    "timeline": "Candidate Proof Release Span State",
    "trust": "Key Policy",
    "trust_store": "FOR_EVER TrustError TrustStore",
    "turns": "Turns",
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    # A process that checks a stranger's package needs an archive and its digest: neither SQL nor gRPC, whose
    # import takes longer than many a check. A module is imported when a name of it is asked for.
    if name in ("signature", "versions"):
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
