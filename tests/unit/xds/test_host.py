from envoy.config.route.v3 import route_components_pb2, route_pb2

from gatewayd.xds.host import Host, Hosts
from tests.unit.xds.shorthand import DirectResponse, forward, host, route


def parsed(made: Host) -> route_components_pb2.VirtualHost:
    (found,) = route_pb2.RouteConfiguration.FromString(made.entry).virtual_hosts
    return found


def test_an_edit_serialises_the_route_that_changed() -> None:
    hosts = Hosts()
    kept = route(forward("a"), name="kept")
    first = hosts.host(host("a.example", kept, route(forward("a"), name="old")), b"", None)
    hosts.work.routes = 0
    second = hosts.host(host("a.example", kept, route(forward("b"), name="new")), b"", first)
    assert hosts.work.routes == 1
    assert [each.name.split("/")[2] for each in parsed(second).routes] == ["kept", "new"]
    assert first.digest != second.digest


def test_the_fallback_stands_last() -> None:
    made = Hosts().host(host("a.example", route(forward("a")), fallback=DirectResponse(status=421)), b"", None)
    assert parsed(made).routes[-1].direct_response.status == 421
