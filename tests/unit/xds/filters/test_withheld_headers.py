from gatewayd.ir.policy import WithheldHeaders
from gatewayd.xds.filters.withheld_headers import per_route


def test_headers_are_taken_away_from_the_request_alone() -> None:
    mutations = per_route(WithheldHeaders(names=("x-team", "x-user"))).mutations
    assert [each.remove for each in mutations.request_mutations] == ["x-team", "x-user"]
    assert not mutations.response_mutations
