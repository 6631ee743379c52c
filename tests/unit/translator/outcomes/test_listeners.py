"""Programmed where a Service stands between clients and proxies, and where infrastructure may be refused."""

import pytest

from gatewayd.ir.infrastructure import object_name
from gatewayd.ir.outcome import InfrastructureReport, ListenerOutcome
from gatewayd.store import Delta
from gatewayd.translator.outcomes.gateways_and_routes import gateway_outcome
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, GW, brief, member, message, scratch
from tests.unit.translator.outcomes.test_gateways_and_routes import HTTP, HTTPS, fleet, gateway

SERVICE = object_name(*GW)
GATEWAY_ROW = member("Gateway", "shop/gw")


def slice_of(*, port: str = "tcp-80", ready: bool | None = True, service: str = SERVICE, name: str = "s") -> str:
    """Return the EndpointSlice of a Gateway's Service."""
    condition = "" if ready is None else f"ready: {str(ready).lower()}"
    return f"""
        kind: EndpointSlice
        metadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: {service}}}}}
        addressType: IPv4
        ports: [{{name: {port}, port: 80, protocol: TCP}}]
        endpoints: [{{addresses: [10.0.0.7], conditions: {{{condition}}}}}]
    """


def in_cluster(*sources: str | Delta) -> ListenerOutcome:
    found = gateway_outcome(scratch(CLASS, gateway(HTTP), *sources), member("Gateway", "shop/gw"))
    assert found is not None
    return found.listeners[0]


@pytest.mark.parametrize("ready", [slice_of(), slice_of(ready=None)])
def test_a_listener_is_programmed_when_a_ready_pod_has_its_port(ready: str) -> None:
    assert brief(in_cluster(fleet("tcp-80"), ready).verdicts)["Programmed"] == "Programmed"


@pytest.mark.parametrize(
    "unready",
    [
        (),
        (slice_of(ready=False),),
        (slice_of(port="tcp-81"),),
        (slice_of(port="udp-80"),),
        (slice_of(service="somebody-elses"),),
        (slice_of().replace("endpoints: [", "endpoints: [] #"),),
        (slice_of().replace("namespace: shop", "namespace: other"),),
    ],
)
def test_an_acknowledged_listener_that_no_ready_pod_has_is_not_programmed_yet(unready: tuple[str, ...]) -> None:
    found = in_cluster(fleet("tcp-80"), *unready)
    assert brief(found.verdicts)["Programmed"] == "!Pending"
    assert message(found.verdicts, "Programmed") == "no ready pod of the Gateway's Service has port 80 yet"


def test_the_last_pod_that_ends_and_serves_still_is_reached() -> None:
    ending = slice_of(ready=False).replace("ready: false", "ready: false, serving: true, terminating: true")
    assert brief(in_cluster(fleet("tcp-80"), ending).verdicts)["Programmed"] == "Programmed"


def test_a_ready_pod_alone_proves_nothing() -> None:
    assert brief(in_cluster(fleet(), slice_of()).verdicts)["Programmed"] == "!Pending"


def test_refused_infrastructure_is_said_in_the_words_of_whoever_refused_it() -> None:
    report = InfrastructureReport(problems=('Service "shop/x": exceeded quota', "Deployment: no"))
    refused = Delta(kind=InfrastructureReport, key=GW, obj=report)
    found = gateway_outcome(scratch(CLASS, gateway(HTTP), fleet("tcp-80"), slice_of(), refused), GATEWAY_ROW)
    assert found is not None
    assert brief(found.verdicts)["Accepted"] == "Accepted"
    assert brief(found.verdicts)["Programmed"] == "!NoResources"
    assert message(found.verdicts, "Programmed") == 'Service "shop/x": exceeded quota; Deployment: no'


def test_those_that_overlap_are_named_in_the_order_of_the_gateway() -> None:
    wild, late, early = (
        HTTPS.replace("https, port", f"{name}, port").replace("HTTPS,", f"HTTPS, hostname: '{hostname}',")
        for name, hostname in (("wild", "*.example"), ("late", "a.example"), ("early", "z.example"))
    )
    found = gateway_outcome(scratch(CLASS, gateway(wild, early, late), pem.good_secret("cert")), GATEWAY_ROW)
    assert found is not None
    assert message(found.listeners[0].verdicts, "OverlappingTLSConfig") == "overlaps with listener early, late"
