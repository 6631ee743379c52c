"""BackendTLSPolicies for tests: backends under TLS, policies for them, and what is said and answered."""

from typing import Any

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.pki import authority, serving
from tests.feature.harness.world import World, state

CA, STRANGERS, GATEWAYS = authority(), authority("Strangers"), authority("Gateways")
INNER = CA.issue("inner.example", "spiffe://shop/inner", "*.wild.example")
IN_CONFIGMAP = "{group: '', kind: ConfigMap, name: ca}"
MISSING = "caCertificateRefs: [{group: '', kind: ConfigMap, name: missing}]"
UNKNOWN = "caCertificateRefs: [{group: '', kind: ConfigMap, name: strangers}]"
OBJECTS = GATEWAY + CA.configmap("ca", namespace="shop") + STRANGERS.configmap("strangers", namespace="shop")
OK, RESOLVED = (True, "Accepted"), (True, "ResolvedRefs")


async def start_backends(world: World) -> None:
    """Start backends "secure" and "other" under TLS, and "mutual" that wants a certificate of GATEWAYS as well."""
    await world.backend("secure", tls=serving(INNER))
    await world.backend("other", tls=serving(INNER))
    await world.backend("mutual", tls=serving(INNER, clients=GATEWAYS))


def policy(
    name: str = "p",
    *,
    to: str = "secure",
    section: str = "",
    hostname: str = "inner.example",
    trust: str = f"caCertificateRefs: [{IN_CONFIGMAP}]",
    names: str = "",
    created: str = "",
) -> str:
    """Return a BackendTLSPolicy of namespace shop."""
    stamp = f", creationTimestamp: '{created}'" if created else ""
    part = f", sectionName: {section}" if section else ""
    sans = f", subjectAltNames: [{names}]" if names else ""
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: {name}, namespace: shop{stamp}}}
spec:
  targetRefs: [{{group: '', kind: Service, name: {to}{part}}}]
  validation: {{hostname: {hostname}, {trust}{sans}}}
"""


def route(backend: str, *, port: int = 80, name: str = "r", parent: str = "name: edge, namespace: infra") -> str:
    """Return an HTTPRoute for the host "NAME.example"."""
    rules = f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: {port}}}]}}"
    return http_route(name, rules, host=f"{name}.example", parent=parent)


async def ask(world: World, *headers: tuple[str, str], name: str = "r", port: str = "http") -> Answer:
    """Ask for the host of a route."""
    return await world.ask("/", *headers, host=f"{name}.example", port=port)


def sni(answer: Answer) -> Any:
    """Return the server name that the backend saw."""
    return answer.echo["sni"]


def assert_refused(world: World, answer: Answer, *backends: str) -> None:
    """Check that the client got an error from the proxy, and the backends no request, under TLS or not."""
    assert (answer.status // 100, answer.backend) == (5, None)
    for name in backends:
        assert not world.backends[name].requests


def said(world: World, name: str = "p") -> dict[str, tuple[bool, str]]:
    """Return what is said about a policy, for its only ancestor."""
    outcome: Any = world.outcome(f"BackendTLSPolicy shop/{name}")
    (ancestor,) = outcome.ancestors
    return {each.type: state(each) for each in ancestor.verdicts}
