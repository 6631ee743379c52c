"""Every resource of every golden means the same to an independent implementation of protobuf."""

from dataclasses import replace

import pytest
from envoy.config.route.v3 import route_components_pb2, route_pb2

from gatewayd.xds.resource import ROUTE, resource
from tests.golden.cases import CASES, Case, translated
from tests.golden.second_reader import differences


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_readers_see_the_same(case: Case) -> None:
    found = translated(case)
    resources = [each for one in found.snapshots.values() for kind in one.resources.values() for each in kind.values()]
    assert resources
    assert [line for each in resources for line in differences(each)] == []


def test_a_difference_is_found() -> None:
    """Guard the comparison itself: unknown fields and lost ones must not pass."""
    table = route_pb2.RouteConfiguration(
        name="t", virtual_hosts=[route_components_pb2.VirtualHost(name="v", domains=["*"])]
    )
    good = resource(ROUTE, "t", table.SerializeToString())
    assert differences(good) == []
    unknown = bytes([0xFA, 0x3E, 1, 0x61])  # field 1007, which nobody has
    assert differences(replace(good, body=good.body + unknown))
