from gatewayd.api.meta import ObjectKey
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.filters import Header
from gatewayd.ir.proxy import StreamListener
from gatewayd.ir.tracing import WHOLE, AttributeSource, ParentDecision, SpanAttribute, Tracing
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.proxies.filter_chains import port
from gatewayd.translator.proxies.tracing import Traced, traced, tracing
from gatewayd.translator.proxies.upstreams import gateway_servers
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, member, scratch

COLLECTOR = """
    kind: Service
    metadata: {name: collector, namespace: shop}
    spec: {ports: [{name: otlp, port: 4317}]}
"""
SERVER = Upstream(kind="Service", namespace="shop", name="collector", port=4317, protocol=Protocol.HTTP2)
PLAIN = Tracing(
    gateway="shop/gw",
    upstream=SERVER,
    headers=(),
    service="gw.shop",
    span="",
    sampled=WHOLE,
    kept=WHOLE,
    parent=ParentDecision.FORGOTTEN,
    attributes=(),
)


def policy(more: str = "", provider: str = "backendRef: {name: collector, port: 4317}") -> str:
    return f"""
        kind: XTelemetryPolicy
        metadata: {{name: traces, namespace: shop}}
        spec:
          targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: gw}}]
          tracing: {{mode: Enabled, provider: {{{provider}}}{more}}}
    """


def of(document: str) -> Traced:
    view = scratch(CLASS, GATEWAY, COLLECTOR, document)
    row = view.get(XTelemetryPolicy, ObjectKey("shop", "traces"))
    assert row is not None
    return traced(view, row, GW)


def test_a_gateway_without_a_policy_has_no_traces() -> None:
    assert tracing(scratch(CLASS, GATEWAY), GW) is None


def test_what_is_left_out_has_a_value() -> None:
    view = scratch(CLASS, GATEWAY, COLLECTOR, policy())
    assert tracing(view, GW) == PLAIN
    assert GatewayUpstream(GW, SERVER) in gateway_servers(view, member("Gateway", "shop/gw"))
    listener = port(view, PortKey(GW, "tcp", 80))
    assert isinstance(listener, StreamListener)
    assert [chain.tracing for chain in listener.chains] == [PLAIN]


def test_modes_other_than_enabled_trace_nothing() -> None:
    given = "mode: Enabled, provider: {backendRef: {name: collector, port: 4317}}"
    view = scratch(CLASS, GATEWAY, COLLECTOR, policy().replace(given, "mode: Disabled"))
    assert tracing(view, GW) is None


def test_rates_are_parts_of_the_whole() -> None:
    rates = ((", samplingRate: {numerator: 5}", 500), (", samplingRate: {numerator: 1, denominator: 1000000}", 1))
    for written, sampled in rates:
        found = of(policy(written)).tracing
        assert found is not None
        assert found.sampled == sampled


def test_decisions_of_clients() -> None:
    for mode, parent in (
        ("Enabled", ParentDecision.KEPT),
        ("Disabled", ParentDecision.REPLACED),
        ("ImplementationDefault", ParentDecision.FORGOTTEN),
    ):
        found = of(policy(f", parentBasedSampling: {{mode: {mode}}}")).tracing
        assert found is not None
        assert found.parent is parent


def test_no_fewer_are_kept_than_sampled() -> None:
    rates = ", samplingRate: {numerator: 10}, parentBasedSampling: {mode: Enabled, samplingRate: {numerator: N}}"
    kept = of(policy(rates.replace("N", "50")))
    assert kept.tracing is not None
    assert (kept.tracing.sampled, kept.tracing.kept, kept.left_out) == (1000, 5000, ())
    fewer = of(policy(rates.replace("N", "5")))
    assert fewer.tracing is not None
    assert fewer.tracing.kept == 1000
    assert [each.partition(": ")[0] for each in fewer.left_out] == ["spec.tracing.parentBasedSampling.samplingRate"]


def test_attributes_and_headers_that_cannot_be_had_are_left_out_and_named() -> None:
    attributes = """, attributes: [
        {name: a, sourceType: Literal, literalValue: b}, {name: c, sourceType: Header, headerName: X-D},
        {name: e, sourceType: Attribute, attributeKey: url.path}, {name: f, sourceType: Attribute, attributeKey: g}]"""
    headers = "headers: [{name: Authorization, value: Bearer x}, {name: Connection, value: close}]"
    found = of(policy(attributes, f"backendRef: {{name: collector, port: 4317}}, {headers}"))
    assert found.tracing is not None
    assert found.tracing.headers == (Header(name="authorization", value="Bearer x"),)
    assert found.tracing.attributes == (
        SpanAttribute(name="a", source=AttributeSource.LITERAL, value="b"),
        SpanAttribute(name="c", source=AttributeSource.HEADER, value="X-D"),
        SpanAttribute(name="e", source=AttributeSource.KNOWN, value="url.path"),
    )
    assert [each.partition(": ")[0] for each in found.left_out] == [
        "spec.tracing.attributes[3].attributeKey",
        "spec.tracing.provider.headers[1]",
    ]


def test_a_provider_that_leads_nowhere_traces_nothing_and_is_told() -> None:
    found = of(policy("", "backendRef: {name: nobody, port: 1}"))
    assert found.tracing is None
    assert (found.resolved.status, found.resolved.reason) == (False, "BackendNotFound")
    assert found.resolved.message.startswith("spec.tracing.provider.backendRef: ")
