"""Two Secrets of one name in two namespaces: a reference leads to the one that it says, or to none."""

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.xds.resource import XDS_TYPES
from tests.unit.translator import pem
from tests.unit.translator.manifests import CLASS, deltas

NEAR, FAR = pem.ec_key(0), pem.ec_key(1)
GRANT = """
---
kind: ReferenceGrant
metadata: {name: it, namespace: far}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: near}]
  to: [{group: "", kind: Secret}]
"""


def secret(namespace: str, key: object) -> str:
    certificate, private = pem.encoded(pem.certificate_of(key)), pem.encoded(pem.pem_of(key))
    return f"""
---
kind: Secret
metadata: {{name: site, namespace: {namespace}}}
type: kubernetes.io/tls
data: {{tls.crt: {certificate}, tls.key: {private}}}
"""


def gateway(reference: str) -> str:
    return f"""
---
kind: Gateway
metadata: {{name: gw, namespace: near}}
spec:
  gatewayClassName: gatewayd
  listeners: [{{name: tls, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{reference}]}}}}]
"""


def served(reference: str, grant: str) -> set[str]:
    """Return whose keys are sent."""
    texts = CLASS + secret("near", NEAR) + secret("far", FAR) + gateway(reference) + grant
    found = offline(deltas(texts), DEFAULT_ENVIRONMENT)
    bodies = [
        each.body
        for snapshot in found.snapshots.values()
        for row in XDS_TYPES
        for each in snapshot.of(row.url).values()
    ]
    return {name for name, key in (("near", NEAR), ("far", FAR)) if any(pem.pem_of(key) in body for body in bodies)}


@pytest.mark.parametrize(
    ("reference", "grant", "whose"),
    [
        ("{name: site}", "", {"near"}),
        ("{name: site}", GRANT, {"near"}),
        ("{name: site, namespace: far}", GRANT, {"far"}),
        ("{name: site, namespace: far}", "", set()),
    ],
)
def test_a_secret_of_the_same_name_is_not_taken_for_it(reference: str, grant: str, whose: set[str]) -> None:
    assert served(reference, grant) == whose
