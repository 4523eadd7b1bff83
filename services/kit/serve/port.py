"""Reservation of the listening port, so that two servers never share it in silence."""

from __future__ import annotations

import errno
import socket

from services.kit.errors import StartupError

_SENTENCES = {
    errno.EADDRINUSE: (
        "Le port {port} est déjà utilisé sur {host} : arrêtez le programme qui l’occupe ou "
        "choisissez un autre port avec --port."
    ),
    errno.EACCES: "Le port {port} est réservé au système : choisissez un port au-dessus de 1023 avec --port.",
    errno.EADDRNOTAVAIL: "L’adresse {host} n’est pas celle de cette machine : corrigez-la avec --host.",
}


def reserve(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen: the workers listen beside it with SO_REUSEPORT.

    It is first bound without SO_REUSEPORT, which fails if any program uses the port; then with SO_REUSEADDR,
    for the connections that a stopped server leaves closing, removed at once: it would let another server in.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise StartupError(f"L’adresse {host} est inconnue : corrigez-la avec --host.") from None
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        _bind(held, address)
    except OSError as error:
        held.close()
        sentence = _SENTENCES.get(error.errno or 0, "Le port {port} de {host} ne peut pas être ouvert.")
        raise StartupError(sentence.format(host=host, port=port)) from None
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return held


def _bind(held: socket.socket, address: object) -> None:
    try:
        held.bind(address)  # type: ignore[arg-type]
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)  # type: ignore[arg-type]


def address_of(held: socket.socket) -> str:
    """`127.0.0.1:50051` or `[::1]:50051`."""
    host, port = held.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
