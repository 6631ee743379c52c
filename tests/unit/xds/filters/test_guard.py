from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_authz.v3 import ext_authz_pb2

from gatewayd.ir.filters import ExternalAuth, GRPCCheck
from gatewayd.ir.limits import GUARDS
from gatewayd.xds.filters.guard import NAMES, guards_per_host
from tests.unit.xds.shorthand import upstream


def asking(name: str) -> ExternalAuth:
    return ExternalAuth(upstream=upstream(name), check=GRPCCheck(headers=()), body_bytes=0)


def test_each_guard_has_a_filter_of_its_own_in_order_and_routes_are_asked_again() -> None:
    found = guards_per_host((asking("a"), asking("b")))
    assert tuple(found) == NAMES[:2]
    for name, config in zip("ab", found.values(), strict=True):
        action, made = composite_pb2.ExecuteFilterAction(), ext_authz_pb2.ExtAuthz()
        assert config.xds_matcher.on_no_match.action.typed_config.Unpack(action)
        assert action.typed_config.typed_config.Unpack(made)
        assert made.grpc_service.envoy_grpc.cluster_name == f"shop/{name}/80/http1"
        assert made.clear_route_cache


def test_there_is_a_filter_for_each_guard_that_a_listener_may_have() -> None:
    assert len(set(NAMES)) == GUARDS
