"""What a command line in French needs: help, output, exit codes, calls to a server.

- `accesses`: The commands on the journal of accesses of a server.
- `add_commands`: Adds functions as commands; the shared options fill their `Call` or `Output`.
- `Address`: Where a program finds its server: the variable that says it, else the address itself.
- `Annotate`: The option that writes a file with what is said of it.
- `as_json`: The message in the JSON of protobuf, every field present, with the names of the contract.
- `Call`: One run of a command that calls a server: which server, as whom, and where its answer goes.
- `civil`: A date of the contract.
- `CommandError`: The command ends here, with a French sentence, its details and an exit code.
- `day`: A date of the contract as a person reads it.
- `destination`: Where a file of the server is written.
- `Detail`: One thing wrong: a field or a place of a file, and a French sentence.
- `DryRun`: The option that verifies everything and writes nothing.
- `Edition`: How a file edited alone becomes a version.
- `FrenchCommand`: A command whose help is in French.
- `FrenchGroup`: A group of commands whose help is in French.
- `GOOD`: Exit code 0: all is well.
- `instant`: An instant of the contract as a person reads it.
- `last_part`: What a name ends with: a version, an identifier.
- `Output`: The answer of one command: `document` for machines, the rest for a person.
- `parse_day`: A day as people say it: 31/12/2026, 2026-12-31, 31 décembre 2026, demain; in the time of Paris.
- `program`: A program of several commands, with its help in French.
- `read_file`: The bytes of a file; CommandError.
- `REFUSED`: Exit code 1: a refusal, a difference or an anomaly.
- `ReleaseClient`: Calls a server about the packages of one collection.
- `ReleaseCommands`: The commands of one kind of packages deployed without the code.
- `Remote`: A server called as one actor.
- `run`: Runs the command line (that of the process unless given); returns the exit code.
- `said_day`: The same, from a present day; None if it is none.
- `SERVER`: Exit code 3: the server cannot be reached or failed.
- `signing`: The commands keygen and sign.
- `Target`: The server that is called, and who calls it.
- `to_date`: A date as the contract writes it.
- `trust`: The commands on the keys and the policy of a store, for one who administers the server.
- `USAGE`: Exit code 2: the command line is wrong.
- `Words`: How a program speaks of one kind of packages.
- `write_file`: Writes a file, with its folder; CommandError.
"""

from services.kit.cli import accesses, signing, trust
from services.kit.cli.commands import Call, add_commands
from services.kit.cli.days import parse_day, said_day
from services.kit.cli.french_help import FrenchCommand, FrenchGroup
from services.kit.cli.outcome import GOOD, REFUSED, SERVER, USAGE, CommandError, Detail
from services.kit.cli.output import Output
from services.kit.cli.program import program, run
from services.kit.cli.release_client import ReleaseClient
from services.kit.cli.release_showing import Words
from services.kit.cli.releases import Annotate, Edition, ReleaseCommands, destination, read_file, write_file
from services.kit.cli.remote import Remote
from services.kit.cli.showing import as_json, civil, day, instant, last_part, to_date
from services.kit.cli.target import Address, DryRun, Target
