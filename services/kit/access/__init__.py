"""Access: who calls, and what each may do.

- `Guard`: Says of each call whether it may be made, before anything is looked up for it.
- `Quotas`: The calls of the present minute by application; made before the fork, it is shared by the workers.
- `Roles`: The table in force: an operator's file is read again when it changes, and kept as it was when it
  becomes wrong.
"""

from services.kit.access.guard import Guard, Roles
from services.kit.access.quota import Quotas
