"""Packages deployed without the code: published once, activated at a date, followed by every process.

- `ArchiveError`: The archive is refused; `sentence` says why in French.
- `Candidate`: A package to publish; it may govern from `valid_from` to `valid_until`, both included.
- `Change`: An event, the state after it, and the releases that lose days planned for them.
- `Contents`: The files of a package, by their path.
- `create_release_tables`: Creates the tables, for the service's migration.
- `digest`: SHA-256, in hexadecimal, over the sorted paths and contents, each preceded by its length; the
  signature is left out.
- `Event`: A publication, or the first day from which a release governs; `revision` orders events, not
  `time`.
- `EventKind`: What happened to a release.
- `Follower`: Holds what `build` makes of the last state that it could build; started after the fork.
- `FollowerStatus`: What a process applies; `problem` is a French sentence, empty when it follows the store.
- `make_append_only`: Makes the database refuse to change or delete a row of a table.
- `pack`: A zip of a package: the same bytes for the same contents.
- `PackageDamagedError`: What is stored of a package is not what was published, or is not signed by an
  accepted key.
- `PublicKeys`: The keys whose signatures are accepted, by key id.
- `Release`: A published package; it may govern from `valid_from` to `valid_until`, both included.
- `ReleaseStore`: Publishes, activates and rolls back; with keys, every package must be signed by one of
  them.
- `signature`: Ed25519 signatures of packages, in a file of the package that its digest leaves out.
- `SIGNATURE_FILE`: The file of a package that holds its signature.
- `Span`: Days, both ends included, governed by one release; no `last` means without end.
- `State`: Everything published and activated up to a revision.
- `Statement`: What is signed: this content is this version of this package.
- `unpack`: The files of anyone's zip; ArchiveError if it is unsound or too large.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from services.kit.releases import signature
from services.kit.releases.archive import SIGNATURE_FILE, ArchiveError, Contents, digest, pack, unpack
from services.kit.releases.changes import Change
from services.kit.releases.signature import PublicKeys, Statement
from services.kit.releases.timeline import Event, EventKind, Release, Span, State

if TYPE_CHECKING:
    from services.kit.releases.follower import Follower, FollowerStatus
    from services.kit.releases.store import Candidate, PackageDamagedError, ReleaseStore
    from services.kit.releases.tables import create_release_tables, make_append_only

__all__ = [
    "SIGNATURE_FILE",
    "ArchiveError",
    "Candidate",
    "Change",
    "Contents",
    "Event",
    "EventKind",
    "Follower",
    "FollowerStatus",
    "PackageDamagedError",
    "PublicKeys",
    "Release",
    "ReleaseStore",
    "Span",
    "State",
    "Statement",
    "create_release_tables",
    "digest",
    "make_append_only",
    "pack",
    "signature",
    "unpack",
]

_ON_THE_DATABASE = {
    "Candidate": "store",
    "Follower": "follower",
    "FollowerStatus": "follower",
    "PackageDamagedError": "store",
    "ReleaseStore": "store",
    "create_release_tables": "tables",
    "make_append_only": "tables",
}


def __getattr__(name: str) -> object:
    """What only a server uses, loaded when it is first asked for."""
    # A command only packs, unpacks and signs: loading SQLAlchemy for it would double the wait for each one.
    if name not in _ON_THE_DATABASE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ON_THE_DATABASE[name]}"), name)
