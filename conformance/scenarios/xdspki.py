"""The certificates of the xDS connection, read from the cluster: what a stand-in for either end needs."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from conformance.scenarios.world import World
from gatewayd.identity.certificates import KeyPair, Subject, gateway_identity, issue
from gatewayd.infra import layout
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.tls import PrivateBytes

SERVER_NAME = f"{layout.CONTROL_PLANE}.{layout.NAMESPACE}.svc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Our certificate and key, and whom we believe, as PEM."""

    certificate: bytes
    key: bytes
    trust: bytes


async def of_control_plane(world: World) -> Credentials:
    """Return a server certificate in gatewayd's name, made with gatewayd's own CA."""
    data = await _secret(world, layout.NAMESPACE, layout.AUTHORITY_SECRET)
    ca = KeyPair(certificate=data["tls.crt"], key=PrivateBytes(data["tls.key"]))
    pair = issue(ca, Subject(common_name="tap", dns_names=(SERVER_NAME,), uris=()), datetime.now(UTC))
    return Credentials(certificate=pair.certificate, key=bytes(pair.key), trust=data["tls.crt"])


async def of_gateway(world: World, namespace: str, gateway: str) -> Credentials:
    """Return the client certificate of a Gateway's proxies, by the URI name that the Gateway object has."""
    found = await world.api.get(f"/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/gateways/{gateway}")
    return await of_identity(
        world, gateway_identity(GatewayFleet(namespace=namespace, name=gateway), found["metadata"]["uid"])
    )


async def of_identity(world: World, identity: str) -> Credentials:
    """Return the client certificate whose URI name is `identity` (spiffe://gatewayd/ns/NS/gateway/NAME/uid/UID)."""
    namespace = identity.split("/")[4]
    listed = await world.api.get(f"/api/v1/namespaces/{namespace}/secrets?labelSelector=app.kubernetes.io/managed-by")
    for item in listed["items"]:
        data = _decoded(item["data"])
        if "ca.crt" in data and identity in _uris(data["tls.crt"]):
            return Credentials(certificate=data["tls.crt"], key=data["tls.key"], trust=data["ca.crt"])
    raise LookupError(f"no Secret has a certificate of {identity}")


async def _secret(world: World, namespace: str, name: str) -> Mapping[str, bytes]:
    return _decoded((await world.api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}"))["data"])


def _decoded(data: Mapping[str, str]) -> Mapping[str, bytes]:
    return {key: base64.b64decode(value) for key, value in data.items()}


def _uris(certificate: bytes) -> list[str]:
    found = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.UniformResourceIdentifier)
