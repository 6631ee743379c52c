import pytest

from gatewayd.api.refs import EXPERIMENTAL_GROUP
from gatewayd.ir.outcome import PolicyOutcome
from gatewayd.translator.outcomes.xbackends import BackendUse, backend_uses, xbackend_outcome
from tests.unit.translator.manifests import CLASS, GW, SHOP, brief, member, message, scratch

OUTSIDE = """
kind: XBackend
metadata: {name: outside, namespace: shop, generation: 3}
spec: {type: ExternalHostname, externalHostname: {hostname: out.example}, port: {number: 443}, tls: {%s}}
"""
PLAIN = OUTSIDE % "mode: None"
BY_LABELS = """
kind: XBackend
metadata: {name: outside, namespace: shop}
spec: {type: EndpointSelector, endpointSelector: {matchLabels: {app: cart}}, port: {number: 80}}
"""
REF = f"{{group: {EXPERIMENTAL_GROUP}, kind: XBackend, name: outside}}"
ROUTE = f"""
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec: {{parentRefs: [{{name: gw}}], rules: [{{backendRefs: [{REF}]}}]}}
"""
USE = BackendUse(member("XBackend", "shop/outside").key, GW)


def said(*manifests: str) -> PolicyOutcome | None:
    return xbackend_outcome(scratch(SHOP, *manifests), member("XBackend", "shop/outside"))


def conditions(*manifests: str) -> dict[str, str]:
    found = said(*manifests)
    assert found is not None
    (one,) = found.ancestors
    assert (one.ref.kind, one.ref.namespace, one.ref.name) == ("Gateway", "shop", "gw")
    return brief(one.verdicts)


def test_the_gateway_whose_route_names_it_is_the_ancestor() -> None:
    assert conditions(PLAIN, ROUTE) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}


@pytest.mark.parametrize("others", [(), (ROUTE.replace("name: gw", "name: gw, sectionName: nope"),)])
def test_as_long_as_nobody_names_it_nothing_is_said(others: tuple[str, ...]) -> None:
    assert said(PLAIN, *others) is None
    assert said(*others) is None


def test_pods_by_label() -> None:
    assert conditions(BY_LABELS, ROUTE) == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}


def test_the_service_that_would_select_pods_is_somebody_elses() -> None:
    taken = "{kind: Service, metadata: {name: gatewayd-xbackend-outside, namespace: shop}, spec: {ports: [{port: 1}]}}"
    found = said(BY_LABELS, ROUTE, taken)
    assert found is not None
    assert brief(found.ancestors[0].verdicts)["Accepted"] == "!UnsupportedValue"
    assert message(found.ancestors[0].verdicts, "Accepted").startswith("spec.endpointSelector: Service ")


def test_a_host_that_no_proxy_is_sent_to() -> None:
    found = said(PLAIN.replace("out.example", "localhost"), ROUTE)
    assert found is not None
    assert brief(found.ancestors[0].verdicts)["Accepted"] == "!UnsupportedValue"
    assert message(found.ancestors[0].verdicts, "Accepted").startswith('spec.externalHostname.hostname: "localhost" is')


VALIDATED = "validation: {hostname: a.example, wellKnownCACertificates: System}"
LOST = 'validation: {hostname: a.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: missing}]}'


@pytest.mark.parametrize(
    ("tls", "accepted", "resolved"),
    [
        (f"mode: ServerOnly, {VALIDATED}", "Accepted", "ResolvedRefs"),
        (f"mode: ServerOnly, {LOST}", "!NoValidCACertificate", "!InvalidCACertificateRef"),
        (
            f"mode: ClientAndServer, {VALIDATED}, clientCertificateRef: {{name: missing}}",
            "Accepted",
            "!InvalidClientCertificateRef",
        ),
    ],
)
def test_what_it_refers_to(tls: str, accepted: str, resolved: str) -> None:
    assert conditions(OUTSIDE % tls, ROUTE) == {"Accepted": accepted, "ResolvedRefs": resolved}


def test_a_route_of_another_namespace_names_it_by_a_grant() -> None:
    far = ROUTE.replace("name: outside", "name: outside, namespace: shop").replace(
        "{name: r, namespace: shop}", "{name: r, namespace: far}"
    )
    far = far.replace("{name: gw}", "{name: gw, namespace: shop}")
    shop = SHOP.replace("protocol: HTTP", "protocol: HTTP, allowedRoutes: {namespaces: {from: All}}")
    grant = f"""
kind: ReferenceGrant
metadata: {{name: g, namespace: shop}}
spec:
  from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: far}}]
  to: [{{group: {EXPERIMENTAL_GROUP}, kind: XBackend}}]
"""
    route = member("HTTPRoute", "far/r")
    assert backend_uses(scratch(shop, PLAIN, far), route) == ()
    assert backend_uses(scratch(shop, PLAIN, far, grant), route) == (USE,)


def test_one_that_only_filters_name() -> None:
    auth = f"{{type: ExternalAuth, externalAuth: {{protocol: HTTP, backendRef: {REF}, http: {{}}}}}}"
    route = f"""
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec: {{parentRefs: [{{name: gw}}], rules: [{{filters: [{auth}]}}]}}
"""
    assert backend_uses(scratch(SHOP, PLAIN, route), member("HTTPRoute", "shop/r")) == (USE,)
    gateway = f"""
kind: Gateway
metadata: {{name: gw, namespace: shop}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: http, port: 80, protocol: HTTP, filters: {{requests: [{auth}]}}}}]
"""
    assert backend_uses(scratch(CLASS, gateway, PLAIN), member("Gateway", "shop/gw")) == (USE,)
