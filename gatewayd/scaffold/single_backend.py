"""Manifests for one backend: what `gatewayd up --to URL` writes, so that the user owns ordinary Gateway API YAML.

In: a URL and the port to serve on. Out: texts by file name. An address or `localhost` becomes a Service with an
EndpointSlice, a host name a Service of type ExternalName; https needs a BackendTLSPolicy that names the host.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gatewayd.api.names import is_dns_subdomain

_PORTS: Final = {"http": 80, "https": 443}
_ALLOWED: Final = "allowed: http://HOST[:PORT] or https://HOSTNAME[:PORT]"

_GATEWAY: Final = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: web
spec:
  gatewayClassName: gatewayd
  listeners:
    - name: http
      protocol: HTTP
      port: {port}
"""
_ROUTE: Final = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: app
spec:
  parentRefs:
    - name: web
  rules:
    - backendRefs:
        - name: app
          port: {port}
"""
_SERVICE: Final = """\
apiVersion: v1
kind: Service
metadata:
  name: app
spec:
  ports:
    - name: http
      port: {port}
---
# Where the Service really is; in a cluster Kubernetes writes this.
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: app
  labels:
    kubernetes.io/service-name: app
addressType: {family}
endpoints:
  - addresses: ["{address}"]
ports:
  - name: http
    port: {port}
"""
_EXTERNAL: Final = """\
apiVersion: v1
kind: Service
metadata:
  name: app
spec:
  type: ExternalName
  externalName: {host}
  ports:
    - name: http
      port: {port}
"""
_POLICY: Final = """\
---
# The backend speaks TLS: its certificate must be for this name, by an authority that this machine trusts.
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata:
  name: app
spec:
  targetRefs:
    - group: ""
      kind: Service
      name: app
  validation:
    hostname: {host}
    wellKnownCACertificates: System
"""


class BadTargetError(Exception):
    """A URL that no backend can be made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendTarget:
    """A backend: `address` is None where `host` is a name that DNS knows."""

    host: str
    address: str | None
    port: int
    tls: bool


def target(url: str) -> BackendTarget:
    """Read a URL; raises BadTargetError."""
    parts = _split(url)
    host = (parts.hostname or "").lower()
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise BadTargetError(f"--to {url}: more than a host and a port; {_ALLOWED}")
    address = "127.0.0.1" if host == "localhost" else _address(host)
    if address is None and not is_dns_subdomain(host):
        raise BadTargetError(f"--to {url}: {host!r} is no host name; {_ALLOWED}")
    if parts.scheme == "https" and address is not None and host != "localhost":
        raise BadTargetError(f"--to {url}: an address has no name that a certificate could be for; {_ALLOWED}")
    port = parts.port or _PORTS[parts.scheme]
    return BackendTarget(host=host, address=address, port=port, tls=parts.scheme == "https")


def manifests(to: BackendTarget, port: int) -> Mapping[str, str]:
    """Return the files for a Gateway on `port` that sends everything to a backend."""
    if to.address is None:
        service = _EXTERNAL.format(host=to.host, port=to.port)
    else:
        family = f"IPv{ipaddress.ip_address(to.address).version}"
        service = _SERVICE.format(address=to.address, port=to.port, family=family)
    if to.tls:
        service += _POLICY.format(host=to.host)
    return {
        "gateway.yaml": _GATEWAY.format(port=port),
        "route.yaml": _ROUTE.format(port=to.port),
        "service.yaml": service,
    }


def _split(url: str) -> SplitResult:
    text = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadTargetError(f"--to {url}: {str(error).lower()}; {_ALLOWED}") from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise BadTargetError(f"--to {url}: no URL of a backend; {_ALLOWED}")
    return parts


def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
