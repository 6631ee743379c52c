from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.rules.route_kinds import ROUTE_KINDS


def test_every_table_of_routes_has_a_row() -> None:
    assert set(ROUTE_KINDS) == set(ROUTE_TABLES)
