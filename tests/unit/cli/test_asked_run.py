"""From a laptop: a kubeconfig, an API server that forwards ports, and replicas on the loopback of their pods."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewayd.introspection.server import on_loopback
from tests.fakes.pod_ports import Pods, in_background, pods_served, written_kubeconfig
from tests.unit.cli.command import Gatewayd
from tests.unit.introspection.answering import ANSWERS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def cluster(pods: Pods, port: int) -> AsyncIterator[str]:
    async with on_loopback(ANSWERS, port), pods_served(pods) as url:
        yield url


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def pods(port: int) -> Pods:
    return Pods(ports={"one": port, "two": port})


@pytest.fixture
def kubeconfig(pods: Pods, port: int, tmp_path: Path) -> Iterator[Path]:
    with in_background(cluster(pods, port)) as url:
        yield written_kubeconfig(tmp_path, str(url), "default")


def test_all_replicas_are_asked_and_told_as_one(gatewayd: Gatewayd, kubeconfig: Path, pods: Pods) -> None:
    ran = gatewayd("status", "--kubeconfig", kubeconfig)

    assert ran.out.splitlines()[0] == "gatewayd 0.1.0 serves the cluster of here (one, two)"
    assert sorted(pods.asked_for) == [("one", "18002"), ("two", "18002")]
    assert ran.code == 2, ran.err  # a proxy refuses something


def test_the_namespace_is_that_of_the_context_unless_another_one_is_named(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    assert "1 Gateway, 2 routes" in gatewayd("status", "--kubeconfig", kubeconfig).out
    assert "0 routes" in gatewayd("status", "--kubeconfig", kubeconfig, "-n", "shop").out
    assert "2 routes" in gatewayd("status", "--kubeconfig", kubeconfig, "-A").out


def test_one_replica_says_why(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    ran = gatewayd("why", "httproute/it", "-n", "shop", "--kubeconfig", kubeconfig)

    assert ran.out.splitlines()[:2] == ["in the run of ./gateway", "   HTTPRoute shop/it: generation 0"]


def test_the_namespace_of_the_context_is_meant_where_none_is_named(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    assert gatewayd("why", "gateway/gw", "--kubeconfig", kubeconfig).out.endswith(
        "NO Gateway default/gw: does not exist\n"
    )


def test_a_request_is_explained_by_a_replica(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    ran = gatewayd("explain", "http://shop.example/cart", "--kubeconfig", kubeconfig)

    assert ran.code == 0
    assert "HTTPRoute shop/it spec.rules[0].matches[0] takes it" in ran.out
    assert (
        '"result": "rule"'
        in gatewayd("explain", "http://shop.example/cart", "--kubeconfig", kubeconfig, "-o", "json").out
    )


def test_a_request_that_no_listener_is_for(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    ran = gatewayd("explain", "http://shop.example:81/cart", "--kubeconfig", kubeconfig)

    assert (ran.code, ran.err) == (1, "gatewayd: no listener of any Gateway is for http on port 81\n")


def test_versions_of_a_cluster(gatewayd: Gatewayd, kubeconfig: Path) -> None:
    assert "run          0.1.0 of the cluster of here (one, two)" in gatewayd("version", "--kubeconfig", kubeconfig).out


def test_a_replica_that_cannot_be_reached_is_named_and_the_other_one_answers(
    gatewayd: Gatewayd, kubeconfig: Path, pods: Pods
) -> None:
    pods.forbidden = frozenset({"two"})

    ran = gatewayd("status", "--kubeconfig", kubeconfig)

    assert "serves the cluster of here (one)" in ran.out
    assert "replica two: 403" in ran.err


def test_what_it_takes_is_said_when_none_can_be_reached(gatewayd: Gatewayd, kubeconfig: Path, pods: Pods) -> None:
    pods.forbidden = frozenset({"one", "two"})

    ran = gatewayd("status", "--kubeconfig", kubeconfig)

    assert ran.code == 3
    assert "the right to get and create pods/portforward in namespace gatewayd-system" in ran.err


def test_a_replica_that_does_not_answer(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with in_background(pods_served(Pods(ports={"one": free_port()}))) as url:
        ran = gatewayd("status", "--kubeconfig", written_kubeconfig(tmp_path, str(url)))

    assert ran.code == 3
    assert "replica one: " in ran.err


def test_nothing_runs_there(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with in_background(pods_served(Pods(ports={}))) as url:
        ran = gatewayd("why", "gateway/web", "--kubeconfig", written_kubeconfig(tmp_path, str(url)))

    assert ran.code == 3
    assert "context here: no gatewayd runs in namespace gatewayd-system" in ran.err


def test_a_context_that_is_none(gatewayd: Gatewayd, tmp_path: Path) -> None:
    file = written_kubeconfig(tmp_path, "http://127.0.0.1:1")
    ran = gatewayd("status", "--kubeconfig", file, "--context", "there")

    assert (ran.code, ran.err) == (3, "gatewayd: --context there: there is no such context; there are: here\n")


def test_nobody_is_there(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("status", "--kubeconfig", written_kubeconfig(tmp_path, "http://127.0.0.1:1"))

    assert ran.code == 3
    assert "127.0.0.1" in ran.err


def test_a_file_that_is_not_there(gatewayd: Gatewayd, tmp_path: Path) -> None:
    assert gatewayd("status", "--kubeconfig", tmp_path / "none").code == 3
