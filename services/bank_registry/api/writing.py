"""How every write goes: one transaction, one answer for a repeated request, nothing kept by a validation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from services.bank_registry.messages import Writing
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit import context
from services.kit.errors import Unavailable
from services.kit.store import fingerprint

R = TypeVar("R", bound=Message)

Work = Callable[[Edit, Origin], R]
"""Writes in a session, and makes the answer with the state that it returned."""


def write(store: RegistryStore, request: Message, asked: Writing, response: type[R], work: Work[R]) -> R:
    """Does the work of a request, or gives the answer that it had before; the method is that of `response`.

    With `validate_only` the work is done then undone, and the answer says the present state_number.
    """
    actor = context.actor()
    method = response.DESCRIPTOR.name.removesuffix("Response")
    mark = fingerprint(method.encode(), actor.encode(), request.SerializeToString(deterministic=True))
    with store.edit(keep=not asked.validate_only) as session:
        given = session.answered(asked.request_id, mark)
        if given is not None:
            return response.FromString(given)
        answer: Any = work(session, Origin(actor, method, asked.reason))
        if asked.validate_only:
            answer.state_number = session.registry.state_number
        else:
            session.remember(asked.request_id, mark, answer.SerializeToString())
    with suppress(Unavailable):
        store.registry(answer.state_number)  # this process answers with the change at once
    return cast(R, answer)
