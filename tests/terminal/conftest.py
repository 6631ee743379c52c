"""A folder to serve, and what a command needs of its environment."""

import os
import sys
from pathlib import Path

import pytest

from tests.feature.harness.ports import free_port

GATEWAYD = (sys.executable, "-m", "gatewayd")
ROUTES = 60


def manifests(port: int) -> str:
    """Return a Gateway, a Service, and more routes than fit on a screen; one is broken."""
    gateway = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: web}}
spec: {{gatewayClassName: gatewayd, listeners: [{{name: http, port: {port}, protocol: HTTP}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: cart}}
spec: {{ports: [{{name: http, port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: cart-1, labels: {{kubernetes.io/service-name: cart}}}}
addressType: IPv4
ports: [{{name: http, port: 9}}]
endpoints: [{{addresses: [127.0.0.1]}}]
"""
    routes = (
        f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: route-{number:02}}}
spec:
  parentRefs: [{{name: web}}]
  hostnames: [host-{number:02}.a-rather-long-name-of-a-host.example]
  rules: [{{backendRefs: [{{name: {"crat" if number == 7 else "cart"}, port: 80}}]}}]
"""
        for number in range(ROUTES)
    )
    return gateway + "".join(routes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "gateway"
    folder.mkdir()
    (folder / "shop.yaml").write_text(manifests(free_port()))
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if name in ("PYTHONPATH", "GATEWAYD_ENVOY")}
    return {**kept, "XDG_RUNTIME_DIR": str(runtime), "HOME": str(tmp_path)}
