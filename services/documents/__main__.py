"""`python -m services.documents [options]`: serves the documents; `… trust …`: the keys."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from services.documents.app import make_app, open_trust
from services.documents.config import Settings
from services.documents.store import STORE_KEYS
from services.kit.cli import trust
from services.kit.serve import server
from services.kit.store import anchoring, rotate_master_key, store_clock


def main(arguments: Sequence[str]) -> int:
    """Runs a command and returns its exit code."""
    if arguments[:1] == ["trust"]:
        return trust.main("documents", lambda: open_trust(Settings.load([])), arguments[1:])
    return server.main(Settings, make_app, arguments, acts=_acts())


def _confirm_clock(settings: Settings, by: str, _word: str) -> str:
    return store_clock.confirm(settings.database_url, settings.master_key_file, by)


def _rotate_master_key(settings: Settings, by: str, _word: str) -> str:
    databases = {
        "la base des documents": settings.database_url,
        "la base des clés": settings.keys_database_url,
    }
    return rotate_master_key(databases, settings.access_database_url, settings.master_key_file, by)


def _acts() -> Mapping[str, Callable[[Settings, str, str], str]]:
    return {
        "confirm-clock": _confirm_clock,
        "rotate-master-key": _rotate_master_key,
        "publish-head": _publish_head,
        "acknowledge-head": _acknowledge_head,
    }


def _publish_head(settings: Settings, _by: str, _word: str) -> str:
    return anchoring.publish_head(
        settings.database_url, settings.master_key_file, STORE_KEYS, settings.head_places()
    )


def _acknowledge_head(settings: Settings, by: str, word: str) -> str:
    return anchoring.acknowledge_head(
        settings.database_url, settings.master_key_file, STORE_KEYS, settings.head_places(), word, by
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
