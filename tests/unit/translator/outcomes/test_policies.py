from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, PolicyOutcome, StandingRefusal
from gatewayd.store import Delta
from gatewayd.translator.outcomes.policies import (
    MAX_ANCESTORS,
    ancestors,
    backendtls_outcome,
    missed_services,
    traffic_outcome,
)
from gatewayd.translator.proxies.upstreams import ServiceUse
from tests.unit.translator.manifests import GATEWAY, GW, SHOP, brief, member, message, scratch

POLICY = """
kind: BackendTLSPolicy
metadata: {name: p, namespace: shop, generation: 6, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  validation: {hostname: cart.example, wellKnownCACertificates: System}
"""
ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def said(*manifests: str | Delta, of: str = "shop/p") -> PolicyOutcome | None:
    return backendtls_outcome(scratch(SHOP, *manifests), member("BackendTLSPolicy", of))


def test_the_gateway_that_uses_the_service_is_the_ancestor() -> None:
    found = said(POLICY, ROUTE)
    assert found is not None
    assert found.generation == 6
    (ancestor,) = found.ancestors
    assert (ancestor.ref.kind, ancestor.ref.namespace, ancestor.ref.name) == ("Gateway", "shop", "gw")
    assert (ancestor.ref.section, ancestor.ref.port) == (None, None)
    assert brief(ancestor.verdicts) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}


def test_gateways_come_by_name_whichever_came_first() -> None:
    keys = [ObjectKey("shop", "zz"), ObjectKey("shop", "aa"), ObjectKey("blog", "zz")]
    found = ancestors(1, dict.fromkeys(keys, ()))
    assert found is not None
    assert [(each.ref.namespace, each.ref.name) for each in found.ancestors] == sorted(keys)
    assert ancestors(1, {}) is None


def test_as_long_as_no_gateway_uses_it_nothing_is_said() -> None:
    assert said(POLICY) is None
    assert said(POLICY, ROUTE.replace("name: gw", "name: gw, sectionName: nope")) is None
    assert said(ROUTE) is None


def test_a_policy_that_came_late_is_conflicted() -> None:
    late = POLICY.replace("name: p,", "name: late,").replace("2026-01-01", "2026-01-02")
    found = said(POLICY, late, ROUTE, of="shop/late")
    assert found is not None
    assert brief(found.ancestors[0].verdicts)["Accepted"] == "!Conflicted"
    assert message(found.ancestors[0].verdicts, "Accepted") == (
        'spec.targetRefs: Service "shop/cart" has BackendTLSPolicy "shop/p" already'
    )
    first = said(POLICY, late, ROUTE)
    assert first is not None
    assert brief(first.ancestors[0].verdicts)["Accepted"] == "Accepted"


def test_there_are_no_more_ancestors_than_a_status_can_hold() -> None:
    names = [f"g{at:02}" for at in range(MAX_ANCESTORS + 4)]
    gateways = "---".join(GATEWAY.replace("name: gw", f"name: {name}") for name in names)
    route = ROUTE.replace("[{name: gw}]", str([{"name": name} for name in names]))
    found = said(POLICY, gateways, route)
    assert found is not None
    assert [each.ref.name for each in found.ancestors] == names[:MAX_ANCESTORS]


def test_traffic_policies_are_told_of_the_same_way() -> None:
    early, late = (
        f"""
            kind: XBackendTrafficPolicy
            metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}T00:00:00Z"}}
            spec: {{targetRefs: [{{group: "", kind: Service, name: cart}}], retryConstraint: {{}}}}
        """
        for name, created in (("early", "2026-01-01"), ("late", "2026-01-02"))
    )
    view = scratch(SHOP, POLICY, ROUTE, early, late)
    found = {name: traffic_outcome(view, member("XBackendTrafficPolicy", f"shop/{name}")) for name in ("early", "late")}
    said = {name: brief(each.ancestors[0].verdicts) if each else None for name, each in found.items()}
    assert said == {
        "early": {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"},
        "late": {"Accepted": "!Conflicted", "ResolvedRefs": "ResolvedRefs"},
    }
    assert traffic_outcome(scratch(SHOP, early), member("XBackendTrafficPolicy", "shop/early")) is None


def traffic(name: str, created: str) -> str:
    return f"""---
kind: XBackendTrafficPolicy
metadata: {{name: {name}, namespace: shop, generation: 2, creationTimestamp: "{created}T00:00:00Z"}}
spec: {{targetRefs: [{{group: "", kind: Service, name: cart}}], retryConstraint: {{}}}}
"""


def said_of_traffic(name: str, *manifests: str | Delta) -> PolicyOutcome | None:
    return traffic_outcome(scratch(SHOP, *manifests), member("XBackendTrafficPolicy", f"shop/{name}"))


def refusing(gateway: str, of: int) -> Delta:
    cluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    refusal = StandingRefusal(type_url=cluster, name="shop/cart/80/http1", message="no", proxies=1, of=of)
    report = FleetReport(connected=of, acked_listeners=frozenset(), rejections=(), standing=(refusal,))
    return Delta(kind=FleetReport, key=GatewayFleet(namespace="shop", name=gateway), obj=report)


def test_policies_say_so_while_proxies_of_the_gateway_refuse_what_they_are_for() -> None:
    def told(gateway: str, of: int) -> list[dict[str, str]]:
        world = (ROUTE, refusing(gateway, of))
        found = (said(POLICY, *world), said_of_traffic("p", *world, traffic("p", "2026-01-01")))
        return [{each.type: each.message for each in one.ancestors[0].verdicts} for one in found if one is not None]

    refused = "gatewayd.io/RefusedByProxy"
    backend = "the backend Service shop/cart:80"
    one = f"spec.targetRefs: one of several proxies refuses {backend} and goes on with what it had: no"
    all_of_them = f"spec.targetRefs: all connected proxies refuse {backend} and go on with what they had: no"
    assert [each[refused] for each in told("gw", 2)] == [one] * 2
    assert [each[refused] for each in told("gw", 1)] == [all_of_them] * 2
    assert [each.get(refused) for each in told("other", 2)] == [None] * 2


def test_a_policy_that_lost_says_nothing_of_what_it_is_not_for() -> None:
    late = POLICY.replace("name: p,", "name: late,").replace("2026-01-01", "2026-01-02")
    found = said(POLICY, late, ROUTE, refusing("gw", 1), of="shop/late")
    assert found is not None
    assert set(brief(found.ancestors[0].verdicts)) == {"Accepted", "ResolvedRefs"}


def test_a_traffic_policy_is_accepted_by_the_gateway_that_uses_the_service() -> None:
    found = said_of_traffic("p", ROUTE, traffic("p", "2026-01-01"))
    assert found is not None
    (ancestor,) = found.ancestors
    assert ancestor.ref.name == "gw"
    assert brief(ancestor.verdicts) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}
    assert "budget.interval" in message(ancestor.verdicts, "Accepted")
    assert said_of_traffic("p", traffic("p", "2026-01-01")) is None
    assert said_of_traffic("p", ROUTE) is None


def test_a_traffic_policy_that_came_late_is_conflicted() -> None:
    found = said_of_traffic("late", ROUTE, traffic("p", "2026-01-01"), traffic("late", "2026-01-02"))
    assert found is not None
    assert brief(found.ancestors[0].verdicts)["Accepted"] == "!Conflicted"
    assert 'has XBackendTrafficPolicy "shop/p" already' in message(found.ancestors[0].verdicts, "Accepted")


def accepted_of(*manifests: str, of: str = "shop/p") -> tuple[str, str]:
    found = said(*manifests, of=of)
    assert found is not None
    (one,) = found.ancestors
    return brief(one.verdicts)["Accepted"], message(one.verdicts, "Accepted")


def test_a_policy_for_a_port_that_is_not_there_says_so_and_which_there_are() -> None:
    lost = POLICY.replace("name: cart}", "name: cart, sectionName: nope}")
    assert accepted_of(lost, ROUTE) == (
        "!TargetNotFound",
        'spec.targetRefs[0].sectionName: Service "shop/cart" has no port named "nope"; ports: web',
    )
    assert accepted_of(lost, ROUTE.replace("port: 80", "port: 81"))[0] == "!TargetNotFound"


def test_a_policy_for_a_service_that_is_not_there_is_told_of_where_a_route_names_it() -> None:
    lost, route = POLICY.replace("name: cart}", "name: gone}"), ROUTE.replace("name: cart", "name: gone")
    assert accepted_of(lost, route) == (
        "!TargetNotFound",
        'spec.targetRefs[0]: Service "shop/gone" does not exist',
    )
    assert said(lost, ROUTE) is None


def test_each_gateway_is_told_of_its_own_target_and_of_what_nobody_leads_to() -> None:
    other = """
kind: Service
metadata: {name: other, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
"""
    second = GATEWAY.replace("name: gw", "name: second")
    to_other = (
        ROUTE.replace("name: gw", "name: second").replace("name: cart", "name: other").replace("name: r,", "name: o,")
    )
    two = POLICY.replace("name: cart}]", 'name: cart}, {group: "", kind: Service, name: other, sectionName: nope}]')
    found = said(two, ROUTE, second, other, to_other)
    assert found is not None
    assert {each.ref.name: brief(each.verdicts)["Accepted"] for each in found.ancestors} == {
        "gw": "Accepted",
        "second": "!TargetNotFound",
    }
    alone = said(two, ROUTE, other)
    assert alone is not None
    assert [brief(each.verdicts)["Accepted"] for each in alone.ancestors] == ["!TargetNotFound"]


def test_a_traffic_policy_for_what_is_not_there() -> None:
    lost = traffic("p", "2026-01-01").replace("name: cart}", "name: gone}")
    found = said_of_traffic("p", ROUTE.replace("name: cart", "name: gone"), lost)
    assert found is not None
    assert brief(found.ancestors[0].verdicts)["Accepted"] == "!TargetNotFound"


def test_what_a_route_names_in_vain_and_may_not_name() -> None:
    view = scratch(SHOP, ROUTE.replace("name: cart", "name: gone"))
    use = ServiceUse(member("Service", "shop/gone").key, GW)
    assert missed_services(view, member("HTTPRoute", "shop/r")) == (use,)
    elsewhere = ROUTE.replace("name: cart", "name: gone, namespace: other")
    assert missed_services(scratch(SHOP, elsewhere), member("HTTPRoute", "shop/r")) == ()
    assert missed_services(scratch(SHOP, ROUTE), member("HTTPRoute", "shop/r")) == ()
    assert missed_services(scratch(SHOP), member("HTTPRoute", "shop/r")) == ()
