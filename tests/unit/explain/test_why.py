"""Every kind that a user writes has a chain, by any of its names."""

import pytest

from gatewayd.api.kinds import read_kinds
from gatewayd.explain.steps import UnknownKindError
from gatewayd.explain.why import CHAINS, kind_of
from tests.unit.explain.chains import asked, bad
from tests.unit.translator.manifests import SHOP

READ_FOR_OTHERS = {
    "Service", "Secret", "ConfigMap", "Namespace", "EndpointSlice", "ClusterTrustBundle", "ReferenceGrant", "XBackend",
    "ServiceImport",
    "Backend", "EnvoyProxy", "HTTPRouteFilter",
}  # fmt: skip
"""Said of those that refer to them."""


def test_every_kind_has_a_chain() -> None:
    assert {table.__name__ for table in CHAINS} | READ_FOR_OTHERS == {
        kind.kind for kind in read_kinds(envoy_gateway=True)
    }


@pytest.mark.parametrize("name", ["httproute", "HTTPRoute", "httproutes", "httproutes.gateway.networking.k8s.io"])
def test_a_kind_is_called_as_kubectl_calls_it(name: str) -> None:
    assert kind_of(name).kind == "HTTPRoute"


@pytest.mark.parametrize(
    ("name", "kind"), [("gtw", "Gateway"), ("gc", "GatewayClass"), ("lset", "ListenerSet"), ("ing", "Ingress")]
)
def test_short_names_are_those_of_kubectl(name: str, kind: str) -> None:
    assert kind_of(name).kind == kind


def test_a_kind_that_nothing_is_said_of() -> None:
    with pytest.raises(UnknownKindError, match=r"^kind 'Service' is not known; allowed: httproute, "):
        kind_of("Service")


def test_what_does_not_exist() -> None:
    assert bad(asked("routepolicies/shop/it", SHOP)) == ["RoutePolicy shop/it: does not exist"]


def test_a_kind_without_namespaces_is_found_whatever_namespace_is_asked_for() -> None:
    assert bad(asked("gatewayclass/default/gatewayd", SHOP)) == []
