"""Checks of packages take turns over the workers of a server, and the answers go on meanwhile."""

from __future__ import annotations

import re
import threading
from pathlib import Path

from microcredit.eligibility.v1 import ruleset_service_pb2 as pb
from microcredit.releases.v1 import release_service_pb2
from services.kit.releases import pack
from tests.ruleset_support import TIMEOUT, Refusal, Rules, edited, refusal, start, variant
from tests.support import Launch, wait_until

CHECK = "services.eligibility.publishing.check.child"
AT_ONCE = 6


def checks_running(workers: list[int]) -> int:
    """The processes that check a package now for one of these workers."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        count += CHECK in command.split("\0") and parent in workers
    return count


def test_one_check_at_a_time_and_answers_meanwhile(launch: Launch) -> None:
    server = start(launch, workers=2)
    refused: list[Refusal] = []

    def publish(number: int) -> None:
        broken = edited(variant(f"2026.{number}"), ("rules.yaml", "amount_max", "amont_max"))
        with Rules(server.address) as client:
            if number % 2:  # a comparison checks what it is given, like a publication
                asked = pb.CompareRulesetsRequest(archive=pack(broken))
                refused.append(refusal(client.rulesets.CompareRulesets, asked, timeout=TIMEOUT))
            else:
                refused.append(refusal(client.publish, broken))

    authors = [threading.Thread(target=publish, args=(number,)) for number in range(2, 2 + AT_ONCE)]
    seen, answered = 0, 0
    with Rules(server.address) as client:
        for author in authors:
            author.start()
        while any(author.is_alive() for author in authors):
            seen = max(seen, checks_running(server.workers()))
            answered += client.assess().ruleset.version == "2026.1"
        for author in authors:
            author.join()
    assert (seen, answered > 0) == (1, True)
    # On a machine that is too busy a turn may not come in time: then it is said, and nothing else.
    assert {one.reason for one in refused} <= {"PACKAGE_REFUSED", "OVERLOADED", "CHECK_INTERRUPTED"}
    assert (len(refused), server.stop()) == (AT_ONCE, 0)


def test_a_check_whose_author_has_gone_is_not_made(launch: Launch) -> None:
    server = start(launch, workers=1)

    def ends() -> list[str]:
        """How the checks that were asked for ended, as the log says."""
        return re.findall(r'"method": "/\S*/CheckPackage", "code": "(\w+)"', server.log.read_text())

    broken = pack(edited(variant("2026.2"), ("rules.yaml", "amount_max", "amont_max")))
    with Rules(server.address) as client:
        asked = release_service_pb2.CheckPackageRequest(collection="rulesets", archive=broken)
        first = client.releases.CheckPackage.future(asked, timeout=TIMEOUT)
        while not checks_running(server.workers()):
            assert not first.done()
        waiting = [client.releases.CheckPackage.future(asked, timeout=TIMEOUT) for _ in range(3)]
        assert client.assess().ruleset.version == "2026.1"  # came after them, on the same channel
        for call in waiting:
            call.cancel()
        assert not first.result().report.accepted
        wait_until(lambda: len(ends()) == 4)
    assert sorted(ends()) == ["CANCELLED"] * 3 + ["OK"]
