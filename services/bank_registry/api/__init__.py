"""The services of the contract: each RPC reads its request with `messages`, asks the logic, and answers.

- `Auditor`: Reads and verifies the audit of a store.
- `BankEditingServicer`: What the registry keeper writes.
- `BankRegistryServicer`: Answers from the registry in memory: checks, reads and changes; `domain` is that
  of ErrorInfo.
- `EnvelopeServicer`: Reservations; the lock of the store makes them one after the other.
- `Exporter`: Exports files of lenders.
- `import_file`: Shows what is refused, and writes the difference if nothing is; returns the exit code, 1 if
  refused.
- `Importer`: Imports files of lenders.
- `Redactor`: Redacts texts of a store.
- `RegistryAdminServicer`: Imports and exports files of lenders, proves what was written, redacts texts.
- `repair_clock`: Gives the hour of today to the states that a clock ahead dated in the future, in the name of
  a person; gives a French sentence, or StartupError.
"""

from services.bank_registry.api.admin import Auditor, RegistryAdminServicer
from services.bank_registry.api.clocks import repair_clock
from services.bank_registry.api.editing import BankEditingServicer
from services.bank_registry.api.envelopes import EnvelopeServicer
from services.bank_registry.api.redactions import Redactor
from services.bank_registry.api.service import BankRegistryServicer
from services.bank_registry.api.transfers import Exporter, Importer, import_file
