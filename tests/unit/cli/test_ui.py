"""`gatewayd ui`: the page of a replica, on a port of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewayd.cli import ui as command
from gatewayd.introspection import client
from tests.fakes.pod_ports import Pods, in_background, written_kubeconfig
from tests.unit.cli.command import Gatewayd
from tests.unit.cli.test_asked_run import cluster, free_port


def test_the_page_of_a_replica_is_shown_on_a_port_of_this_machine(
    gatewayd: Gatewayd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, seen = free_port(), []
    pods = Pods(ports={"one": port})
    monkeypatch.setattr(command, "_until_interrupted", lambda: seen.append("waited"))

    with in_background(cluster(pods, port)) as url:
        ran = gatewayd("ui", "--kubeconfig", written_kubeconfig(tmp_path, str(url)))

    assert ran.code == 0, ran.err
    assert ran.out.startswith("page: http://127.0.0.1:")
    assert ran.out.endswith("/?token=t\n")
    assert seen == ["waited"]
    assert ("one", "18004") in pods.asked_for


def test_the_page_is_that_of_the_replica_that_answered(
    gatewayd: Gatewayd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, led_to = free_port(), []
    pods = Pods(ports={"one": free_port(), "two": port})

    @asynccontextmanager
    async def forwarded(_asked_for: object, replica: str, _port: int) -> AsyncIterator[int]:
        led_to.append(replica)
        yield 1

    monkeypatch.setattr(command, "_forwarded", forwarded)
    monkeypatch.setattr(command, "_until_interrupted", lambda: None)
    with in_background(cluster(pods, port)) as url:
        ran = gatewayd("ui", "--kubeconfig", written_kubeconfig(tmp_path, str(url)))

    assert (ran.code, led_to) == (0, ["two"]), ran.err


def test_of_a_run_it_is_that_of_up(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "open_page", lambda _path: "")

    ran = gatewayd("ui", "--socket", "somewhere")

    assert (ran.code, "gatewayd up --ui" in ran.err) == (3, True)
