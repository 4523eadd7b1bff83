"""What a command line in French needs: help, output, exit codes, calls to a server.

- `add_commands`: Adds functions as commands; the shared options fill their `Call` or `Output`.
- `Address`: Where a program finds its server: the variable that says it, else the address itself.
- `as_json`: The message in the JSON of protobuf, every field present, with the names of the contract.
- `Call`: One run of a command that calls a server: which server, as whom, and where its answer goes.
- `CommandError`: The command ends here, with a French sentence, its details and an exit code.
- `civil`: A date of the contract.
- `Comment`: The option that says why a command writes.
- `day`: A date of the contract as a person reads it.
- `DryRun`: The option that verifies everything and writes nothing.
- `instant`: An instant of the contract as a person reads it.
- `Detail`: One thing wrong: a field or a place of a file, and a French sentence.
- `FrenchCommand`: A command whose help is in French.
- `FrenchGroup`: A group of commands whose help is in French.
- `GOOD`: Exit code 0: all is well.
- `Output`: The answer of one command: `document` for machines, the rest for a person.
- `parse_day`: A date written 2027-01-01 or 01/01/2027.
- `program`: A program of several commands, with its help in French.
- `REFUSED`: Exit code 1: a refusal, a difference or an anomaly.
- `Remote`: A server called as one actor.
- `run`: Runs the command line (that of the process unless given); returns the exit code.
- `SERVER`: Exit code 3: the server cannot be reached or failed.
- `Target`: The server that is called, and who calls it.
- `to_date`: A date as the contract writes it.
- `USAGE`: Exit code 2: the command line is wrong.
"""

from services.kit.cli.commands import Call, add_commands
from services.kit.cli.french_help import FrenchCommand, FrenchGroup
from services.kit.cli.outcome import GOOD, REFUSED, SERVER, USAGE, CommandError, Detail
from services.kit.cli.output import Output
from services.kit.cli.program import program, run
from services.kit.cli.remote import Remote
from services.kit.cli.showing import as_json, civil, day, instant, to_date
from services.kit.cli.target import Address, Comment, DryRun, Target, parse_day

__all__ = [
    "GOOD",
    "REFUSED",
    "SERVER",
    "USAGE",
    "Address",
    "Call",
    "CommandError",
    "Comment",
    "Detail",
    "DryRun",
    "FrenchCommand",
    "FrenchGroup",
    "Output",
    "Remote",
    "Target",
    "add_commands",
    "as_json",
    "civil",
    "day",
    "instant",
    "parse_day",
    "program",
    "run",
    "to_date",
]
