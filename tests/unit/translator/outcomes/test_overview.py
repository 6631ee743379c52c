"""What an overview shows of objects, before any proxy has said a word."""

from gatewayd.ir.limits import MANY_DOMAINS
from gatewayd.ir.overview import GatewayOverview, ListenerOverview, OtherClass, RouteOverview
from gatewayd.translator.outcomes.overview import gateway_overview, route_overview
from tests.unit.translator.manifests import SHOP, brief, member, scratch

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec: {parentRefs: [{name: gw}], hostnames: [a.example], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def gateway(*manifests: str) -> GatewayOverview | OtherClass | None:
    return gateway_overview(scratch(*manifests), member("Gateway", "shop/gw"))


def route(*manifests: str) -> RouteOverview | None:
    return route_overview(scratch(*manifests), member("HTTPRoute", "shop/it"))


def test_a_gateway_has_its_listeners_and_verdicts() -> None:
    overview = gateway(SHOP, ROUTE)
    assert isinstance(overview, GatewayOverview)
    assert overview.listeners == (ListenerOverview(name="http", port=80, bound=80, per_host=False),)
    assert brief(overview.verdicts)["Accepted"] == "Accepted"


def test_a_listener_with_many_hosts_has_its_routes_host_by_host() -> None:
    many = (ROUTE.replace("name: it", f"name: r{at}").replace("a.ex", f"h{at}.ex") for at in range(MANY_DOMAINS + 1))
    overview = gateway(SHOP, *many)
    assert isinstance(overview, GatewayOverview)
    assert [listener.per_host for listener in overview.listeners] == [True]


def test_a_gateway_of_another_class_is_told_apart_from_none() -> None:
    assert gateway(SHOP.replace("gatewayClassName: gatewayd", "gatewayClassName: other")) == OtherClass(name="other")
    assert gateway() is None


def test_a_route_has_what_its_status_says() -> None:
    overview = route(SHOP, ROUTE)
    assert overview is not None
    assert overview.hostnames == ("a.example",)
    assert [brief(parent.verdicts)["Accepted"] for parent in overview.parents] == ["Accepted"]


def test_a_route_that_leads_nowhere_is_there_without_parents() -> None:
    assert route(SHOP, ROUTE.replace("name: gw", "name: elsewhere")) == RouteOverview(
        hostnames=("a.example",), parents=()
    )
    assert route(SHOP) is None
