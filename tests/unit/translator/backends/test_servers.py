from gatewayd.api.refs import BackendObjectRef
from gatewayd.ir.backend import InvalidBackend, Protocol, Upstream
from gatewayd.translator.backends.backend_refs import ask_for
from gatewayd.translator.backends.servers import no_plain_text, server
from gatewayd.translator.policies.attach import SERVICE_KIND
from tests.unit.translator.manifests import CLASS, GATEWAY, scratch

SERVICE = """
kind: Service
metadata: {name: server, namespace: shop}
spec: {ports: [{port: 80}]}
"""
GUARDED = """
kind: BackendTLSPolicy
metadata: {name: server, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: server}]
  validation: {hostname: a.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: gone}]}
"""
UPSTREAM = Upstream(kind="Service", namespace="shop", name="server", port=80, protocol=Protocol.HTTP2)
ASK = ask_for(SERVICE_KIND, "shop", BackendObjectRef(name="server", port=80), Protocol.HTTP2)


def test_a_server_that_is_there_is_an_upstream() -> None:
    view = scratch(CLASS, GATEWAY, SERVICE)
    assert server(view, ASK) == UPSTREAM
    assert no_plain_text(view, UPSTREAM) is None


def test_one_that_is_not_there_is_said_as_of_any_backend() -> None:
    found = server(scratch(CLASS, GATEWAY), ASK)
    assert found == InvalidBackend(reason="BackendNotFound", message='Service "shop/server" does not exist')


def test_one_that_cannot_be_spoken_to_under_tls_is_none() -> None:
    view = scratch(CLASS, GATEWAY, SERVICE, GUARDED)
    refused = server(view, ASK)
    assert isinstance(refused, InvalidBackend)
    assert refused.message.startswith("no plain text is sent: spec.validation.caCertificateRefs[0]: ")
    assert no_plain_text(view, UPSTREAM) == refused
