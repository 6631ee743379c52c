from dataclasses import replace

from envoy.config.route.v3 import route_pb2

from gatewayd.ir.http import Route, RouteTable, RouteTableKey
from gatewayd.xds.table import Tables
from gatewayd.xds.work import BuildCost, Work
from tests.unit.xds.shorthand import forward, host, redirect, route, table

MANY = 50


def hosts(count: int = MANY) -> RouteTable:
    return table(*(host(f"h{number}.example", *routes(number)) for number in range(count)))


def routes(number: int) -> tuple[Route, ...]:
    return tuple(route(forward(f"s{number}"), name=f"r{number}-{index}") for index in range(3))


def edited(before: RouteTable, at: int) -> RouteTable:
    """Replace one route of one virtual host."""
    found = before.virtual_hosts[at]
    new = replace(found, routes=(found.routes[0], route(forward("new"), name="new"), *found.routes[2:]))
    return replace(before, virtual_hosts=(*before.virtual_hosts[:at], new, *before.virtual_hosts[at + 1 :]))


def test_one_edit_serialises_one_route_one_host_and_one_table() -> None:
    tables = Tables()
    before = hosts()
    work = Work()
    tables.update((before,), work)
    assert work.cost() == BuildCost(routes=3 * MANY, virtual_hosts=MANY, resources=1)
    work = Work()
    (made,) = tables.update((edited(before, 7),), work)
    assert work.cost() == BuildCost(routes=1, virtual_hosts=1, resources=1)
    parsed = route_pb2.RouteConfiguration.FromString(made.resource.body)
    assert [each.name for each in parsed.virtual_hosts[7].routes][1].split("/")[2] == "new"


def test_what_came_before_leaves_no_trace() -> None:
    tables = Tables()
    for each in (hosts(), hosts(3), edited(hosts(), 9), hosts(MANY + 1)):
        (kept,) = tables.update((each,), Work())
        (fresh,) = Tables().update((each,), Work())
        assert (kept.resource.version, kept.resource.body) == (fresh.resource.version, fresh.resource.body)


def test_versions_follow_the_content() -> None:
    (one,) = Tables().update((hosts(),), Work())
    (same,) = Tables().update((hosts(),), Work())
    (other,) = Tables().update((edited(hosts(), 1),), Work())
    (fewer,) = Tables().update((hosts(MANY - 1),), Work())
    named = replace(hosts(), key=RouteTableKey(port=81, listener=""))
    (renamed,) = Tables().update((named,), Work())
    assert one.resource.version == same.resource.version
    assert len({each.resource.version for each in (one, other, fewer, renamed)}) == 4


def test_new_objects_of_the_old_content_make_no_resource() -> None:
    tables = Tables()
    (before,) = tables.update((hosts(),), Work())
    work = Work()
    (after,) = tables.update((hosts(),), work)
    assert after.resource is before.resource
    assert work.cost().resources == 0


def test_a_route_of_several_hosts_is_serialised_once_and_a_redirect_for_each() -> None:
    shared, own = route(forward("a")), route(redirect(scheme="https"))
    work = Work()
    Tables().update((table(host("a.example", shared, own), host("b.example", shared, own)),), work)
    assert work.cost().routes == 3
