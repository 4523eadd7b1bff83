"""What a command line in French needs: help, output, exit codes, calls to a server.

- `Actor`: The option that says who acts, as an annotation.
- `Address`: Where a program finds its server.
- `CommandError`: The command ends here, with a French sentence, its details and an exit code.
- `Comment`: The option that says why, as an annotation.
- `destination`: Where a file of the server is written.
- `Detail`: One thing wrong: a field or a place of a file, and a French sentence.
- `DryRun`: The option that tries without writing, as an annotation.
- `Edition`: How a file edited alone becomes a version.
- `FrenchCommand`: A command whose help is in French.
- `FrenchGroup`: A group of commands whose help is in French.
- `GOOD`: Exit code 0: all is well.
- `Json`: The option that asks for a JSON document, as an annotation.
- `Output`: The answer of one command: `document` for machines, the rest for a person.
- `parse_day`: A date written 2027-01-01 or 01/01/2027.
- `program`: A program of several commands, with its help in French.
- `read_file`: The bytes of a file; CommandError.
- `REFUSED`: Exit code 1: a refusal, a difference or an anomaly.
- `ReleaseClient`: Calls a server about the packages of one collection.
- `ReleaseCommands`: The commands of one kind of packages deployed without the code.
- `Remote`: A server called as one actor.
- `run`: Runs the command line (that of the process unless given); returns the exit code.
- `SERVER`: Exit code 3: the server cannot be reached or failed.
- `showing`: Messages as a person reads them, and as JSON documents.
- `signing`: The commands keygen and sign.
- `Target`: The server that is called, and who calls it.
- `USAGE`: Exit code 2: the command line is wrong.
- `Words`: How a program speaks of one kind of packages.
- `write_file`: Writes a file, with its folder; CommandError.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from services.kit.cli import signing
from services.kit.cli.french_help import FrenchCommand, FrenchGroup
from services.kit.cli.outcome import GOOD, REFUSED, SERVER, USAGE, CommandError, Detail
from services.kit.cli.output import Output
from services.kit.cli.program import program, run
from services.kit.cli.releases import Edition, ReleaseCommands, Words, destination, read_file, write_file
from services.kit.cli.target import Actor, Address, Comment, DryRun, Json, Target, parse_day

if TYPE_CHECKING:
    from services.kit.cli import showing
    from services.kit.cli.release_client import ReleaseClient
    from services.kit.cli.remote import Remote

__all__ = [
    "GOOD",
    "REFUSED",
    "SERVER",
    "USAGE",
    "Actor",
    "Address",
    "CommandError",
    "Comment",
    "Detail",
    "DryRun",
    "Edition",
    "FrenchCommand",
    "FrenchGroup",
    "Json",
    "Output",
    "ReleaseClient",
    "ReleaseCommands",
    "Remote",
    "Target",
    "Words",
    "destination",
    "parse_day",
    "program",
    "read_file",
    "run",
    "showing",
    "signing",
    "write_file",
]

_ON_THE_NETWORK = {"ReleaseClient": "release_client", "Remote": "remote"}


def __getattr__(name: str) -> object:
    """What calls a server, loaded when a command asks for it."""
    # --help and the commands on folders need neither gRPC nor protobuf, longer to import than they run.
    if name == "showing":
        return import_module(f"{__name__}.showing")
    if name not in _ON_THE_NETWORK:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ON_THE_NETWORK[name]}"), name)
