from envoy.config.route.v3 import route_pb2
from envoy.config.route.v3.route_components_pb2 import VirtualHost

from gatewayd.ir.http import DirectResponse, PrefixPath
from gatewayd.ir.limits import LONGEST_LIST
from gatewayd.xds.build.build_cost import Work
from gatewayd.xds.build.virtual_hosts import Host, Hosts, Parted
from tests.unit.xds.shorthand import forward, host, matching, route


def parsed(made: Host) -> VirtualHost:
    (found,) = route_pb2.RouteConfiguration.FromString(made.entry).virtual_hosts
    return found


def test_an_edit_serialises_the_route_that_changed() -> None:
    hosts = Hosts()
    kept = route(forward("a"), name="kept")
    first = hosts.host(host("a.example", kept, route(forward("a"), name="old")), b"", None)
    hosts.work.routes = 0
    second = hosts.host(host("a.example", kept, route(forward("b"), name="new")), b"", first.parts)
    assert hosts.work.routes == 1
    assert [each.name.split("/")[2] for each in parsed(second).routes] == ["kept", "new"]
    assert first.digest != second.digest


def test_a_host_that_becomes_a_tree_and_a_list_again_serialises_what_is_new() -> None:
    hosts = Hosts()
    paths = [matching(PrefixPath(value=f"/app-{number}")) for number in range(LONGEST_LIST + 1)]
    more = [route(forward("a"), match=each, name=str(at)) for at, each in enumerate(paths)]
    few = more[:-1]
    parts, counts = None, []
    for routes in (few, more, few, more[1:]):
        hosts.work = Work()
        made = hosts.host(host("a.example", *routes), b"", parts)
        assert made.entry == Hosts().host(host("a.example", *routes), b"", None).entry
        parts = made.parts
        counts.append((hosts.work.routes, isinstance(parts, Parted)))
    assert counts == [(LONGEST_LIST, False), (1, True), (0, False), (1, False)]


def test_the_fallback_stands_last() -> None:
    made = Hosts().host(host("a.example", route(forward("a")), fallback=DirectResponse(status=421)), b"", None)
    assert parsed(made).routes[-1].direct_response.status == 421
