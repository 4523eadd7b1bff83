"""What the handlers of the services share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.bank_registry.api.views import View, registry_at, registry_clock, view
from services.bank_registry.messages import Sight
from services.bank_registry.registry import Geography
from services.bank_registry.store import RegistryStore
from services.kit.wire import Page

MAX_PAGE_BYTES = 1024 * 1024
"""A page ends early above this size: unary answers stay under 2 MiB."""


class Handlers:
    """The registry and the geography that handlers answer from; `page_key` seals the tokens of lists."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography
        self._page_key = store.page_key()

    def _clock(self) -> int:
        """The present instant of the registry (UTC, in microseconds)."""
        return registry_clock(self._store.registry())

    def _view(self, sight: Sight, page: Page | None = None) -> View:
        """What a read asks for; the pages of a list all show the state of the first one."""
        state_number = page.place.state_number if page else 0
        registry = registry_at(self._store, max(sight.min_state_number, state_number))
        return view(registry, sight.known_instant, state_number)


def fill(field: Any, messages: Iterable[Any]) -> int:
    """Adds messages to a repeated field until the page is too large; returns how many, one at least."""
    size = count = 0
    for message in messages:
        size += message.ByteSize()
        if size > MAX_PAGE_BYTES and count:
            break
        field.append(message)
        count += 1
    return count
