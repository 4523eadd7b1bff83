"""What a command line in French needs: help, output, exit codes, calls to a server.

- `CommandError`: The command ends here, with a French sentence, its details and an exit code.
- `Detail`: One thing wrong: a field or a place of a file, and a French sentence.
- `FrenchCommand`: A command whose help is in French.
- `FrenchGroup`: A group of commands whose help is in French.
- `GOOD`: Exit code 0: all is well.
- `Output`: The answer of one command: `document` for machines, the rest for a person.
- `program`: A program of several commands, with its help in French.
- `REFUSED`: Exit code 1: a refusal, a difference or an anomaly.
- `Remote`: A server called as one actor.
- `run`: Runs the command line (that of the process unless given); returns the exit code.
- `SERVER`: Exit code 3: the server cannot be reached or failed.
- `USAGE`: Exit code 2: the command line is wrong.
"""

from services.kit.cli.french_help import FrenchCommand, FrenchGroup
from services.kit.cli.outcome import GOOD, REFUSED, SERVER, USAGE, CommandError, Detail
from services.kit.cli.output import Output
from services.kit.cli.program import program, run
from services.kit.cli.remote import Remote

__all__ = [
    "GOOD",
    "REFUSED",
    "SERVER",
    "USAGE",
    "CommandError",
    "Detail",
    "FrenchCommand",
    "FrenchGroup",
    "Output",
    "Remote",
    "program",
    "run",
]
