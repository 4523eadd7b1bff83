"""`python -m services.eligibility [options]`: serves eligibility and loans; `… trust …`: the keys."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from services.eligibility.app import make_app, open_trust
from services.eligibility.config import Settings
from services.eligibility.store import STORE_KEYS
from services.kit.cli import trust
from services.kit.serve import server, store_acts


def main(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code."""
    if arguments[:1] == ["trust"]:
        return trust.main("eligibility", lambda: open_trust(Settings.load([])), arguments[1:])
    return server.main(Settings, make_app, arguments, acts=store_acts(STORE_KEYS, _databases))


def _databases(settings: Settings) -> Mapping[str, str]:
    return {
        "la base du journal": settings.database_url,
        "la base des clés": settings.keys_database_url,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
