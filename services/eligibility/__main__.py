"""`python -m services.eligibility [options]`: serves eligibility and loans; `… trust …`: the keys."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from services.eligibility.app import make_app, open_trust
from services.eligibility.config import Settings
from services.kit.cli import trust
from services.kit.serve import server
from services.kit.store import store_clock


def main(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code."""
    if arguments[:1] == ["trust"]:
        return trust.main("eligibility", lambda: open_trust(Settings.load([])), arguments[1:])
    acts = {"confirm-clock": _confirm_clock}
    return server.main(Settings, make_app, arguments, acts=acts)


def _confirm_clock(settings: Settings, by: str) -> str:
    return store_clock.confirm(settings.database_url, settings.master_key_file, by)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
