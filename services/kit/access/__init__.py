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

from services.kit.access.access import Access
from services.kit.access.cases import CaseBook, act_on_case, may_change_case, may_list_case, may_read_case
from services.kit.access.certificates import TlsFiles, channel_credentials
from services.kit.access.configuration import is_loopback
from services.kit.access.door import AccessDoor, AccessKeeping
from services.kit.access.guard import Guard, Roles
from services.kit.access.outgoing import Outgoing, host_of
from services.kit.access.quota import Quotas
