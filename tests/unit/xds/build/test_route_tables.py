from dataclasses import replace
from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2, scoped_route_pb2

from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import HostGroup, Route, RouteDiscovery, RouteTable, RouteTableKey
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.build.build_cost import BuildCost, Work
from gatewayd.xds.build.route_tables import Tables
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, Resource, TypeUrl
from tests.unit.xds.shorthand import TABLE, forward, host, redirect, route, table

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

    def domains(self, name: str) -> list[str]:
        return [each.name for each in self.routes(name).virtual_hosts]

    def leads_to(self, name: str) -> str:
        body = self.resources[SCOPED_ROUTE, name].body
        return str(scoped_route_pb2.ScopedRouteConfiguration.FromString(body).route_configuration_name)


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


def group(number: int, key: RouteTableKey = TABLE) -> str:
    """Return the name of the RouteConfiguration of host `number`."""
    return str(HostGroup(table=key, number=group_number(f"h{number}.example")))


def test_what_is_made_comes_by_name_whichever_host_came_first() -> None:
    made = [
        after.name for _, after in Tables().update((scoped(),), Work()) if after is not None and after.type_url == ROUTE
    ]
    assert len(made) > 10
    assert made == sorted(made)


def test_each_exact_domain_has_a_scope_to_the_configuration_of_its_group_and_the_others_share_one() -> None:
    shown = fresh(scoped(MANY * 20))
    groups = {group(number) for number in range(MANY * 20)}
    assert {name for url, name in shown.names if url == ROUTE} == {"80:*", *groups}
    led = {name: shown.leads_to(name) for url, name in shown.names if url == SCOPED_ROUTE}
    hosts = {f"80:h{number}.example": group(number) for number in range(MANY * 20)}
    assert led == {"80:*": "80:*", **{each: each for each in groups}, **hosts}
    assert shown.domains("80:*") == ["*", "*.example"]
    found = {domain: name for name in groups for domain in shown.domains(name)}
    assert found == {f"h{number}.example": group(number) for number in range(MANY * 20)}


def test_one_edit_makes_one_configuration_of_one_group() -> None:
    start, shown = scoped(MANY * 20), Shown()
    shown.update(start)
    old = dict(shown.resources)
    assert shown.update(edited(start, 7)) == BuildCost(routes=1, virtual_hosts=1, resources=1)
    assert [key for key, item in shown.resources.items() if item is not old[key]] == [(ROUTE, group(5))]


def test_the_last_host_of_a_group_takes_its_configuration_along() -> None:
    shown = fresh(scoped(1))
    shown.update(scoped(0))
    assert [name for _, name in shown.names] == ["80:*", "80:*"]


def apart(of: RouteTable, *numbers: int) -> RouteTable:
    """Take the groups of these hosts apart."""
    return replace(of, apart=frozenset(group_number(f"h{number}.example") for number in numbers))


def test_each_host_of_a_group_that_is_apart_stands_alone() -> None:
    start, shown = scoped(MANY * 20), Shown()
    shown.update(start)
    old, hosts = dict(shown.resources), shown.domains(group(7))
    assert len(hosts) > 1
    shown.update(apart(start, 7))
    assert shown.resources == fresh(apart(start, 7)).resources
    assert (ROUTE, group(7)) not in shown.resources
    for each in hosts:
        assert shown.domains(f"80:={each}") == [each]
        assert shown.leads_to(f"80:{each}") == shown.leads_to(f"80:={each}") == f"80:={each}"
    others = [key for key in old if key[1].partition(":")[2] not in (*hosts, group(7).partition(":")[2])]
    assert all(shown.resources[key] is old[key] for key in others)
    shown.update(start)
    assert shown.resources == fresh(start).resources


def test_hosts_come_and_go_in_a_group_that_goes_apart() -> None:
    shown = fresh(scoped(MANY))
    for each in (apart(scoped(MANY + 3), 1, 2), apart(edited(scoped(3), 3), 1), scoped(2), apart(scoped(0), 2)):
        shown.update(each)
        assert shown.resources == fresh(each).resources


def test_an_edit_of_a_wildcard_makes_the_shared_configuration() -> None:
    start, shown = scoped(), Shown()
    shown.update(start)
    assert shown.update(edited(start, 1)).resources == 1


def test_a_host_that_goes_takes_its_scope_along() -> None:
    shown = fresh(scoped(3))
    shown.update(scoped(2))
    assert shown.names == fresh(scoped(2)).names


def redirected(*tables: RouteTable) -> tuple[RouteTable, ...]:
    keys = (RouteTableKey(port=15001, listener="", destination=f"10.96.0.{at}:80") for at in range(len(tables)))
    return tuple(replace(each, key=key) for key, each in zip(keys, tables, strict=True))


def test_a_table_of_a_destination_has_a_scope_of_its_own_name() -> None:
    shown = Shown()
    shown.update(*redirected(table(host("*", *routes(0))), table(host("*", *routes(1)))))
    first, second = (f"15001/10.96.0.{at}:80" for at in range(2))
    assert shown.names == [(ROUTE, first), (ROUTE, second), (SCOPED_ROUTE, first), (SCOPED_ROUTE, second)]
    assert shown.leads_to(second) == second
    assert list(shown.routes(first).request_headers_to_remove) == ["x-gatewayd-scope"]


def test_an_edit_of_a_destination_leaves_its_scope_and_one_that_goes_takes_it_along() -> None:
    [start, other] = redirected(table(host("*", *routes(0))), table(host("*", *routes(1))))
    shown = Shown()
    shown.update(start, other)
    old = dict(shown.resources)
    assert shown.update(edited(start, 0), other) == BuildCost(routes=1, virtual_hosts=1, resources=1)
    differs = {key for key, each in shown.resources.items() if old[key] is not each}
    assert differs == {(ROUTE, "15001/10.96.0.0:80")}
    shown.update(other)
    assert shown.names == [(ROUTE, "15001/10.96.0.1:80"), (SCOPED_ROUTE, "15001/10.96.0.1:80")]


def test_domains_that_are_no_hosts_have_a_configuration_even_where_there_are_none() -> None:
    shown = fresh(replace(hosts(1), discovery=RouteDiscovery.PER_HOST))
    assert (ROUTE, "80:*") in shown.names
    assert (shown.domains("80:*"), shown.leads_to("80:*")) == ([], "80:*")


@pytest.mark.parametrize("discovery", RouteDiscovery)
def test_what_routes_ask_of_filters_is_known_until_they_are_gone(discovery: RouteDiscovery) -> None:
    limit = RateLimit(requests=1, unit_s=1, burst=1, per_client=False, headers=(), claims=(), is_late=False)
    first, second = (RateLimits(policy=each, limits=(limit,)) for each in ("shop/a", "shop/b"))
    shown = Shown()
    for limits in ((first, second), (second,), (), (first,)):
        found = (host(f"h{at}.example", route(forward("s"), filters=(each,))) for at, each in enumerate(limits))
        shown.update(table(*found, discovery=discovery))
        assert set(shown.tables.asked) == set(limits)
    shown.update()
    assert set(shown.tables.asked) == set()
