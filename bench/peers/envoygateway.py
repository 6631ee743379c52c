"""Envoy Gateway 1.9.1 in the cluster of conformance/harness: what its Helm chart installs with its default values.

It differs from the chart in what the measurements do not touch: one role that may do everything, and no topology
injector, which would add labels to Pods. Its CRDs come out of its own Go module.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from conformance.build import HERE
from conformance.scenarios.world import World

VERSION = "v1.9.1"
NAMESPACE = "envoy-gateway-system"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
GATEWAY_CLASS = "envoy-gateway"
GATEWAY_LABEL = "gateway.envoyproxy.io/owning-gateway-name"

_MODULE = "github.com/envoyproxy/gateway"
_IMAGE = f"docker.io/envoyproxy/gateway:{VERSION}"
_CRDS = "charts/gateway-crds-helm/templates/generated"
_LABELS = {"control-plane": "envoy-gateway"}
_PORTS = {"grpc": 18000, "ratelimit": 18001, "wasm": 18002, "metrics": 19001}
_HEALTH_PORT = 8081
_CONFIGURATION = {
    "apiVersion": "gateway.envoyproxy.io/v1alpha1",
    "kind": "EnvoyGateway",
    "gateway": {"controllerName": CONTROLLER},
    "provider": {"type": "Kubernetes", "kubernetes": {"proxyTopologyInjector": {"disabled": True}}},
    "logging": {"level": {"default": "info"}},
    "extensionApis": {"enableBackend": True, "enableLua": True},
}
Object = dict[str, Any]


async def install(world: World) -> None:
    """Apply the CRDs, make the certificates as its own job does, and wait until the control plane is there."""
    crds = await asyncio.to_thread(_crds)
    await world.kubectl("apply", "--server-side", "-f", "-", stdin=crds)
    await _apply(world, _namespace(), *_rights(), _certificate_job())
    job = f"--namespace={NAMESPACE}"
    await world.kubectl("wait", job, "job/certgen", "--for=condition=Complete", "--timeout=60s")
    await _apply(world, _config_map(), _service(), _deployment())
    await world.available(NAMESPACE, "envoy-gateway")
    await _apply(world, _gateway_class())


async def _apply(world: World, *items: Object) -> None:
    await world.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(items))


def _crds() -> str:
    """Return the CRDs of the module; their first and last line are conditions of the Helm chart."""
    command = ("go", "list", "-m", "-json", _MODULE)
    printed = subprocess.run(command, cwd=HERE / "envoygateway", check=True, capture_output=True, text=True).stdout
    folder = Path(json.loads(printed)["Dir"]) / _CRDS
    texts = (file.read_text().splitlines() for file in sorted(folder.glob("*.yaml")))
    return "\n".join(line for text in texts for line in text if not line.startswith("{{-"))


def _metadata(name: str) -> Object:
    return {"name": name, "namespace": NAMESPACE, "labels": _LABELS}


def _namespace() -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _rights() -> tuple[Object, Object]:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata("envoy-gateway")}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "envoy-gateway"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "envoy-gateway", "namespace": NAMESPACE}],
    }
    return account, binding


def _environment() -> list[Object]:
    return [
        {"name": "ENVOY_GATEWAY_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "KUBERNETES_CLUSTER_DOMAIN", "value": "cluster.local"},
    ]


def _certificate_job() -> Object:
    container = {
        "name": "certgen",
        "image": _IMAGE,
        "command": ["envoy-gateway", "certgen", "--disable-topology-injector"],
        "env": _environment(),
    }
    pod = {"serviceAccountName": "envoy-gateway", "restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata("certgen"),
        "spec": {"backoffLimit": 1, "template": {"metadata": {"labels": {"app": "certgen"}}, "spec": pod}},
    }


def _config_map() -> Object:
    data = {"envoy-gateway.yaml": yaml.safe_dump(_CONFIGURATION)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata("envoy-gateway-config"), "data": data}


def _service() -> Object:
    ports = [{"name": name, "port": port, "targetPort": port} for name, port in _PORTS.items()]
    spec = {"selector": _LABELS, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata("envoy-gateway"), "spec": spec}


def _deployment() -> Object:
    container = {
        "name": "envoy-gateway",
        "image": _IMAGE,
        "args": ["server", "--config-path=/config/envoy-gateway.yaml"],
        "env": _environment(),
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": _HEALTH_PORT}, "periodSeconds": 10},
        "volumeMounts": [
            {"name": "config", "mountPath": "/config", "readOnly": True},
            {"name": "certs", "mountPath": "/certs", "readOnly": True},
            {"name": "wasm", "mountPath": "/var/lib/eg/wasm"},
        ],
    }
    volumes = [
        {"name": "config", "configMap": {"name": "envoy-gateway-config"}},
        {"name": "certs", "secret": {"secretName": "envoy-gateway"}},
        {"name": "wasm", "emptyDir": {}},
    ]
    pod = {
        "serviceAccountName": "envoy-gateway",
        "terminationGracePeriodSeconds": 10,
        "containers": [container],
        "volumes": volumes,
    }
    template = {"metadata": {"labels": _LABELS}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata("envoy-gateway"),
        "spec": {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template},
    }


def _gateway_class() -> Object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": GATEWAY_CLASS},
        "spec": {"controllerName": CONTROLLER},
    }
