"""`python -m services.bank_registry [serve] [options]` or `… import FICHIER [options]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from services.bank_registry import bootstrap
from services.bank_registry.app import make_app
from services.bank_registry.config import Settings
from services.kit.errors import DomainError, StartupError
from services.kit.french import spaced
from services.kit.serve import server


def main(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code; a failed import says why in one French sentence."""
    if "--help" in arguments and arguments[:1] != ["import"]:
        sys.stdout.write(spaced(f"{bootstrap.USAGE}\n\n"))
    if arguments[:1] != ["import"]:
        return server.main(Settings, make_app, arguments[1:] if arguments[:1] == ["serve"] else arguments)
    try:
        return bootstrap.import_file(arguments[1:])
    except StartupError as error:
        sys.stderr.write(f"{spaced(str(error))}\n")
    except DomainError as error:
        sys.stderr.write(f"{spaced(error.message)}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
