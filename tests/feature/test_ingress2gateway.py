"""What ingress2gateway writes for Envoy Gateway of annotations of an Ingress, as it writes it: it works unchanged.

Two annotations become policies: whitelist-source-range of nginx a SecurityPolicy, proxy-body-size a
BackendTrafficPolicy. https://github.com/kubernetes-sigs/ingress2gateway
"""

from typing import Any

import pytest

from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HOST = "shop.example"
WRITTEN = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  creationTimestamp: null
  name: shop-shop-example
  namespace: shop
spec:
  hostnames: [shop.example]
  parentRefs: [{name: edge, namespace: infra}]
  rules:
  - backendRefs: [{name: one, port: 80}]
    matches: [{path: {type: PathPrefix, value: /}}]
    name: rule-0
  - backendRefs: [{name: two, port: 80}]
    matches: [{path: {type: PathPrefix, value: /open}}]
    name: rule-1
status:
  parents: []
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata:
  creationTimestamp: null
  name: shop-shop-example-rule-0
  namespace: shop
spec:
  authorization:
    defaultAction: Deny
    rules:
    - action: Allow
      principal:
        clientCIDRs:
        - 127.0.0.1/32
        - 10.0.0.0/8
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: HTTPRoute
    name: shop-shop-example
    sectionName: rule-0
status:
  ancestors: null
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: BackendTrafficPolicy
metadata:
  creationTimestamp: null
  name: shop-shop-example-rule-0
  namespace: shop
spec:
  requestBuffer:
    limit: 1Ki
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: HTTPRoute
    name: shop-shop-example
    sectionName: rule-0
status:
  ancestors: null
"""


async def status(world: World, path: str = "/", source: str = "127.0.0.1", size: int = 0) -> int:
    more: dict[str, Any] = {"method": "PUT", "body": b"x" * size} if size else {}
    return (await world.ask(path, host=HOST, source=source, **more)).status


async def test_both_kinds_of_output_work_unchanged(world: World) -> None:
    await world.apply(WRITTEN)
    assert await status(world) == 200
    assert await status(world, source="127.0.0.2") == 403
    assert (await status(world, size=1024), await status(world, size=1025)) == (200, 413)
    # The other rule has neither.
    assert await status(world, "/open", source="127.0.0.2", size=2000) == 200
    for kind in ("SecurityPolicy", "BackendTrafficPolicy"):
        outcome: Any = world.outcome(f"{kind} shop/shop-shop-example-rule-0")
        [ancestor] = outcome.ancestors
        assert [(each.type, each.status) for each in ancestor.verdicts] == [("Accepted", True)]
