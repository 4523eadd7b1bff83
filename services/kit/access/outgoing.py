"""Calls to another server of ours: in clear on this machine where we have no certificate, else under it."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from services.kit.access.certificates import TlsFiles, channel_credentials
from services.kit.access.configuration import is_loopback
from services.kit.access.files import Watched
from services.kit.errors import StartupError

Options = Sequence[tuple[str, int]]


class Outgoing:
    """The channel to another server, made again when the files of our certificate change."""

    def __init__(self, address: str, tls: TlsFiles | None, options: Options) -> None:
        if not tls and not is_loopback(host_of(address)):
            raise StartupError(
                f"Le serveur refuse d’appeler {address} en clair : donnez-lui un certificat "
                "(voir docs/acces.md), ou une adresse de cette machine."
            )

        def make(_: Sequence[bytes]) -> grpc.Channel:
            if tls:
                return grpc.secure_channel(address, channel_credentials(tls), options)
            return grpc.insecure_channel(address, options)

        self._channel = Watched(tls.paths() if tls else (), make)

    def channel(self) -> grpc.Channel:
        """The channel of the next call; the one before serves the calls that it carries."""
        self._channel.refresh()
        return self._channel.value


def host_of(address: str) -> str:
    """The host of `host:port` or `[::1]:port`."""
    return address.rpartition(":")[0].strip("[]")
