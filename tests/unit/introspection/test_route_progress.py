from collections import Counter
from collections.abc import Callable

from gatewayd.introspection.route_progress import Carrier, Progress, RouteName
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.xds.resource import LISTENER, ROUTE, TypeUrl
from tests.unit.example import SHOP, translated

GATEWAY = GatewayFleet(namespace="default", name="web")
SHOP_ROUTE = RouteName("httproute", "default", "shop")
OTHER = """---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: other}
spec:
  parentRefs: [{name: web}]
  hostnames: [other.example]
"""
STREAMS = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: streams}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: tcp, protocol: TCP, port: 9000}
  - {name: udp, protocol: UDP, port: 9001}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: tcp}
spec:
  parentRefs: [{name: streams}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: udp}
spec:
  parentRefs: [{name: streams}]
  rules: [{backendRefs: [{name: cart, port: 80}]}]
"""


class Proxies:
    """Who holds what."""

    def __init__(self) -> None:
        self.holding: Counter[str] = Counter()

    def __call__(self, fleet: FleetKey, type_url: TypeUrl) -> Callable[[str], int]:
        del fleet, type_url
        return self.holding.__getitem__


def published(progress: Progress, config: ProxyConfig, now: float) -> list[RouteName]:
    return [name for names in progress.publishing(config, now) for name in names]


def config(text: str, gateway: GatewayFleet = GATEWAY) -> ProxyConfig:
    return translated(text).reconciler.configs[gateway]


def test_a_route_arrives_when_a_proxy_holds_its_table() -> None:
    proxies = Proxies()
    progress = Progress(proxies)
    published(progress, config(SHOP), 10.0)

    assert not progress.answered(GATEWAY, 11.0)
    assert progress.waiting() == ((GATEWAY, SHOP_ROUTE),)
    proxies.holding["8080"] = 1
    assert progress.answered(GATEWAY, 12.5)
    assert not progress.answered(GATEWAY, 13.0)

    found = progress.of(GATEWAY, SHOP_ROUTE)
    assert found is not None
    assert (found.carriers, found.seconds, found.proxies) == ((Carrier(ROUTE, "8080"),), 2.5, 1)
    assert progress.waiting() == ()


def test_an_edit_of_another_route_leaves_it_as_it_is() -> None:
    proxies = Proxies()
    proxies.holding["8080"] = 1
    progress = Progress(proxies)
    published(progress, config(SHOP), 0.0)
    progress.answered(GATEWAY, 1.0)

    proxies.holding["8080"] = 0
    published(progress, config(SHOP + OTHER), 5.0)
    progress.answered(GATEWAY, 5.1)

    assert [name.name for _, name in progress.waiting()] == ["other"]
    assert progress.at(SHOP_ROUTE)[GATEWAY].seconds == 1.0


def test_its_own_edit_starts_its_time_anew() -> None:
    proxies = Proxies()
    proxies.holding["8080"] = 1
    progress = Progress(proxies)
    published(progress, config(SHOP), 0.0)
    progress.answered(GATEWAY, 1.0)

    published(progress, config(SHOP.replace("weight: 3", "weight: 4")), 5.0)
    assert progress.waiting() == ((GATEWAY, SHOP_ROUTE),)
    progress.answered(GATEWAY, 5.5)

    assert progress.at(SHOP_ROUTE)[GATEWAY].seconds == 0.5


def test_without_proxies_everything_has_to_arrive_again() -> None:
    proxies = Proxies()
    proxies.holding["8080"] = 1
    progress = Progress(proxies)
    published(progress, config(SHOP), 0.0)
    progress.answered(GATEWAY, 1.0)

    progress.lost(GATEWAY, 9.0)

    assert progress.waiting() == ((GATEWAY, SHOP_ROUTE),)
    progress.answered(GATEWAY, 9.25)
    assert progress.at(SHOP_ROUTE)[GATEWAY].seconds == 0.25


def test_routes_of_streams_are_carried_by_listeners() -> None:
    progress = Progress(Proxies())
    published(progress, config(SHOP + STREAMS, GatewayFleet(namespace="default", name="streams")), 0.0)

    tcp = progress.of(GatewayFleet(namespace="default", name="streams"), RouteName("tcproute", "default", "tcp"))
    udp = progress.of(GatewayFleet(namespace="default", name="streams"), RouteName("udproute", "default", "udp"))

    assert tcp is not None
    assert udp is not None
    assert (tcp.carriers, udp.carriers) == ((Carrier(LISTENER, "tcp-9000"),), (Carrier(LISTENER, "udp-9001"),))


def test_a_table_that_no_listener_uses_carries_nothing() -> None:
    broken = SHOP.replace(
        "{name: http, protocol: HTTP, port: 8080}",
        "{name: https, protocol: HTTPS, port: 8443, tls: {certificateRefs: [{name: none}]}}",
    )
    progress = Progress(Proxies())
    published(progress, config(broken), 0.0)

    assert progress.of(GATEWAY, SHOP_ROUTE) is None


def test_a_gateway_that_is_gone_is_forgotten() -> None:
    progress = Progress(Proxies())
    published(progress, config(SHOP), 0.0)

    progress.retired(GATEWAY)

    assert progress.at(SHOP_ROUTE) == {}
    assert not progress.answered(GATEWAY, 1.0)
