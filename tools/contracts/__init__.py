"""What is made from the protos: the page of errors, and the contracts that a client's programmer receives.

- `comments`: Leading comments by source path.
- `CORE_REFUSALS`: What the core of gRPC refuses by itself, before our door.
- `describe`: Compiles every proto under a root, with its comments and all that it imports.
- `errors_page`: The page of errors, in French.
- `own`: The files of the contract, without those of Google.
- `write_bundle`: Writes the descriptor set, the zip of the protos, the schema of the dossier and the service
  config.
"""

from tools.contracts.bundle import write_bundle
from tools.contracts.page import CORE_REFUSALS, errors_page
from tools.contracts.reading import comments, describe, own

__all__ = ["CORE_REFUSALS", "comments", "describe", "errors_page", "own", "write_bundle"]
