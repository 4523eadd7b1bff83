"""What is made from the protos: the page of errors, and the contracts that a client's programmer receives.

- `comments`: Leading comments by source path.
- `CORE_REFUSALS`: What the core of gRPC refuses by itself, before our door.
- `describe`: Compiles every proto under a root, with its comments and all that it imports.
- `errors_page`: The page of errors, in French.
- `own`: The files of the contract, without those of Google.
- `HOSTS`: The services by the name of their host: the package of each, and the collections that it deploys.
- `write_bundle`: Writes the descriptors, the zip of the protos, the schema of the dossier, the service
  config, and the OpenAPI description and the reference page of each service.
"""

from tools.contracts.bundle import write_bundle
from tools.contracts.openapi import HOSTS
from tools.contracts.page import CORE_REFUSALS, errors_page
from tools.contracts.reading import comments, describe, own

__all__ = ["CORE_REFUSALS", "HOSTS", "comments", "describe", "errors_page", "own", "write_bundle"]
