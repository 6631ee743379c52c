from dataclasses import replace
from typing import Any

from envoy.config.route.v3 import route_pb2

from gatewayd.ir.http import Route, RouteDiscovery, RouteTable, RouteTableKey
from gatewayd.xds.build.build_cost import BuildCost, Work
from gatewayd.xds.build.route_tables import Tables
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, Resource, TypeUrl
from tests.unit.xds.shorthand import forward, host, redirect, route, table

MANY = 50


def hosts(count: int = MANY) -> RouteTable:
    return table(*(host(f"h{number}.example", *routes(number)) for number in range(count)))


def routes(number: int) -> tuple[Route, ...]:
    return tuple(route(forward(f"s{number}"), name=f"r{number}-{index}") for index in range(3))


def edited(before: RouteTable, at: int) -> RouteTable:
    """Replace one route of one virtual host."""
    found = before.virtual_hosts[at]
    new = replace(found, routes=(*found.routes[:1], route(forward("new"), name="new"), *found.routes[2:]))
    return replace(before, virtual_hosts=(*before.virtual_hosts[:at], new, *before.virtual_hosts[at + 1 :]))


class Shown:
    """What a proxy has after some updates."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.resources: dict[tuple[TypeUrl, str], Resource] = {}

    def update(self, *tables: RouteTable) -> BuildCost:
        work = Work()
        changes = list(self.tables.update(tables, work))
        for before, _ in changes:
            assert before is None or self.resources.pop((before.type_url, before.name)) is before
        for _, after in changes:
            assert after is None or self.resources.setdefault((after.type_url, after.name), after) is after
        return work.cost()

    @property
    def names(self) -> list[tuple[TypeUrl, str]]:
        return sorted(self.resources)

    def routes(self, name: str) -> Any:
        return route_pb2.RouteConfiguration.FromString(self.resources[ROUTE, name].body)


def fresh(*tables: RouteTable) -> Shown:
    shown = Shown()
    shown.update(*tables)
    return shown


def version(of: RouteTable) -> str:
    (only,) = fresh(of).resources.values()
    return only.version


def test_one_edit_serialises_one_route_one_host_and_one_table() -> None:
    before, shown = hosts(), Shown()
    assert shown.update(before) == BuildCost(routes=3 * MANY, virtual_hosts=MANY, resources=1)
    assert shown.update(edited(before, 7)) == BuildCost(routes=1, virtual_hosts=1, resources=1)
    parsed = shown.routes("80")
    assert [each.name for each in parsed.virtual_hosts[7].routes][1].split("/")[2] == "new"


def test_what_came_before_leaves_no_trace() -> None:
    shown = Shown()
    for each in (hosts(), hosts(3), scoped(3), edited(hosts(), 9), scoped(5), scoped(2), hosts(MANY + 1)):
        shown.update(each)
        assert shown.resources == fresh(each).resources
    shown.update()
    assert shown.resources == {}


def test_versions_follow_the_content() -> None:
    renamed = replace(hosts(), key=RouteTableKey(port=81, listener=""))
    assert version(hosts()) == version(hosts())
    assert len({version(each) for each in (hosts(), edited(hosts(), 1), hosts(MANY - 1), renamed)}) == 4


def test_new_objects_of_the_old_content_make_no_resource() -> None:
    for make in (hosts, scoped):
        shown = fresh(make())
        before = dict(shown.resources)
        assert shown.update(make()).resources == 0
        assert all(shown.resources[key] is item for key, item in before.items())


def test_a_route_of_several_hosts_is_serialised_once_and_a_redirect_for_each() -> None:
    shared, own = route(forward("a")), route(redirect(scheme="https"))
    cost = Shown().update(table(host("a.example", shared, own), host("b.example", shared, own)))
    assert cost.routes == 3


def scoped(count: int = MANY) -> RouteTable:
    rest = (host("*.example"), host("*", route(forward("all"))))
    return replace(hosts(count), discovery=RouteDiscovery.PER_HOST, virtual_hosts=(*rest, *hosts(count).virtual_hosts))


def test_each_exact_domain_has_a_configuration_and_a_scope_and_the_others_share_one() -> None:
    shown = fresh(scoped(2))
    names = ["80:*", "80:h0.example", "80:h1.example"]
    assert shown.names == sorted((url, name) for name in names for url in (ROUTE, SCOPED_ROUTE))
    assert [each.name for each in shown.routes("80:*").virtual_hosts] == ["*", "*.example"]


def test_one_edit_makes_one_configuration_of_one_host() -> None:
    start, shown = scoped(), Shown()
    shown.update(start)
    old = dict(shown.resources)
    assert shown.update(edited(start, 7)) == BuildCost(routes=1, virtual_hosts=1, resources=1)
    assert [key for key, item in shown.resources.items() if item is not old[key]] == [(ROUTE, "80:h5.example")]


def test_an_edit_of_a_wildcard_makes_the_shared_configuration() -> None:
    start, shown = scoped(), Shown()
    shown.update(start)
    assert shown.update(edited(start, 1)).resources == 1


def test_a_host_that_goes_takes_its_scope_along() -> None:
    shown = fresh(scoped(3))
    shown.update(scoped(2))
    assert shown.names == fresh(scoped(2)).names
