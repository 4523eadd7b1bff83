"""Access: who calls, and what each may do.

- `act_on_case`: Refuses the current call if it may not act for a case: PermissionDenied; `tries` writes
  nothing.
- `Access`: Says who calls one process; `start` keeps the files and the keys of the providers fresh.
- `AccessDoor`: Proves who calls, permits calls and notes them, if the service keeps that; to be opened after
  the fork only.
- `AccessKeeping`: Where a service keeps its journal of accesses, and what it says of cases.
- `CaseBook`: What a service says of cases: whether it keeps something of one, and what stands for one in its
  store.
- `channel_credentials`: TLS towards another server, to which this side shows its certificate; StartupError
  if a file is bad.
- `Guard`: Says of each call whether it may be made, before anything is looked up for it.
- `is_loopback`: Whether only this machine reaches an address.
- `host_of`: The host of `host:port` or `[::1]:port`.
- `Outgoing`: The channel to another server, made again when the files of our certificate change.
- `may_change_case`: Whether the current call may change what is kept of a case; without one, only who acts
  for all may.
- `may_list_case`: Whether a case is among those that the current call may list.
- `may_read_case`: Whether the current call may read what is kept of a case, named by its reference or by its
  tag.
- `Quotas`: The calls of the present minute by application; made before the fork, it is shared by the workers.
- `Roles`: The table in force: an operator's file is read again when it changes, and kept as it was when it
  becomes wrong.
- `TlsFiles`: The files (PEM) of a server: its certificate with those between it and its authority, its key,
  and the authorities of those it speaks with.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.kit.access.access import Access
    from services.kit.access.cases import CaseBook, act_on_case, may_change_case, may_list_case, may_read_case
    from services.kit.access.certificates import TlsFiles, channel_credentials
    from services.kit.access.configuration import is_loopback
    from services.kit.access.door import AccessDoor, AccessKeeping
    from services.kit.access.guard import Guard, Roles
    from services.kit.access.outgoing import Outgoing, host_of
    from services.kit.access.quota import Quotas

_ROOMS = {
    "access": "Access",
    "cases": "CaseBook act_on_case may_change_case may_list_case may_read_case",
    "certificates": "TlsFiles channel_credentials",
    "configuration": "is_loopback",
    "door": "AccessDoor AccessKeeping",
    "guard": "Guard Roles",
    "outgoing": "Outgoing host_of",
    "quota": "Quotas",
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    # A command line needs how to call a server, not what the server keeps: without SQL it starts in half the
    # time. A module is imported when a name of it is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
