"""A pre-forked gRPC server and its one door: settings, logs, admission, errors, health.

- `AccessSettings`: What a server that keeps a journal of accesses reads too: where it is, its key, and where
  the heads of its chains are anchored.
- `all_of`: What raises the first error of several checks.
- `App`: A service: `prepare` runs once in the master before the fork, `build` in each worker after it.
- `configure`: Sends structlog and the standard logging of the libraries to stderr, as JSON.
- `EPOCHS_DESCRIPTION`: What a service says of the setting that places the keys of its epochs.
- `exception_fields`: The types and the frames (file:line:function) of an exception and of its causes.
- `HEADS_DESCRIPTION`: What a service says of the setting that places its anchored heads.
- `internal_error`: What a client learns of an unexpected error in a part of its call; the log has the rest.
- `MASTER_KEY_DESCRIPTION`: What a service says of the setting that places its master key.
- `overloaded`: The refusal of a call for which there is no place in time.
- `placeless`: A handler that holds no place: it waits its turn by itself.
- `Registration`: A servicer, the full name of its proto service and the generated function that adds it to
  a server.
- `registration`: What registers a servicer, read from the generated class that it implements.
- `server`: The pre-forked gRPC server of a service: each worker is a synchronous grpcio server on the same
  port.
- `ServerSettings`: What every server reads at start; a service subclasses it with its `env_prefix` and its
  own fields.
- `store_acts`: The acts on a store whose keys are those of a plan; `databases` gives the databases that hold
  keys, by their French names.
- `StoreSettings`: What a server that keeps a store reads too: a service adds the places of its own parts.
- `to_status`: The status of an error, under MAX_STATUS_BYTES; its metadata count the violations left out.
"""

from services.kit.serve import server
from services.kit.serve.acts import store_acts
from services.kit.serve.admission import overloaded, placeless
from services.kit.serve.config import (
    EPOCHS_DESCRIPTION,
    HEADS_DESCRIPTION,
    MASTER_KEY_DESCRIPTION,
    AccessSettings,
    ServerSettings,
    StoreSettings,
)
from services.kit.serve.interceptor import internal_error
from services.kit.serve.liveness import all_of
from services.kit.serve.logs import configure, exception_fields
from services.kit.serve.server import App, Registration, registration
from services.kit.serve.status import to_status
