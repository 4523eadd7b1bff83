"""Access: who calls, and what each may do.

- `Access`: Says who calls one process; `start` keeps the files and the keys of the providers fresh.
- `is_loopback`: Whether only this machine reaches an address.
- `TlsFiles`: The files (PEM) of a server: its certificate with those between it and its authority, its key,
  and the authorities of those it speaks with.
"""

from services.kit.access.access import Access
from services.kit.access.certificates import TlsFiles
from services.kit.access.configuration import is_loopback
