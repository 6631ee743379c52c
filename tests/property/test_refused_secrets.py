"""Whatever certificates and bundles proxies refuse: everything that does not need them is as it was."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.backend import Cluster
from gatewayd.ir.proxy import FilterChain, ProxyConfig, StreamListener
from gatewayd.ir.tls import Certificate, TrustBundle
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.translator.proxies.proxy_config import proxy_config
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GW, deltas
from tests.unit.translator.test_refused_secrets import refused_by

WORDS = "the words of Envoy"
TEAMS = ("a", "b", "c", "d")
LISTENERS = "".join(
    f"""
  - name: {team}
    port: 443
    protocol: HTTPS
    hostname: {team}.example
    tls: {{certificateRefs: [{{name: cert-{team}}}]}}
"""
    for team in TEAMS
)
GATEWAY = f"""
kind: Gateway
metadata: {{name: gw, namespace: shop, generation: 1}}
spec:
  gatewayClassName: gatewayd
  tls: {{backend: {{clientCertificateRef: {{name: own}}}}}}
  listeners:
  - {{name: http, port: 80, protocol: HTTP}}
  - name: guarded
    port: 8443
    protocol: HTTPS
    tls: {{certificateRefs: [{{name: cert-a}}, {{name: cert-b}}]}}{LISTENERS}"""


def of_team(team: str, number: int) -> str:
    """Return a certificate, a backend under TLS with a CA of its own, and a route to it."""
    key = pem.ec_key(number)
    ca = pem.bundle(f"ca-{team}", pem.certificate_of(pem.ec_key(number + 100)))
    service = CART.replace("cart", f"cart-{team}")
    return "\n---\n".join((
        pem.secret(f"cert-{team}", pem.certificate_of(key), pem.pem_of(key)),
        ca,
        service,
        f"""
kind: BackendTLSPolicy
metadata: {{name: {team}, namespace: shop}}
spec:
  targetRefs: [{{group: '', kind: Service, name: cart-{team}}}]
  validation: {{hostname: x.example, caCertificateRefs: [{{group: '', kind: ConfigMap, name: ca-{team}}}]}}
---
kind: HTTPRoute
metadata: {{name: {team}, namespace: shop}}
spec:
  parentRefs: [{{name: gw}}]
  hostnames: [{team}.example]
  rules: [{{backendRefs: [{{name: cart-{team}, port: 80}}]}}]
""",
    ))  # fmt: skip


@cache
def engine() -> Engine:
    """Return one engine for all examples: going from one subset to another must lead to the same."""
    found = Engine(INDEXES, OUTPUTS)
    for each in deltas(CLASS, GATEWAY, pem.good_secret("own"), *(of_team(team, at) for at, team in enumerate(TEAMS))):
        found.put(each.kind, each.key, each.obj)
    return found


def refuse(*refused: Certificate | TrustBundle) -> ProxyConfig:
    """Let proxies have refused these, and no others; return what they get then."""
    report = refused_by(GW, *refused, words=WORDS)
    engine().put(report.kind, report.key, report.obj)
    engine().settle()
    found = proxy_config(engine(), GW)
    assert found is not None
    return found


def chains(of: ProxyConfig) -> dict[tuple[int, str], FilterChain]:
    return {
        (port.port, chain.name): chain
        for port in of.listeners
        if isinstance(port, StreamListener)
        for chain in port.chains
    }


def needed(of: FilterChain | Cluster) -> tuple[Certificate | TrustBundle, ...]:
    if of.tls is None:
        return ()
    if isinstance(of, FilterChain):
        return of.tls.certificates
    trust = of.tls.trust
    assert isinstance(trust, TrustBundle)
    assert of.tls.client is not None
    return (trust, of.tls.client)


@cache
def everything() -> tuple[Certificate | TrustBundle, ...]:
    found = refuse()
    parts = (*chains(found).values(), *found.clusters)
    return tuple(dict.fromkeys(secret for part in parts for secret in needed(part)))


@given(st.data())
def test_what_needs_nothing_refused_is_untouched_and_nothing_refused_is_sent(data: st.DataObject) -> None:
    refused = set(data.draw(st.lists(st.sampled_from(everything()), unique=True)))
    before, after = refuse(), refuse(*refused)
    left = chains(after)
    for at, chain in chains(before).items():
        good = tuple(each for each in needed(chain) if each not in refused)
        if not needed(chain) or good == needed(chain):
            assert left[at] == chain
        else:
            assert at not in left
    for one, two in zip(before.clusters, after.clusters, strict=True):
        trust, own = needed(one)
        if refused.isdisjoint(needed(one)):
            assert two == one
        elif trust in refused:
            assert (two.tls, two.endpoints.endpoints) == (None, ())  # type: ignore[union-attr]
        else:
            assert own in refused
            assert two.tls is not None
            assert (two.tls.trust, two.tls.client) == (trust, None)


@given(st.data())
def test_every_object_of_it_is_told(data: st.DataObject) -> None:
    refused = tuple(data.draw(st.lists(st.sampled_from(everything()), unique=True, min_size=1)))
    refuse(*refused)
    said = str([
        source.query(engine(), Member(source.table, key))
        for source in OUTCOMES.sources
        for key, _ in engine().rows(source.table)
    ])  # fmt: skip
    assert said.count(WORDS) >= len(refused)
