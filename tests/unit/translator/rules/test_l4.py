import pytest

from gatewayd.ir.backend import InvalidBackend, Protocol, ServiceBackend
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet
from tests.unit.translator.manifests import CART, member, scratch

DNS = "{kind: Service, metadata: {name: dns, namespace: shop}, spec: {ports: [{port: 53, protocol: UDP}]}}"


def read(kind: str, refs: str) -> RuleSet:
    hostnames = "hostnames: [a.example]," if kind == "TLSRoute" else ""
    route = (
        f"{{kind: {kind}, metadata: {{name: r, namespace: shop}},"
        f" spec: {{{hostnames} rules: [{{backendRefs: [{refs}]}}]}}}}"
    )
    return rules(scratch(CART, DNS, route), member(kind, "shop/r"))


@pytest.mark.parametrize(
    ("kind", "ref", "protocol"),
    [
        ("TCPRoute", "{name: cart, port: 80}", Protocol.TCP),
        ("TLSRoute", "{name: cart, port: 80}", Protocol.TCP),
        ("UDPRoute", "{name: dns, port: 53}", Protocol.UDP),
    ],
)
def test_backends_by_weight(kind: str, ref: str, protocol: Protocol) -> None:
    found = read(kind, f"{ref}, {ref.replace('}', ', weight: 3}')}")
    assert found.forward is not None
    assert found.forward.source == f"{kind.lower()}/shop/r"
    assert [each.weight for each in found.forward.backends] == [1, 3]
    for each in found.forward.backends:
        assert isinstance(each.backend, ServiceBackend)
        assert each.backend.upstream.protocol is protocol
    assert (found.routes, found.refusal, found.unresolved) == ((), None, None)


@pytest.mark.parametrize("kind", ["TCPRoute", "TLSRoute", "UDPRoute"])
def test_a_broken_backend_is_said_with_its_field(kind: str) -> None:
    found = read(kind, "{name: nobody, port: 80}")
    assert found.forward is not None
    assert isinstance(found.forward.backends[0].backend, InvalidBackend)
    assert found.unresolved is not None
    assert found.unresolved.reason == "BackendNotFound"
    assert found.unresolved.message == 'spec.rules[0].backendRefs[0]: Service "shop/nobody" does not exist'
    assert found.refusal is None


def test_a_udp_route_needs_a_udp_port() -> None:
    found = read("UDPRoute", "{name: cart, port: 80}")
    assert found.unresolved is not None
    assert found.unresolved.message.endswith('Service "shop/cart" has no port 80 (UDP); ports: 80/TCP')
