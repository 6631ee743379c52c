import gc
import weakref
from dataclasses import replace

import pytest
from envoy.config.listener.v3 import listener_pb2

from gatewayd.ir.backend import Cluster, Protocol
from gatewayd.ir.carriers import PolicyCarrier, PolicyGeneration
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.http import RouteTableKey, VirtualHost
from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.proxy import DatagramListener, ProxyConfig, StreamListener
from gatewayd.ir.tls import (
    Certificate,
    ClientTrust,
    ClientValidation,
    DownstreamTLS,
    PrivateBytes,
    TrustBundle,
    UpstreamTLS,
)
from gatewayd.xds import names
from gatewayd.xds.build.build_cost import BuildCost
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.messages.secret import secrets_of_chains, secrets_of_cluster
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, SECRET, Snapshot, content_version
from tests.unit.xds.shorthand import (
    NOT_FOUND,
    cluster,
    config,
    endpoint,
    forward,
    host,
    http_listener,
    l4,
    route,
    service,
    table,
)

MANY = 5000
NOTHING = BuildCost(routes=0, virtual_hosts=0, resources=0)
CA = TrustBundle(name="shop/ca", certificates=b"CA")
BACKEND_TLS = UpstreamTLS(
    sni="a", trust=CA, names=(), client=Certificate(name="shop/gw", chain=b"", key=PrivateBytes(b""))
)
UDP = service("u", protocol=Protocol.UDP)


def certificate(key: bytes) -> Certificate:
    return Certificate(name="shop/tls", chain=b"CHAIN", key=PrivateBytes(key))


def tls_config(key: bytes) -> ProxyConfig:
    client = ClientTrust(trust=CA, validation=ClientValidation.REQUIRED)
    listener = http_listener()
    tls = DownstreamTLS(certificates=(certificate(key),), alpn=(), client=client)
    return config(listeners=(replace(listener, chains=(replace(listener.chains[0], tls=tls),)),))


def shop(count: int = 3) -> ProxyConfig:
    hosts = (host(f"h{number}.example", route(forward(f"s{number}"), name=f"r{number}")) for number in range(count))
    return config(
        listeners=(http_listener(), DatagramListener(port=53, action=l4((UDP, 1)))),
        tables=(table(*hosts),),
        clusters=(
            *(cluster(f"s{number}", endpoint(number + 1)) for number in range(3)),
            cluster("secure", tls=BACKEND_TLS),
            cluster("u", endpoint(9), protocol=Protocol.UDP),
        ),
    )


def with_route(before: ProxyConfig, at: int, to: str) -> ProxyConfig:
    hosts = before.route_tables[0].virtual_hosts
    new = replace(hosts[at], routes=(route(forward(to), name="edited"),))
    return replace(before, route_tables=(table(*hosts[:at], new, *hosts[at + 1 :]),))


def with_cluster(before: ProxyConfig, at: int, new: Cluster) -> ProxyConfig:
    return replace(before, clusters=(*before.clusters[:at], new, *before.clusters[at + 1 :]))


def content(snapshot: Snapshot) -> dict[str, dict[str, bytes]]:
    return {url: {name: each.body for name, each in found.items()} for url, found in snapshot.resources.items()}


def test_resources_by_type_and_name() -> None:
    made = SnapshotBuilder().build(shop())
    names = [f"shop/{name}/80/http1" for name in ("s0", "s1", "s2", "secure")]
    assert sorted(made.of(CLUSTER)) == [*names, "udp/53"]
    assert made.of(ENDPOINT).keys() == made.of(CLUSTER).keys()
    assert list(made.of(ROUTE)) == ["80"]
    assert sorted(made.of(LISTENER)) == ["tcp-80", "udp-53"]
    assert sorted(made.of(SECRET)) == ["certificate/shop/gw", "trust/shop/ca"]
    assert made.fleet == GatewayFleet(namespace="shop", name="edge")
    for url, found in made.resources.items():
        assert {(each.type_url, each.name) for each in found.values()} == {(url, name) for name in found}


def test_versions_are_hashes_of_the_content() -> None:
    one, other = (SnapshotBuilder().build(shop()) for _ in range(2))
    assert one.version == other.version
    assert content(one) == content(other)
    assert all(each.version == content_version(each.body) for each in one.of(CLUSTER).values())
    assert SnapshotBuilder().build(shop(2)).version != one.version


def test_certificates_and_bundles_have_the_versions_that_the_translator_knows() -> None:
    of = shop()
    streams = [port for port in of.listeners if isinstance(port, StreamListener)]
    wanted = {names.secret(each): each.version for port in streams for each in secrets_of_chains(port.chains)}
    wanted |= {names.secret(each): each.version for cluster in of.clusters for each in secrets_of_cluster(cluster)}
    assert {name: each.version for name, each in SnapshotBuilder().build(of).of(SECRET).items()} == wanted


def test_one_route_edit_among_many_costs_one_host_and_the_table_that_carries_it() -> None:
    builder = SnapshotBuilder()
    of = shop(MANY)
    before = builder.build(of)
    assert builder.cost.virtual_hosts == MANY
    after = builder.build(with_route(of, 2500, "s1"))
    assert builder.cost == BuildCost(routes=1, virtual_hosts=1, resources=1)
    assert after.version != before.version
    for url in (CLUSTER, ENDPOINT, LISTENER, SECRET):
        assert after.of(url) is before.of(url)


def test_nothing_changed() -> None:
    builder = SnapshotBuilder()
    before = builder.build(shop())
    assert builder.build(shop()) is before
    of = shop()
    builder.build(of)
    assert builder.build(replace(of, clusters=(*of.clusters[:1], *of.clusters[1:]))) is before
    assert builder.cost == NOTHING


def test_other_policies_that_come_to_the_same_are_told_and_make_nothing() -> None:
    builder, of = SnapshotBuilder(), shop()
    first, second = (PolicyGeneration(PolicyCarrier.ROUTES, "p", generation) for generation in (1, 2))
    before = builder.build(replace(of, policies=(first,)))
    assert builder.build(replace(of, policies=(first,))) is before
    after = builder.build(replace(of, policies=(second,)))
    assert after.policies == (second,)
    assert after.version == before.version
    assert after.resources is before.resources
    assert builder.cost == NOTHING
    # Equal ones are the same object, whatever else has changed.
    changed = builder.build(replace(of, policies=(PolicyGeneration(*second),), address="0.0.0.0"))
    assert changed.version != after.version
    assert changed.policies is after.policies


def test_new_endpoints_change_endpoints_only() -> None:
    builder = SnapshotBuilder()
    of = shop()
    before = builder.build(of)
    after = builder.build(with_cluster(of, 1, cluster("s1", endpoint(77))))
    assert builder.cost == BuildCost(routes=0, virtual_hosts=0, resources=1)
    assert after.of(CLUSTER)["shop/s1/80/http1"] is before.of(CLUSTER)["shop/s1/80/http1"]
    changed = {name for name, each in after.of(ENDPOINT).items() if before.of(ENDPOINT)[name] is not each}
    assert changed == {"shop/s1/80/http1"}


def test_endpoints_of_a_udp_port() -> None:
    builder = SnapshotBuilder()
    of = shop()
    before = builder.build(of)
    after = builder.build(with_cluster(of, 4, cluster("u", endpoint(10), protocol=Protocol.UDP)))
    assert after.of(CLUSTER)["udp/53"] is before.of(CLUSTER)["udp/53"]
    assert after.of(ENDPOINT)["udp/53"].version != before.of(ENDPOINT)["udp/53"].version
    gone = builder.build(replace(of, listeners=of.listeners[:1]))
    assert "udp/53" not in gone.of(CLUSTER)


def test_a_new_certificate_changes_a_secret_only() -> None:
    builder = SnapshotBuilder()
    before = builder.build(tls_config(b"OLD"))
    after = builder.build(tls_config(b"NEW"))
    assert builder.cost == BuildCost(routes=0, virtual_hosts=0, resources=1)
    assert after.of(LISTENER) is before.of(LISTENER)
    assert after.of(SECRET)["certificate/shop/tls"].version != before.of(SECRET)["certificate/shop/tls"].version
    assert after.of(SECRET)["trust/shop/ca"] is before.of(SECRET)["trust/shop/ca"]
    assert "NEW" not in repr(after.of(SECRET)["certificate/shop/tls"])


def test_another_address_changes_all_listeners() -> None:
    builder = SnapshotBuilder()
    before = builder.build(shop())
    after = builder.build(replace(shop(), address="::"))
    assert {each.version for each in after.of(LISTENER).values()}.isdisjoint(
        each.version for each in before.of(LISTENER).values()
    )


def test_what_came_before_leaves_no_trace() -> None:
    builder = SnapshotBuilder()
    base = shop()
    steps = (
        base,
        with_route(base, 1, "s2"),
        config(),
        tls_config(b"KEY"),
        replace(base, clusters=base.clusters[1:]),
        replace(base, listeners=(DatagramListener(port=53, action=L4Refuse()),)),
        replace(base, route_tables=(*base.route_tables, table(key=RouteTableKey(port=81, listener="")))),
        base,
    )
    for step in steps:
        kept, fresh = builder.build(step), SnapshotBuilder().build(step)
        assert kept.version == fresh.version
        assert content(kept) == content(fresh)


class Watched(VirtualHost):
    """A virtual host that a weak reference can point to."""


def test_nothing_is_kept_of_what_is_gone() -> None:
    builder = SnapshotBuilder()
    gone = Watched(domain="gone.example", guards=(), routes=(), fallback=NOT_FOUND)
    seen = weakref.ref(gone)
    builder.build(config(tables=(table(gone),)))
    del gone
    gc.collect()
    assert seen() is not None
    builder.build(config(tables=(table(host("other.example")),)))
    gc.collect()
    assert seen() is None


def test_a_failure_is_forgotten() -> None:
    builder = SnapshotBuilder()
    builder.build(shop())
    twice = replace(config(), clusters=(cluster("a"), cluster("a")))
    with pytest.raises(ValueError, match="share"):
        builder.build(twice)
    kept = builder.build(shop(2))
    assert content(kept) == content(SnapshotBuilder().build(shop(2)))


def test_a_listener_is_readable() -> None:
    made = SnapshotBuilder().build(shop())
    assert listener_pb2.Listener.FromString(made.of(LISTENER)["tcp-80"].body).name == "tcp-80"
