"""The reservation of a port, in the moment when nobody listens yet."""

from __future__ import annotations

import socket

import pytest

from services.kit.errors import StartupError
from services.kit.serve import port

HOST = "127.0.0.1"


def left_closing() -> int:
    """A port whose server has just stopped: a connection that it closed first is still remembered."""
    with socket.create_server((HOST, 0)) as listener:
        number = int(listener.getsockname()[1])
        with socket.create_connection((HOST, number)) as client:
            listener.accept()[0].close()
            assert client.recv(1) == b""
    return number


def free() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(StartupError, match=r"192\.0\.2\.1 n’est pas celle de cette machine"):
        port.reserve("192.0.2.1", 0)


@pytest.mark.parametrize("found", [free, left_closing])
def test_a_port_is_reserved_by_one_server_alone(found: object) -> None:
    assert callable(found)
    number = found()
    with port.reserve(HOST, number), pytest.raises(StartupError, match="déjà utilisé"):
        port.reserve(HOST, number)
