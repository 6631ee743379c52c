from gatewayd.api.listeners import AllowedRoutes, RouteGroupKind, RouteNamespaces
from gatewayd.api.meta import GroupKind
from tests.unit.api.documents import Document, accepted, gateway, listener, problems


def test_a_listener_lets_routes_of_its_own_namespace_attach() -> None:
    variants: tuple[Document, ...] = (
        {},
        {"allowedRoutes": {}},
        {"allowedRoutes": {"namespaces": {}}},
        {"allowedRoutes": None},
    )
    for fields in variants:
        (made,) = accepted(gateway(listeners=[listener(**fields)])).spec.listeners
        assert made.allowed_routes == AllowedRoutes(namespaces=RouteNamespaces(from_="Same"))


def test_allowed_kinds_default_to_the_group_of_gateway_api() -> None:
    kind = RouteGroupKind(kind="HTTPRoute")
    assert kind.group_kind == GroupKind("gateway.networking.k8s.io", "HTTPRoute")


def test_filters_are_read_so_that_they_can_be_refused() -> None:
    ref = {"group": "g.example", "kind": "Filter", "name": "f"}
    fields = {"filters": {"requests": [{"type": "ExtensionRef", "extensionRef": ref}]}}
    (made,) = accepted(gateway(listeners=[listener(**fields)])).spec.listeners
    assert made.filters.requests[0].extension_ref.name == "f"


def test_limits() -> None:
    bad = listener(name="bad>", port=123456789, protocol="a b", hostname="http://a<")
    assert [line.split(":")[0] for line in problems(gateway(listeners=[bad]))] == [
        "spec.listeners[0].name",
        "spec.listeners[0].hostname",
        "spec.listeners[0].port",
        "spec.listeners[0].protocol",
    ]
    assert problems(gateway(listeners=[])) == ["spec.listeners: must not be empty"]
    assert problems(gateway(listeners=[listener()] * 65)) == ["spec.listeners: has 65 items; at most 64 are allowed"]
