"""What cannot be made into a message is held back alone; all else of the snapshot is there."""

from dataclasses import replace
from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2

from gatewayd.ir.backend import RetryBudget
from gatewayd.ir.filters import RequestHeaders
from gatewayd.ir.http import ExactPath, RouteDiscovery, RouteTable, Timeouts, VirtualHost
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.ir.tls import SystemTrust, UpstreamTLS
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, Snapshot
from tests.unit.xds.shorthand import (
    changes,
    cluster,
    config,
    endpoint,
    forward,
    host,
    http_listener,
    matching,
    route,
    table,
)

ODD = "\ud800"
"""Half of a character: no message can hold it."""
GOOD = route(forward("good"), name="good", match=matching(ExactPath(value="/good")))
BAD_FILTER = route(
    forward("good"), name="bad", filters=(RequestHeaders(changes=changes(put=(("x", ODD),))),),
    match=matching(ExactPath(value="/bad")),
)  # fmt: skip
BAD_ACTION = replace(
    BAD_FILTER, filters=(), action=forward("good", timeouts=Timeouts(request_ms=2**70, backend_request_ms=None))
)
BAD_MATCH = route(forward("good"), name="bad", match=matching(ExactPath(value=ODD)))


def built(of: ProxyConfig) -> tuple[Snapshot, list[tuple[str, str]]]:
    builder = SnapshotBuilder()
    snapshot = builder.build(of)
    held = [(each.what, each.key) for each in builder.held]
    again = SnapshotBuilder()
    again.build(config())
    assert again.build(of).version == snapshot.version
    return snapshot, held


def serving(*hosts: VirtualHost, discovery: RouteDiscovery = RouteDiscovery.PER_LISTENER) -> ProxyConfig:
    tables: tuple[RouteTable, ...] = (table(*hosts, discovery=discovery),)
    return config(
        listeners=(http_listener(discovery=discovery),), tables=tables, clusters=(cluster("good", endpoint(1)),)
    )


def routes(snapshot: Snapshot) -> list[Any]:
    tables = [route_pb2.RouteConfiguration.FromString(each.body) for each in snapshot.of(ROUTE).values()]
    return [each for made in tables for virtual in made.virtual_hosts for each in virtual.routes]


@pytest.mark.parametrize("bad", [BAD_FILTER, BAD_ACTION], ids=["filter", "action"])
@pytest.mark.parametrize("discovery", list(RouteDiscovery))
def test_a_route_that_cannot_be_made_answers_500(bad: Any, discovery: RouteDiscovery) -> None:
    snapshot, held = built(serving(host("a.example", bad, GOOD), host("b.example", GOOD), discovery=discovery))
    assert held == [("route", str(bad.source))]
    found = {(each.match.path, each.direct_response.status) for each in routes(snapshot)}
    # gRPC requests are answered 503, which they take for UNAVAILABLE.
    assert found == {("/bad", 500), ("/bad", 503), ("/good", 0)}
    assert sum(each.match.path == "/good" for each in routes(snapshot)) == 2


def test_a_route_whose_match_cannot_be_made_is_left_out() -> None:
    snapshot, held = built(serving(host("a.example", BAD_MATCH, GOOD)))
    assert [what for what, _ in held] == ["route", "match"]
    assert [each.match.path for each in routes(snapshot)] == ["/good"]


def test_a_route_that_is_mended_is_served_and_costs_itself() -> None:
    builder = SnapshotBuilder()
    builder.build(serving(host("a.example", BAD_FILTER, GOOD)))
    mended = replace(BAD_FILTER, filters=())
    snapshot = builder.build(serving(host("a.example", mended, GOOD)))
    assert builder.held == ()
    assert snapshot.version == SnapshotBuilder().build(serving(host("a.example", mended, GOOD))).version
    assert builder.cost.routes == 1


def test_a_cluster_that_cannot_be_made_reaches_nobody() -> None:
    tls = UpstreamTLS(sni=ODD, trust=SystemTrust.SYSTEM, names=(), client=None)
    bad = (cluster("bad", endpoint(2), tls=tls), cluster("worse", endpoint(3), budget=RetryBudget(percent=1, least=-1)))
    snapshot, held = built(replace(serving(host("a.example", GOOD)), clusters=(*bad, cluster("good", endpoint(1)))))
    assert [what for what, _ in held] == ["cluster", "cluster"]
    clusters = {each.name: cluster_pb2.Cluster.FromString(each.body) for each in snapshot.of(CLUSTER).values()}
    assert len(clusters) == 3
    assert not any(each.HasField("transport_socket") for each in clusters.values())
    ports = {
        each.name: [one.endpoint.address.socket_address.port_value for one in _members(each.body)]
        for each in snapshot.of(ENDPOINT).values()
    }
    assert sorted(ports.values()) == [[], [], [1]]


def _members(body: bytes) -> list[Any]:
    assignment = endpoint_pb2.ClusterLoadAssignment.FromString(body)
    return [each for place in assignment.endpoints for each in place.lb_endpoints]


def test_a_chain_that_cannot_be_made_is_left_out_and_its_port_goes_on() -> None:
    good = http_listener()
    bad = replace(good.chains[0], name="bad", server_names=(ODD,))
    snapshot, held = built(
        replace(serving(host("a.example", GOOD)), listeners=(replace(good, chains=(bad, *good.chains)),))
    )
    assert held == [("filter chain", "bad")]
    (made,) = (listener_pb2.Listener.FromString(each.body) for each in snapshot.of(LISTENER).values())
    assert [each.name for each in made.filter_chains] == [good.chains[0].name]


def test_a_port_without_any_chain_that_can_be_made_takes_nobody() -> None:
    good = http_listener()
    bad = replace(good.chains[0], name="bad", server_names=(ODD,))
    snapshot, _ = built(replace(serving(host("a.example", GOOD)), listeners=(replace(good, chains=(bad,)),)))
    (made,) = (listener_pb2.Listener.FromString(each.body) for each in snapshot.of(LISTENER).values())
    assert [each.name for each in made.filter_chains] == ["refuse"]
