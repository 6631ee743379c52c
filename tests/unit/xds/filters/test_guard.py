from typing import Any

from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_authz.v3 import ext_authz_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.filters import ExternalAuth, GRPCCheck, HTTPCheck
from gatewayd.ir.limits import GUARDS
from gatewayd.xds.filters.guard import NAMES, guards_per_host
from tests.unit.xds.shorthand import upstream


def asking(name: str, *says: str) -> ExternalAuth:
    check = HTTPCheck(path_prefix="", headers=(), response_headers=says) if says else GRPCCheck(headers=())
    return ExternalAuth(upstream=upstream(name), check=check, body_bytes=0)


def filters_of(config: Any) -> tuple[ext_authz_pb2.ExtAuthz, list[str]]:
    """Return how a guard is asked, and which headers of the client are taken away before."""
    action, made = composite_pb2.ExecuteFilterAction(), ext_authz_pb2.ExtAuthz()
    forgetting = header_mutation_pb2.HeaderMutation()
    assert config.xds_matcher.on_no_match.action.typed_config.Unpack(action)
    first, second = action.filter_chain.typed_config
    assert first.typed_config.Unpack(forgetting)
    assert second.typed_config.Unpack(made)
    return made, [each.remove for each in forgetting.mutations.request_mutations if each.remove]


def test_each_guard_has_a_filter_of_its_own_in_order_and_routes_are_asked_again() -> None:
    found = guards_per_host((asking("a"), asking("b")))
    assert tuple(found) == NAMES[:2]
    for name, config in zip("ab", found.values(), strict=True):
        made, _ = filters_of(config)
        assert made.grpc_service.envoy_grpc.cluster_name == f"shop/{name}/80/http1"
        assert made.clear_route_cache


def test_a_guard_takes_away_what_it_says_but_not_what_one_before_may_have_said() -> None:
    found = guards_per_host((asking("a", "X-User", "x-a"), asking("b", "x-user", "x-b")))
    assert [filters_of(config)[1] for config in found.values()] == [["x-a", "x-user"], ["x-b"]]
    # What was taken away may have chosen the route: a server that says nothing must have it chosen anew as well.
    for config in found.values():
        made, _ = filters_of(config)
        *_, always = made.http_service.authorization_response.allowed_upstream_headers.patterns
        assert always.exact == ":status"
        assert made.decoder_header_mutation_rules.disallow_system.value


def test_there_is_a_filter_for_each_guard_that_a_listener_may_have() -> None:
    assert len(set(NAMES)) == GUARDS
    # Virtual hosts that Envoys have now name them so: another name is an update in which no guard is asked.
    assert NAMES[:2] == ("g1", "g2")
