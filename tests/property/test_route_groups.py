"""Hosts that come, go and change, in groups that go apart and together: what came before leaves no trace."""

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import RouteDiscovery, RouteTable
from tests.unit.xds.build.test_route_tables import Shown, fresh
from tests.unit.xds.shorthand import forward, host, route, table

# Few groups of some hosts each, and domains that are no hosts.
_ALL = [f"h{number}.example" for number in range(4000)]
_NUMBERS = sorted({group_number(each) for each in _ALL[:3]})
HOSTS = tuple(each for each in _ALL if group_number(each) in _NUMBERS)[:12]
DOMAINS = st.sampled_from(("*", "*.example", *HOSTS))
TABLES = st.builds(
    lambda backends, apart: table(
        *(host(domain, route(forward(to))) for domain, to in sorted(backends.items())),
        discovery=RouteDiscovery.PER_HOST,
        apart=apart,
    ),
    backends=st.dictionaries(DOMAINS, st.sampled_from("ab")),
    apart=st.frozensets(st.sampled_from(_NUMBERS)),
)


@given(tables=st.lists(TABLES, min_size=1, max_size=6))
def test_any_sequence_of_tables_ends_where_a_fresh_start_does(tables: list[RouteTable]) -> None:
    shown = Shown()
    for each in tables:
        shown.update(each)
        assert shown.resources == fresh(each).resources
