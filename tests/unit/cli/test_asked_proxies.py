"""Proxies of a cluster, whose admin interface is asked by a command in their pods."""

import json
from pathlib import Path

import pytest

from gatewayd.cli.asked_proxies import ProxyChoice
from gatewayd.ir.infrastructure import label_value
from tests.fakes.pod_ports import NAMESPACE, Pods, in_background, pods_served, written_kubeconfig
from tests.unit.cli.command import Gatewayd
from tests.unit.introspection.dumps import dump

LABEL = "app.kubernetes.io/managed-by,gateway.networking.k8s.io/gateway-name"
OURS = {"app.kubernetes.io/managed-by": "gatewayd.red.example_gatewayd"}


def envoy(command: list[str]) -> tuple[bytes, str]:
    assert command[0] == "perl"
    method, target = command[-2:]
    assert (method, target) == ("GET", "/config_dump?include_eds")
    return b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + json.dumps(dump()).encode(), ""


def pods(**given: object) -> Pods:
    labels = {**OURS, "gateway.networking.k8s.io/gateway-name": "gw"}
    return Pods(ports={"gw-1": 1, "gw-2": 2}, label=LABEL, labels=labels, **given)  # type: ignore[arg-type]


def test_each_proxy_of_a_gateway_is_asked(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with in_background(pods_served(pods(run=envoy))) as url:
        file = written_kubeconfig(tmp_path, str(url))
        both = gatewayd("proxy", "clusters", f"{NAMESPACE}/gw", "--kubeconfig", file)
        one = gatewayd("proxy", "clusters", f"{NAMESPACE}/gw", "--proxy", "gw-2", "--kubeconfig", file)
        none = gatewayd("proxy", "clusters", f"{NAMESPACE}/other", "--kubeconfig", file)

    assert both.code == 0, both.err
    assert [line for line in both.out.splitlines() if line.startswith("proxy")] == [
        f"proxy gw-1 of Gateway {NAMESPACE}/gw:",
        f"proxy gw-2 of Gateway {NAMESPACE}/gw:",
    ]
    assert one.out.splitlines()[1].startswith("shop/cart/80/http1")
    assert none.code == 3


def test_a_command_that_may_not_be_run(gatewayd: Gatewayd, tmp_path: Path) -> None:
    with in_background(pods_served(pods(forbidden=frozenset({"gw-1"})))) as url:
        file = written_kubeconfig(tmp_path, str(url))
        ran = gatewayd("proxy", "clusters", "-n", NAMESPACE, "--kubeconfig", file)

    assert ran.code == 3
    assert f"proxy gw-1 of {NAMESPACE}/gw: 403 Forbidden" in ran.err


LONG = "g" * 64


def long_pods(**given: object) -> Pods:
    labels = {**OURS, "gateway.networking.k8s.io/gateway-name": label_value(LONG)}
    return Pods(ports={"gw-1": 1}, label=LABEL, labels=labels, run=envoy, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "known", "shown"),
    [(LONG, (), LONG), ("", ("other", LONG), LONG), ("", (), label_value(LONG))],
)
def test_a_gateway_whose_name_is_too_long_for_a_label(
    gatewayd: Gatewayd, tmp_path: Path, wanted: str, known: tuple[str, ...], shown: str
) -> None:
    with in_background(pods_served(long_pods(gateways=known))) as url:
        file = written_kubeconfig(tmp_path, str(url))
        of_gateway = [f"{NAMESPACE}/{wanted}"] if wanted else ["-n", NAMESPACE]
        ran = gatewayd("proxy", "clusters", *of_gateway, "--kubeconfig", file, "-o", "json")

    assert ran.code == 0, ran.err
    assert [each["gateway"] for each in json.loads(ran.out)] == [f"{NAMESPACE}/{shown}"]


@pytest.mark.parametrize(
    ("choice", "admitted"),
    [
        (ProxyChoice(), True),
        (ProxyChoice(gateway="gw"), True),
        (ProxyChoice(gateway="shop/gw"), True),
        (ProxyChoice(gateway="other/gw"), False),
        (ProxyChoice(namespace="shop"), True),
        (ProxyChoice(namespace="other"), False),
        (ProxyChoice(node="b"), False),
    ],
)
def test_which_proxies_are_wanted(choice: ProxyChoice, admitted: bool) -> None:  # noqa: FBT001 (a row)
    assert choice.admits("a", "shop/gw") is admitted
