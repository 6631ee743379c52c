from collections import Counter

import pytest

from gatewayd.ir.host_groups import group_number, read_group, read_table
from gatewayd.ir.http import HostGroup, RouteTableKey
from gatewayd.ir.limits import HOST_GROUPS

SECURE = RouteTableKey(port=443, listener="shop/set/web")


def test_a_host_stays_in_its_group_over_replicas_and_versions() -> None:
    hosts = ("shop.example", "a.example", "xn--bcher-kva.example", "17")
    assert [group_number(each) for each in hosts] == [39, 14, 185, 436]


def test_groups_are_of_much_the_same_size() -> None:
    sizes = Counter(group_number(f"host-{number}.example") for number in range(HOST_GROUPS * 100))
    assert len(sizes) == HOST_GROUPS
    assert max(sizes.values()) < 200


@pytest.mark.parametrize("table", [RouteTableKey(port=80, listener=""), SECURE])
def test_what_names_a_table_or_a_group_is_read(table: RouteTableKey) -> None:
    group = HostGroup(table=table, number=HOST_GROUPS - 1)
    assert (read_table(str(table)), read_group(str(group))) == (table, group)


@pytest.mark.parametrize(
    "text", ["", "80", "80:*", "80:a.example", "80:=a.example", "80:#-1", "80:#512", "80:#x", "x:#1"]
)
def test_other_names_name_no_group(text: str) -> None:
    assert read_group(text) is None
