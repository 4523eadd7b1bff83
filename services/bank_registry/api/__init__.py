"""The services of the contract: each RPC reads its request with `messages`, asks the logic, and answers.

- `add_to_server`: What the generated function does, but for CheckBank, whose answers are bytes already.
- `Auditor`: Reads and verifies the audit of a store.
- `BankEditingServicer`: What the registry keeper writes.
- `BankRegistryServicer`: Answers from the registry in memory.
- `EnvelopeServicer`: Reservations; the lock of the store makes them one after the other.
- `Exporter`: Exports files of lenders.
- `Importer`: Imports files of lenders.
- `RegistryAdminServicer`: Imports and exports files of lenders, and proves what was written.
- `RememberedChecks`: CheckBank in bytes: the answer of the servicer, without the work when it was given
  before.
"""

from services.bank_registry.api.admin import RegistryAdminServicer
from services.bank_registry.api.audit import Auditor
from services.bank_registry.api.editing import BankEditingServicer
from services.bank_registry.api.envelopes import EnvelopeServicer
from services.bank_registry.api.remembered import RememberedChecks, add_to_server
from services.bank_registry.api.service import BankRegistryServicer
from services.bank_registry.api.transfers import Exporter, Importer

__all__ = [
    "Auditor",
    "BankEditingServicer",
    "BankRegistryServicer",
    "EnvelopeServicer",
    "Exporter",
    "Importer",
    "RegistryAdminServicer",
    "RememberedChecks",
    "add_to_server",
]
