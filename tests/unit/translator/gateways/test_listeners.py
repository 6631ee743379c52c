import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.limits import PROXY_PORTS
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.gateways.listeners import MergedListener, Order, set_is_allowed, written
from tests.unit.translator.manifests import CLASS, GW, member, scratch

ALLOW_ALL = "{namespaces: {from: All}}"


def gateway(*entries: str, allowed: str = "{}") -> str:
    return f"""
        kind: Gateway
        metadata: {{name: gw, namespace: shop}}
        spec:
          gatewayClassName: gatewayd
          allowedListeners: {allowed}
          listeners: [{", ".join(entries)}]
    """


def listener_set(name: str, created: str, *entries: str, namespace: str = "shop") -> str:
    return f"""
        kind: ListenerSet
        metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: "{created}"}}
        spec:
          parentRef: {{name: gw, namespace: shop}}
          listeners: [{", ".join(entries)}]
    """


def read(*manifests: str) -> dict[str, MergedListener]:
    return {each.key.section: each for each in written(scratch(CLASS, *manifests), member("Gateway", "shop/gw"))}


HTTP = "{name: http, port: 80, protocol: HTTP}"


def test_a_good_listener() -> None:
    (each,) = read(gateway("{name: http, port: 80, protocol: HTTP, hostname: '*.example'}")).values()
    assert each.valid
    assert each.path == "spec.listeners[0]"
    assert each.hostname == "*.example"
    assert each.conflict.reason == "NoConflicts"
    assert each.kinds_verdict is None
    assert [kind.kind for kind in each.kinds] == ["HTTPRoute", "GRPCRoute"]


def test_an_unsupported_protocol_takes_no_kinds() -> None:
    (each,) = read(gateway("{name: l, port: 25, protocol: example.com/smtp}")).values()
    assert (each.accepted.status, each.accepted.reason) == (False, "UnsupportedProtocol")
    assert each.kinds == ()
    assert each.accepted.message.startswith("spec.listeners[0].protocol: example.com/smtp is not supported; ")


def test_filters_on_a_listener_are_refused() -> None:
    ref = "{group: g.example, kind: K, name: n}"
    entry = (
        f"{{name: l, port: 80, protocol: HTTP, filters: {{requests: [{{type: ExtensionRef, extensionRef: {ref}}}]}}}}"
    )
    (each,) = read(gateway(entry)).values()
    assert each.accepted.reason == "UnsupportedValue"


@pytest.mark.parametrize(
    ("asked", "taken", "said"),
    [
        ("{kind: HTTPRoute}", ["HTTPRoute"], None),
        ("{kind: GRPCRoute}, {kind: HTTPRoute}", ["GRPCRoute", "HTTPRoute"], None),
        ("{kind: HTTPRoute}, {kind: HTTPRoute}", ["HTTPRoute"], None),
        ("{kind: HTTPRoute}, {kind: TCPRoute}", ["HTTPRoute"], "InvalidRouteKinds"),
        ("{kind: NoSuchRoute}", [], "InvalidRouteKinds"),
        ("{group: other.example, kind: HTTPRoute}", [], "InvalidRouteKinds"),
    ],
)
def test_allowed_kinds(asked: str, taken: list[str], said: str | None) -> None:
    entry = f"{{name: l, port: 80, protocol: HTTP, allowedRoutes: {{kinds: [{asked}]}}}}"
    (each,) = read(gateway(entry)).values()
    assert [kind.kind for kind in each.kinds] == taken
    assert (each.kinds_verdict.reason if each.kinds_verdict else None) == said
    assert each.valid


@pytest.mark.parametrize(
    ("rule", "namespace", "allowed"),
    [
        ("All", "blog", True),
        ("Same", "shop", True),
        ("Same", "blog", False),
        ("None", "shop", False),
        ("Selector, selector: {matchLabels: {team: red}}", "blog", True),
        ("Selector, selector: {matchLabels: {team: blue}}", "blog", False),
    ],
)
def test_which_listener_sets_are_allowed(rule: str, namespace: str, *, allowed: bool) -> None:
    view = scratch(
        CLASS,
        gateway(HTTP, allowed=f"{{namespaces: {{from: {rule}}}}}"),
        listener_set("s", "", "{name: x, port: 81, protocol: HTTP}", namespace=namespace),
        "{kind: Namespace, metadata: {name: blog, labels: {team: red}}}",
    )
    assert set_is_allowed(view, ObjectKey(namespace, "s")) is allowed


def test_of_a_gateway_that_is_not_there_not_ours_or_says_nothing_no_set_is_allowed() -> None:
    extra = listener_set("s", "", "{name: x, port: 81, protocol: HTTP}")
    all_of_shop = gateway(HTTP, allowed=ALLOW_ALL)
    for of_gateway, allowed in (
        (all_of_shop, True),
        (all_of_shop.replace("gatewayClassName: gatewayd", "gatewayClassName: other"), False),
        (all_of_shop.replace(f"allowedListeners: {ALLOW_ALL}", "infrastructure: {}"), False),
        ("", False),
    ):
        assert set_is_allowed(scratch(CLASS, of_gateway, extra), ObjectKey("shop", "s")) is allowed


def test_listeners_of_others_do_not_count() -> None:
    assert written(scratch(gateway(HTTP)), member("Gateway", "shop/gw")) == ()
    view = scratch(CLASS, gateway(HTTP), listener_set("s", "", "{name: x, port: 81, protocol: HTTP}"))
    assert written(view, member("ListenerSet", "shop/s")) == ()
    assert written(view, member("ListenerSet", "shop/none")) == ()


def test_a_listener_knows_its_gateway_and_its_place_in_merging() -> None:
    view = scratch(
        CLASS,
        gateway(HTTP, allowed=ALLOW_ALL),
        listener_set("s", "2026-01-01T00:00:00Z", "{name: x, port: 81, protocol: HTTP}", namespace="team"),
    )
    (own,), (other,) = (
        written(view, member("Gateway", "shop/gw")),
        written(view, member("ListenerSet", "team/s")),
    )
    assert own.gateway == other.gateway == GW
    assert own.order < other.order == Order(1, "2026-01-01T00:00:00Z", "team/s", 0)


@pytest.mark.parametrize("port", PROXY_PORTS)
@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
def test_a_port_of_the_proxy_itself_is_not_to_be_had_in_a_cluster(port: int, protocol: str) -> None:
    entry = f"{{name: x, port: {port}, protocol: {protocol}}}"
    allowed = gateway(HTTP, entry, allowed=ALLOW_ALL)
    view = scratch(CLASS, allowed, listener_set("s", "", entry))
    of_set = written(view, member("ListenerSet", "shop/s"))
    for each in (read(allowed)["x"], *of_set):
        assert (each.accepted.type, each.accepted.status, each.accepted.reason) == (
            "Accepted",
            False,
            "PortUnavailable",
        )
        assert each.accepted.message == (
            f"{each.path}.port: {port} is a port of the proxy itself; all but 19000 and 19001 are allowed"
        )
    assert read(allowed)["http"].valid


def test_the_ports_of_a_pod_are_free_elsewhere() -> None:
    entry = f"{{name: x, port: {PROXY_PORTS[1]}, protocol: HTTP}}"
    assert read(gateway(entry.replace("HTTP", "UDP")))["x"].valid
    here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
    (found,) = written(scratch(CLASS, gateway(entry), here), member("Gateway", "shop/gw"))
    assert found.valid
