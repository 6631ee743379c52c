"""Every resource of every golden means the same to an independent implementation of protobuf."""

from dataclasses import replace
from typing import Any

import pytest
from envoy.config.route.v3 import route_components_pb2, route_pb2

from gatewayd.ir.http import RouteDiscovery
from gatewayd.xds.resource import ROUTE, Resource, resource
from tests.golden.cases import CASES, Case, translated
from tests.golden.second_reader import compared, differences


@pytest.mark.parametrize("discovery", RouteDiscovery)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_readers_see_the_same(case: Case, discovery: RouteDiscovery) -> None:
    found = translated(case, discovery)
    resources = [each for one in found.snapshots.values() for kind in one.resources.values() for each in kind.values()]
    assert resources
    assert [line for each in resources for line in differences(each)] == []


def table(*domains: str, name: str = "t", **fields: Any) -> Resource:
    hosts = [route_components_pb2.VirtualHost(name=domain, domains=[domain]) for domain in domains]
    message = route_pb2.RouteConfiguration(name=name, virtual_hosts=hosts, **fields)
    return resource(ROUTE, "t", message.SerializeToString())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (table("a", name="u"), "t.name: 't' and 'u'"),
        (table("a", "b"), "t.virtual_hosts: 1 and 2 entries"),
        (table("b"), "t.virtual_hosts[0].name: 'a' and 'b'"),
        (table("a", most_specific_header_mutations_wins=True), "most_specific_header_mutations_wins: False and True"),
        (table("a", validate_clusters={"value": False}), "t.validate_clusters: set for one reader only"),
    ],
)
def test_a_difference_is_found(other: Resource, said: str) -> None:
    """Guard the comparison itself."""
    assert differences(other) == []
    assert said in "; ".join(compared(table("a"), other))
    assert compared(other, table("a"))


def test_a_field_that_one_reader_does_not_know_is_found() -> None:
    unknown = bytes([0xFA, 0x3E, 1, 0x61])  # field 1007, which nobody has
    assert differences(replace(table("a"), own=(table("a").body, unknown), tail=b""))
