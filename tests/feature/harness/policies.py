"""Policies of the project's own group, and what their first use costs an Envoy."""

import json
from typing import Any

from gatewayd.ir.fleet import GatewayFleet
from tests.feature.harness.world import World

GATEWAY_GROUP = "gateway.networking.k8s.io"
_GROUPS = {
    "Namespace": '""',
    "Service": '""',
    "XBackend": "gateway.networking.x-k8s.io",
    "ServiceImport": "multicluster.x-k8s.io",
}

CODE_ALLOWED = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: gatewayd}
spec:
  controllerName: gatewayd.io/controller
  parametersRef: {group: "", kind: ConfigMap, name: class, namespace: gatewayd-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: class, namespace: gatewayd-system}
data: {allowedCode: Lua}
"""
"""A class that lets policies bring code."""


def target(kind: str, name: str = "", section: str = "") -> str:
    """Return a targetRef."""
    group = _GROUPS.get(kind, GATEWAY_GROUP)
    named = f", name: {name}" if name else ""
    return f"{{group: {group}, kind: {kind}{named}{f', sectionName: {section}' if section else ''}}}"


def policy(kind: str, name: str, at: str, sections: str, *, namespace: str, created: str = "") -> str:
    """Return a policy; `sections` is YAML in block style that begins with `default:` or `override:`."""
    stamp = f', creationTimestamp: "{created}"' if created else ""
    spec = "\n".join(f"  {line}" for line in sections.strip().splitlines())
    return f"""
apiVersion: gatewayd.io/v1alpha1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}{stamp}}}
spec:
  targetRefs: [{at}]
{spec}
"""


EDGE = GatewayFleet(namespace="infra", name="edge")


async def drains(world: World) -> dict[str, int]:
    """Return how often listeners of infra/edge were changed, and how many of them and of their chains drain."""
    found = await world.envoys[EDGE].stats("listener_manager.(listener_modified|.*draining|listener_in_place.*)")
    return dict(found)


def accepted(world: World, identity: str) -> Any:
    """Return what is said of a policy, the same for all that it is for: whether it is accepted, and why not."""
    outcome: Any = world.outcome(identity)
    [found] = {each for ancestor in outcome.ancestors for each in ancestor.verdicts if each.type == "Accepted"}
    return found


def foreign(kind: str, name: str, at: str, *, namespace: str = "shop", **spec: Any) -> str:
    """Return a policy of Envoy Gateway."""
    written = "\n".join(f"  {field}: {json.dumps(value)}" for field, value in spec.items())
    return f"""
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  targetRefs: [{at}]
{written}
"""
