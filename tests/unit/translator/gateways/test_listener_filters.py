import pytest

from gatewayd.api.gateway import Gateway
from gatewayd.api.listeners import Listener
from gatewayd.ir.filters import ExternalAuth, GRPCCheck, HTTPCheck
from gatewayd.ir.limits import GUARDS
from gatewayd.translator.gateways.listener_filters import NO_GUARDS, guard_key, guards, refused
from tests.unit.translator.manifests import CART, deltas, scratch

PATH = "spec.listeners[0]"
HTTP = "{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: cart, port: 80}, http: {path: %s}}}"
GRPC = "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: cart, port: 80}, grpc: {}}}"
NOBODY = GRPC.replace("cart", "nobody")
FAR = GRPC.replace("name: cart", "name: cart, namespace: far")
EXTENSION = "{type: ExtensionRef, extensionRef: {group: x.example, kind: Rate, name: r}}"


def listener(*filters: str, protocol: str = "HTTP") -> Listener:
    entry = f"{{name: l, port: 80, protocol: {protocol}, filters: {{requests: [{', '.join(filters)}]}}}}"
    spec = f"{{gatewayClassName: gatewayd, listeners: [{entry}]}}"
    (row,) = deltas(f"{{kind: Gateway, metadata: {{name: gw, namespace: shop}}, spec: {spec}}}")
    assert isinstance(row.obj, Gateway)
    return row.obj.spec.listeners[0]


def test_whom_a_listener_asks_in_order() -> None:
    found = guards(scratch(CART), guard_key("Gateway", "shop", PATH, listener(HTTP % "/a", GRPC, HTTP % "/a")))
    assert [type(each.check) for each in found.asked] == [HTTPCheck, GRPCCheck, HTTPCheck]
    assert all(isinstance(each, ExternalAuth) for each in found.asked)
    assert found.unresolved is None


def test_a_listener_without_filters_asks_nobody() -> None:
    plain = guard_key("Gateway", "shop", PATH, listener())
    assert plain is None
    assert guards(scratch(), plain) == NO_GUARDS
    assert refused(listener(), PATH) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (NOBODY, "InvalidListenerFilterRef"),
        (NOBODY.replace("name: nobody", "kind: Pod, name: nobody"), "InvalidListenerFilterRef"),
        (FAR, "RefNotPermitted"),
        (EXTENSION, "InvalidListenerFilterRef"),
    ],
)
def test_a_reference_that_leads_nowhere_names_its_filter(bad: str, reason: str) -> None:
    found = guards(scratch(CART), guard_key("Gateway", "shop", PATH, listener(GRPC, bad)))
    assert found.unresolved is not None
    assert (found.unresolved.type, found.unresolved.status, found.unresolved.reason) == ("ResolvedRefs", False, reason)
    assert found.unresolved.message.startswith("spec.listeners[0].filters.requests[1].")


def test_a_grant_is_for_the_kind_that_points() -> None:
    grant = """
kind: ReferenceGrant
metadata: {name: g, namespace: far}
spec: {from: [{group: gateway.networking.k8s.io, kind: ListenerSet, namespace: shop}], to: [{group: "", kind: Service}]}
"""
    view = scratch(CART.replace("namespace: shop", "namespace: far"), grant)
    by_set, by_gateway = (
        guards(view, guard_key(owner, "shop", PATH, listener(FAR))) for owner in ("ListenerSet", "Gateway")
    )
    assert (len(by_set.asked), by_set.unresolved) == (1, None)
    assert by_gateway.unresolved is not None
    assert by_gateway.unresolved.reason == "RefNotPermitted"


@pytest.mark.parametrize(
    ("filters", "reason", "at"),
    [
        ((GRPC, EXTENSION), "UnsupportedValue", ".filters.requests[1].type: "),
        ((GRPC, HTTP % "/a/../b"), "InvalidListenerFilter", ".filters.requests[1].externalAuth.http.path: "),
        (
            (HTTP.replace("path: %s", "allowedResponseHeaders: [content-length]"),),
            "InvalidListenerFilter",
            ".filters.requests[0].externalAuth.http.allowedResponseHeaders[0]: ",
        ),
        ((GRPC,) * (GUARDS + 1), "UnsupportedValue", ".filters.requests: "),
    ],
)
def test_what_refuses_the_listener(filters: tuple[str, ...], reason: str, at: str) -> None:
    verdict = refused(listener(*filters), PATH)
    assert verdict is not None
    assert (verdict.type, verdict.status, verdict.reason) == ("Accepted", False, reason)
    assert verdict.message.startswith(PATH + at)


def test_only_requests_have_filters() -> None:
    # The CRD of ListenerSets lets this through.
    entry = f"{{name: l, port: 80, protocol: TCP, filters: {{requests: [{GRPC}]}}}}"
    (row,) = deltas(
        f"{{kind: ListenerSet, metadata: {{name: s}}, spec: {{parentRef: {{name: gw}}, listeners: [{entry}]}}}}"
    )
    verdict = refused(row.obj.spec.listeners[0], PATH)  # type: ignore[union-attr]
    assert verdict is not None
    assert verdict.reason == "InvalidListenerFilter"


def test_good_filters_are_not_refused() -> None:
    assert refused(listener(*(GRPC,) * GUARDS), PATH) is None
