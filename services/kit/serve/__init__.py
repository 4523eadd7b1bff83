"""A pre-forked gRPC server and its one door: settings, logs, admission, errors, health.

- `App`: A service: `prepare` runs once in the master before the fork, `build` in each worker after it.
- `exception_fields`: The types and the frames (file:line:function) of an exception and of its causes.
- `internal_error`: What a client learns of an unexpected error in a part of its call; the log has the rest.
- `OwnThreads`: A handler that gRPC runs on a pool of threads of its own.
- `Registration`: A servicer, the full name of its proto service and the generated function that adds it to
  a server.
- `server`: The pre-forked gRPC server of a service: each worker is a synchronous grpcio server on the same
  port.
- `ServerSettings`: What every server reads at start; a service subclasses it with its `env_prefix` and its
  own fields.
- `WAITING_CHECKS`: Room for the calls that wait for a turn on threads of their own.
- `to_status`: The status of an error, under MAX_STATUS_BYTES; its metadata count the violations left out.
"""

from services.kit.serve import server
from services.kit.serve.config import WAITING_CHECKS, ServerSettings
from services.kit.serve.interceptor import OwnThreads, internal_error
from services.kit.serve.logs import exception_fields
from services.kit.serve.server import App, Registration
from services.kit.serve.status import to_status

__all__ = [
    "WAITING_CHECKS",
    "App",
    "OwnThreads",
    "Registration",
    "ServerSettings",
    "exception_fields",
    "internal_error",
    "server",
    "to_status",
]
