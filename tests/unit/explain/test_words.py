from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Translated, traces
from gatewayd.explain.words import trace_lines
from tests.unit.example import SHOP, translated


def lines(target: str, *, text: str = SHOP) -> list[str]:
    found = translated(text)
    sent = Sent(scheme="http", method="GET", host="shop.example", target=target, headers=())
    (trace,) = traces(Translated(engine=found.engine, configs=tuple(found.reconciler.configs.values())), sent, None)
    return list(trace_lines(trace, found.manifests.folder.place_of))


def test_a_rule_that_forwards() -> None:
    assert lines("/cart") == [
        "Gateway default/web, port 8080:",
        "  HTTPRoute default/shop spec.rules[0].matches[0] takes it  (shop.yaml:17)",
        "    by listener http, virtual host shop.example",
        "    75% to Service default/cart:80 at 127.0.0.1:9000",
        "      as shop.example/cart",
        "    25% to Service default/cart:80 at 127.0.0.1:9000",
        "      as shop.example/cart",
        "  The other rules:",
        "    HTTPRoute default/shop spec.rules[1].matches[0] (shop.yaml:22): path /cart is neither /old nor below it",
    ]


def test_a_rule_that_redirects() -> None:
    assert "    answers 302 Location: http://shop.example:8080/cart" in lines("/old")


def test_nobody() -> None:
    assert lines("/")[:2] == ["Gateway default/web, port 8080:", "  404: no rule matches"]


def test_envoy_itself() -> None:
    assert lines("/a%2Fb")[1].startswith("  307 Location: /a/b: the path has escaped slashes")


def test_a_backend_that_leads_nowhere() -> None:
    found = lines("/cart", text=SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80, weight: 3}"))

    assert '      but Service "default/none" does not exist' in found


def test_whom_the_listener_asks_first() -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: cart, port: 80}, grpc: {}}}"
    found = lines("/cart", text=SHOP.replace("port: 8080", f"port: 8080, filters: {{requests: [{auth}]}}"))

    assert found[1] == "  only if Service default/cart:80 consents, who may lead it to another rule"
