"""What a person does to the store of a service from its machine, the same in every service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from services.kit.serve.config import AccessSettings
from services.kit.serve.server import Act
from services.kit.store import KeyPlan, rotate_master_key, store_clock

S = TypeVar("S", bound=AccessSettings)


def store_acts(plan: KeyPlan, databases: Callable[[S], Mapping[str, str]]) -> Mapping[str, Act[S]]:
    """The acts on a store whose keys are those of a plan; `databases` gives the databases that hold keys, by
    their French names."""

    def rotate(settings: S, by: str, _word: str) -> str:
        return rotate_master_key(
            databases(settings), settings.access_database_url, settings.master_key_file, by
        )

    def verify(settings: S, head: str, _word: str) -> str:
        return settings.anchored(plan).verify(Path(head) if head else None)

    return {
        "confirm-clock": Act(
            lambda settings, by, _: store_clock.confirm(settings.clocks(), settings.master_key_file, by)
        ),
        "rotate-master-key": Act(rotate),
        "publish-head": Act(lambda settings, _by, _word: settings.anchored(plan).publish()),
        "acknowledge-head": Act(lambda settings, by, lost: settings.anchored(plan).acknowledge(lost, by)),
        "verify": Act(verify, option="--head"),
    }
