from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gatewayd.ir.http import RouteDiscovery
from gatewayd.run.serve_options import ServeOptions, decoded, encoded

OPTIONS = ServeOptions(
    kubeconfig=Path("/home/u/.kube/config"),
    namespace="gatewayd-system",
    identity="one",
    uid="",
    xds_host="gatewayd.svc.",
    xds_port=18000,
    route_discovery=RouteDiscovery.PER_HOST,
    log_level="info",
)


def test_they_arrive_as_they_were() -> None:
    assert decoded(encoded(OPTIONS)) == OPTIONS


def test_what_was_not_chosen_stays_so() -> None:
    options = replace(OPTIONS, kubeconfig=None, route_discovery=None)
    assert decoded(encoded(options)) == options


def test_what_configurations_depend_on_tells_editions_apart() -> None:
    assert OPTIONS.making == (RouteDiscovery.PER_HOST, None)
    assert replace(OPTIONS, envoy_gateway_kinds=True).making == (RouteDiscovery.PER_HOST, "envoy-gateway-kinds")
    assert replace(OPTIONS, mesh=True).making == (RouteDiscovery.PER_HOST, None, "mesh")
    kept = replace(OPTIONS, mesh=True, keeps_source=True)
    assert (kept.making, kept.environment.keeps_source) == (
        (RouteDiscovery.PER_HOST, None, "mesh", "keep-source"),
        True,
    )
    assert replace(OPTIONS, proxies_listen_at="::").making == (RouteDiscovery.PER_HOST, None, "::")


def test_proxies_listen_where_the_pods_of_the_cluster_do() -> None:
    assert OPTIONS.environment.address == "0.0.0.0"
    assert replace(OPTIONS, proxies_listen_at="::").environment.address == "::"


def test_whom_it_serves_arrives_and_tells_editions_apart() -> None:
    narrow = replace(
        OPTIONS, controller_name="red.example/gatewayd", gateway_classes=("red",), gateway_namespaces="a=b"
    )
    assert decoded(encoded(narrow)) == narrow
    said = narrow.environment
    assert (said.controller, said.gateway_classes, said.gateway_namespaces) == ("red.example/gatewayd", ("red",), "a=b")
    assert narrow.making[2:] == ("red.example/gatewayd", ("red",), "a=b")


def test_nothing_else_is_taken_for_options() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decoded('{"kubeconfig": 1}')


def test_a_region_is_the_clusters_and_makes_an_edition_of_its_own() -> None:
    here = replace(OPTIONS, region="eu")
    assert (here.environment.region, OPTIONS.environment.region) == ("eu", "")
    assert here.making != OPTIONS.making
