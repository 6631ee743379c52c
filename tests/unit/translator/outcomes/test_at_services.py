from typing import Any

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.outcome import FleetReport, Verdict
from gatewayd.store import Delta
from gatewayd.translator.outcomes.gateways_and_routes import route_outcome
from gatewayd.translator.outcomes.inherited import inherited_outcome
from tests.unit.translator.manifests import member, scratch
from tests.unit.translator.mesh.manifests import ECHO, MESH, callers, policy, route

CLUSTER = Delta(kind=Environment, key=HERE, obj=DEFAULT_ENVIRONMENT)
NAMESPACE = "{kind: Namespace, metadata: {name: shop}}"
TIMES = "default: {timeouts: {request: 1s}}"
SHARED = "default: {globalLimits: {limits: [{name: all, requests: 1, unit: Hour}]}}"
KEYS = "default: {apiKeys: {secretRefs: [{name: keys}]}}"


def said(kind: str, sections: str, *more: str | Delta, **at: str) -> list[tuple[str, str, Verdict]]:
    view = scratch(CLUSTER, MESH, ECHO, NAMESPACE, route(), policy(kind, sections, **at), *more)
    found: Any = inherited_outcome(view, member(kind, "shop/p"))
    return [(each.ref.kind, each.ref.name, verdict) for each in found.ancestors for verdict in each.verdicts]


def test_the_service_is_the_ancestor_of_a_policy_for_its_route() -> None:
    [(kind, name, accepted)] = said("RoutePolicy", TIMES)
    assert (kind, name, accepted.status) == ("Service", "echo", True)
    assert accepted.message == "in force for HTTPRoute/shop/r"


def test_what_cannot_be_had_is_said_to_it() -> None:
    [(_, _, left_out)] = said("RoutePolicy", SHARED)
    assert (left_out.status, left_out.reason) == (False, "Invalid")
    assert left_out.message == (
        "spec.default.globalLimits: nobody counts for the proxies of nodes; allowed for a Service: rateLimit; "
        "left out until then"
    )
    [(_, _, closing)] = said("AccessPolicy", KEYS)
    assert closing.message.endswith("allowed for a Service: jwt; requests get a 500 until then")
    [(_, _, report)] = said("ReportPolicy", "default: {metrics: {}}")
    assert report.message.startswith("spec.default.metrics: proxies of nodes tell nothing")


def test_a_policy_for_a_namespace_may_be_good_elsewhere() -> None:
    [(kind, _, accepted)] = said("RoutePolicy", SHARED, target="kind: Namespace")
    assert (kind, accepted.status) == ("Namespace", True)
    assert "; but for Services as parents spec.default.globalLimits: " in accepted.message
    [(_, _, plain)] = said("RoutePolicy", TIMES, target="kind: Namespace")
    assert plain.message == "in force for Namespace/shop"


def report(**held: int) -> Delta:
    value = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(), policies=held)
    return Delta(kind=FleetReport, key=MESH_FLEET, obj=value)


def test_it_is_programmed_when_the_proxies_of_nodes_have_it() -> None:
    for target in ("kind: HTTPRoute, name: r", "kind: Namespace"):
        waiting = [each for *_, each in said("RoutePolicy", TIMES, report(), target=target)]
        assert [(each.type, each.status) for each in waiting] == [("Accepted", True), ("Programmed", False)]
        assert "a connected proxy" in waiting[1].message
        has = report(**{"RoutePolicy shop/p": 0})
        assert [each.status for *_, each in said("RoutePolicy", TIMES, has, target=target)] == [True, True]


def test_a_route_is_told_whom_a_policy_names_in_vain() -> None:
    conditions = ", ".join(
        f"{{namespaces: [{', '.join(f'n{at:03}' for at in range(first, first + 64))}]}}" for first in (0, 64)
    )
    view = scratch(CLUSTER, MESH, ECHO, route(), callers(f"[{conditions}]"))
    found: Any = route_outcome(view, member("HTTPRoute", "shop/r"))
    accepted = found.parents[0].verdicts[0]
    assert accepted.status
    assert "callers of n064, n065, n066 and 61 more, whom an AccessPolicy names, are not told from" in accepted.message


def test_a_route_is_told_which_policy_closes_its_rules() -> None:
    view = scratch(CLUSTER, MESH, ECHO, route(), policy("AccessPolicy", KEYS))
    found: Any = route_outcome(view, member("HTTPRoute", "shop/r"))
    [closed] = [each for each in found.parents[0].verdicts if each.type.endswith("ClosedByPolicy")]
    assert closed.message == (
        'spec.rules[0]: AccessPolicy "shop/p": spec.default.apiKeys: proxies of nodes get no Secrets; '
        "allowed for a Service: jwt; requests get a 500 until then"
    )
