from dataclasses import replace

from envoy.config.core.v3 import health_check_pb2

from gatewayd.ir.backend import Discovered
from gatewayd.ir.backend_settings import STANDARD, ActiveHealth, AskTCP
from gatewayd.xds.messages.endpoint import checked_port, lb_endpoint, lb_endpoints, load_assignment
from tests.unit.xds.shorthand import cluster, endpoint


def test_endpoints_stand_under_the_clusters_name() -> None:
    of = cluster("cart", endpoint(8080, address="10.0.0.1"), endpoint(8080, address="fd00::1"))
    assert isinstance(of.endpoints, Discovered)
    made = load_assignment(of, of.endpoints)
    assert made.cluster_name == "shop/cart/80/http1"
    (locality,) = made.endpoints
    addresses = [each.endpoint.address.socket_address for each in locality.lb_endpoints]
    assert [(each.address, each.port_value) for each in addresses] == [("10.0.0.1", 8080), ("fd00::1", 8080)]


def test_no_endpoints() -> None:
    assert list(load_assignment(cluster("cart"), Discovered(endpoints=())).endpoints) == []


def test_zones_are_localities_of_one_priority() -> None:
    here, there, leaving = (replace(endpoint(port), zone=zone) for port, zone in ((1, "a"), (2, "b"), (3, "a")))
    leaving = replace(leaving, draining=True)
    made = load_assignment(cluster("cart"), Discovered(endpoints=(here, there, leaving), failover=((there,), ())))
    told = [
        (each.priority, each.locality.zone, [member.endpoint.address.socket_address.port_value for member in members])
        for each in made.endpoints
        for members in [each.lb_endpoints]
    ]
    assert told == [(0, "a", [1, 3]), (0, "b", [2]), (1, "b", [2]), (2, "", [])]
    assert made.endpoints[0].lb_endpoints[1].health_status == health_check_pb2.DRAINING
    assert not made.endpoints[3].HasField("locality")


def test_zones_stand_in_order_whichever_endpoint_comes_first() -> None:
    several = tuple(replace(endpoint(at), zone=f"zone-{at}") for at in (4, 2, 5, 1, 3))
    made = load_assignment(cluster("cart"), Discovered(endpoints=several))
    assert [each.locality.zone for each in made.endpoints] == [f"zone-{at}" for at in range(1, 6)]


def test_draining_endpoints_are_marked_while_others_are_there() -> None:
    both = lb_endpoints((endpoint(1, draining=True), endpoint(2)))
    assert [each.health_status for each in both] == [health_check_pb2.DRAINING, health_check_pb2.UNKNOWN]
    last = lb_endpoints((endpoint(1, draining=True), endpoint(2, draining=True)))
    assert [each.health_status for each in last] == [health_check_pb2.UNKNOWN] * 2


def test_who_drains_is_spared_while_somebody_of_another_group_is_there() -> None:
    leaving = endpoint(1, draining=True)
    for failover, status in (((endpoint(2),), health_check_pb2.DRAINING), ((leaving,), health_check_pb2.UNKNOWN)):
        made = load_assignment(cluster("cart"), Discovered(endpoints=(leaving,), failover=(failover,)))
        assert made.endpoints[0].lb_endpoints[0].health_status == status


def test_one_member() -> None:
    made = lb_endpoint("name.example", 80, health_check_pb2.UNKNOWN)
    assert made.endpoint.address.socket_address.address == "name.example"


def test_checks_are_made_at_another_port_where_that_is_asked_for() -> None:
    active = ActiveHealth(ask=AskTCP(), port=81, interval_ms=1, timeout_ms=1, unhealthy_after=1, healthy_after=1)
    of = replace(cluster("cart", endpoint(80)), settings=replace(STANDARD, active_health=active))
    assert isinstance(of.endpoints, Discovered)
    (locality,) = load_assignment(of, of.endpoints).endpoints
    (member,) = locality.lb_endpoints
    assert member.endpoint.health_check_config.port_value == 81
    assert checked_port(cluster("cart")) == 0
    assert not lb_endpoint("10.0.0.1", 80, health_check_pb2.UNKNOWN).endpoint.HasField("health_check_config")
