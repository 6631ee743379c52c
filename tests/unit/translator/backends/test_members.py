"""What members offer for an import: merged, in groups, and by whoever is believed first."""

from dataclasses import replace
from typing import Any

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.backend import Discovered, Endpoint, Resolved
from gatewayd.ir.backend_settings import STANDARD
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.members import (
    Exported,
    ExportedEndpoint,
    ExportedPort,
    ExportKey,
    MemberCluster,
    Standing,
    WhenStale,
)
from gatewayd.store import Delta
from gatewayd.translator.backends.imports import ImportedPort, imported_endpoints, imported_port, known_ports
from gatewayd.translator.backends.members import WATCHED, watched
from tests.unit.translator.backends.test_imports import PORTS, STORE, piece, store
from tests.unit.translator.manifests import scratch

NEAREST = f"{PORTS}, trafficDistribution: PreferClose"


def cluster(name: str, **more: Any) -> Delta:
    usual = MemberCluster(trust=100, region="", when_stale=WhenStale.KEEP, standing=Standing.CURRENT)
    return Delta(kind=MemberCluster, key=name, obj=replace(usual, **more))


def offer(
    member: str, *addresses: str, number: int = 80, created: str = "2026", protocol: str = "", ready: bool = True
) -> Delta:
    endpoints = tuple(ExportedEndpoint(each, 8080, ready=ready) for each in addresses)
    port = ExportedPort(number=number, transport="TCP", app_protocol=protocol, endpoints=endpoints)
    row = Exported(cluster=member, namespace="shop", name="store", created=created, ports=(port,))
    return Delta(kind=Exported, key=ExportKey(member, "shop", "store"), obj=row)


def found(*sources: Any) -> Discovered:
    return imported_endpoints(scratch(*sources), STORE, 80, "TCP")


def groups(*sources: Any) -> list[list[str]]:
    answer = found(*sources)
    return [[each.address for each in group] for group in (answer.endpoints, *answer.failover)]


def test_all_clusters_alike_where_nothing_is_asked() -> None:
    west, east = (cluster("west"), offer("west", "10.4.0.1")), (cluster("east"), offer("east", "10.5.0.1"))
    assert groups(store(), piece("", "10.0.0.1"), *west, *east) == [["10.0.0.1", "10.4.0.1", "10.5.0.1"]]
    assert groups(store(), *west) == [["10.4.0.1"]]
    assert groups(store()) == [[]]


def test_a_member_of_whom_nothing_is_declared_offers_nothing() -> None:
    assert groups(store(), offer("west", "10.4.0.1")) == [[]]


def test_without_an_import_nobody_asks() -> None:
    assert found(cluster("west"), offer("west", "10.4.0.1")) == Discovered(endpoints=())


def test_nearest_first_where_the_import_asks_for_it() -> None:
    here = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, region="eu"))
    near = (cluster("near", region="eu"), offer("near", "10.4.0.1"))
    far = (cluster("far", region="us"), offer("far", "10.5.0.1"))
    home = piece("", "10.0.0.1")
    assert groups(store(NEAREST), home, *near, *far, here) == [["10.0.0.1"], ["10.4.0.1"], ["10.5.0.1"]]
    assert groups(store(NEAREST), home, *near, *far) == [["10.0.0.1"], ["10.4.0.1", "10.5.0.1"]]
    assert groups(store(NEAREST), *far) == [["10.5.0.1"]]


def zoned(delta: Delta, *zones: str) -> Delta:
    """Return what a member offers, with the zones of its endpoints."""
    row: Any = delta.obj
    (port,) = row.ports
    endpoints = tuple(each._replace(zone=zone) for each, zone in zip(port.endpoints, zones, strict=True))
    return replace(delta, obj=replace(row, ports=(replace(port, endpoints=endpoints),)))


def zones(*sources: Any) -> list[list[str]]:
    answer = found(*sources)
    return [[each.zone for each in group] for group in (answer.endpoints, *answer.failover)]


def test_zones_of_members_count_where_the_import_asks_for_it() -> None:
    west = (cluster("west"), zoned(offer("west", "10.4.0.1", "10.4.0.2"), "a", "b"))
    assert zones(store(), *west) == [["", ""]]
    assert zones(store(NEAREST), *west) == [["a", "b"]]
    assert zones(store(NEAREST), piece("", "10.0.0.1"), *west) == [[""], ["a", "b"]]


def test_a_member_that_does_not_say_all_zones_has_none_and_takes_none_away() -> None:
    west = (cluster("west"), zoned(offer("west", "10.4.0.1", "10.4.0.2"), "a", "b"))
    evil = (cluster("evil"), zoned(offer("evil", "10.5.0.1", "10.5.0.2"), "a", ""))
    assert zones(store(NEAREST), *west, *evil) == [["a", "b", "", ""]]


def test_an_address_is_whose_who_is_believed_first() -> None:
    here = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, region="eu"))
    liar = (cluster("liar", region="eu", trust=200), offer("liar", "10.4.0.1", "10.0.0.1", created="1970"))
    west = (cluster("west", trust=10), offer("west", "10.4.0.1"))
    assert groups(store(NEAREST), piece("", "10.0.0.1"), *liar, *west, here) == [["10.0.0.1"], ["10.4.0.1"]]
    assert groups(store(NEAREST), *liar, *west, here) == [["10.0.0.1"], ["10.4.0.1"]]
    older = (cluster("west", trust=200), offer("west", "10.4.0.1", created="1969"))
    assert groups(store(NEAREST), *liar, *older, here) == [["10.0.0.1"], ["10.4.0.1"]]


def test_addresses_where_no_proxy_is_sent() -> None:
    assert groups(store(), cluster("west"), offer("west", "127.0.0.1", "169.254.169.254", "10.4.0.1")) == [["10.4.0.1"]]


def test_a_port_that_a_member_does_not_have() -> None:
    assert groups(store(), cluster("west"), offer("west", "10.4.0.1", number=81)) == [[]]


def test_a_headless_import_has_the_ports_of_members() -> None:
    view = scratch(store("type: Headless"), cluster("west"), offer("west", "10.4.0.1", number=81, protocol="h2c"))
    assert imported_port(view, STORE, 81, "TCP") == ImportedPort("", "h2c")
    assert known_ports(view, STORE) == "81/TCP"
    assert [each.address for each in imported_endpoints(view, STORE, 81, "TCP").endpoints] == ["10.4.0.1"]


def test_what_a_port_speaks_says_the_import_else_who_is_believed_first() -> None:
    plain = store("ports: [{name: web, port: 80}]")
    west = (cluster("west", trust=10), offer("west", "10.4.0.1", protocol="h2c"))
    east = (cluster("east"), offer("east", "10.5.0.1", protocol="ws"))
    assert imported_port(scratch(plain, *east, *west), STORE, 80, "TCP") == ImportedPort("web", "h2c")
    assert imported_port(scratch(store(), *east), STORE, 80, "TCP") == ImportedPort("web", "h2c")


def test_what_becomes_of_a_stale_member_is_its_secrets_to_say() -> None:
    home = piece("", "10.0.0.1")

    def stale(what: WhenStale) -> tuple[Delta, ...]:
        return (cluster("west", standing=Standing.STALE, when_stale=what), offer("west", "10.4.0.1"))

    assert groups(store(), home, *stale(WhenStale.KEEP)) == [["10.0.0.1", "10.4.0.1"]]
    assert groups(store(), home, *stale(WhenStale.DEMOTE)) == [["10.0.0.1"], ["10.4.0.1"]]
    assert groups(store(), home, *stale(WhenStale.REMOVE)) == [["10.0.0.1"]]
    assert groups(store(), *stale(WhenStale.DEMOTE)) == [["10.4.0.1"]]
    assert groups(store(), *stale(WhenStale.REMOVE)) == [["10.4.0.1"]]


def test_a_member_that_is_kept_serves_as_before() -> None:
    for standing in (Standing.CURRENT, Standing.KEPT):
        answer = found(store(), cluster("west", standing=standing), offer("west", "10.4.0.1"))
        assert answer.endpoints == (Endpoint(address="10.4.0.1", port=8080, draining=False),)


def test_a_member_that_leaves_has_no_new_requests_while_there_is_anybody_else() -> None:
    leaving = (cluster("west", standing=Standing.LEAVING), offer("west", "10.4.0.1"))
    answer = found(store(), piece("", "10.0.0.1"), *leaving)
    assert [(each.address, each.draining) for each in answer.endpoints] == [("10.0.0.1", False), ("10.4.0.1", True)]
    assert [each.draining for each in found(store(), *leaving).endpoints] == [False]


def test_pods_that_end() -> None:
    ending = (cluster("west"), offer("west", "10.4.0.1", ready=False))
    other = (cluster("east"), offer("east", "10.5.0.1"))
    assert [(each.address, each.draining) for each in found(store(), *ending, *other).endpoints] == [
        ("10.4.0.1", True),
        ("10.5.0.1", False),
    ]
    assert [each.draining for each in found(store(), *ending).endpoints] == [False]


def test_endpoints_in_several_groups_are_watched() -> None:
    several = found(store(NEAREST), piece("", "10.0.0.1"), cluster("west"), offer("west", "10.4.0.1"))
    assert watched(STANDARD, several).passive_health == WATCHED
    assert watched(STANDARD, several) is watched(STANDARD, several)
    assert watched(STANDARD, replace(several, failover=())) is STANDARD
    assert watched(STANDARD, Resolved(hostname="a.example", port=80, absolute=True)) is STANDARD
    own = replace(STANDARD, passive_health=replace(WATCHED, errors=9))
    assert watched(own, several) is own


def test_another_import_is_another_one() -> None:
    view = scratch(store(), cluster("west"), offer("west", "10.4.0.1"))
    assert imported_endpoints(view, ObjectKey("payments", "store"), 80, "TCP") == Discovered(endpoints=())
