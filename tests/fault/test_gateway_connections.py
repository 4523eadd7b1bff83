"""One address takes no more than its share of the connections of the gateway: the rules of the firewall,
tried in a network of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.support import ROOT

SCRIPT = """
import contextlib, socket, sys
family, host = (socket.AF_INET6, "::1") if sys.argv[1] == "ipv6" else (socket.AF_INET, "127.0.0.1")
with contextlib.ExitStack() as held:
    server = held.enter_context(socket.create_server((host, 8443), family=family, backlog=512))
    def opens():
        client = held.enter_context(socket.socket(family))
        client.settimeout(5)
        return client.connect_ex((host, 8443)) == 0
    print(sum(opens() for _ in range(80)))
"""


@pytest.mark.needs(shutil.which("nft") and shutil.which("ip") and os.geteuid() == 0, "nft, ip ou root manque")
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_an_address_has_at_most_sixty_four_connections(family: str) -> None:
    rules = ROOT / "deploy" / "gateway" / "connections.nft"
    commands = (
        f'ip link set lo up && nft -f "{rules}" && nft -f "{rules}" && "{sys.executable}" -c "$0" {family}'
    )
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", commands, SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "64"
