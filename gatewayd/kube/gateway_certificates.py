"""The client certificate of each Gateway's proxies: a Secret in the Gateway's namespace, renewed in time.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gatewayd.identity.authority import Authority
from gatewayd.identity.certificates import LEAF_LIFETIME, KeyPair, Subject, check_pair, gateway_identity, issue
from gatewayd.infra.layout import certificate_secret
from gatewayd.infra.objects import labels, owner_reference
from gatewayd.ir.infrastructure import Infrastructure
from gatewayd.kube.client import ApiError, KubeClient, Where
from gatewayd.pem import Unreadable, is_issued_by, read_certificates

NOT_FOUND = 404


class _Secret(msgspec.Struct):
    data: dict[str, str] | None = None


class GatewayCertificates:
    """Finds or makes them."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def data(self, wanted: Infrastructure, authority: Authority) -> Mapping[str, str]:
        """Return the Secret's data (base64 text): what is there while it is good, else a new certificate.

        Raises ApiError or a connection error.
        """
        now = datetime.now(UTC)
        found = await self._found(wanted.namespace, certificate_secret(wanted.object_name))
        pair = check_pair(found.get("tls.crt", b""), found.get("tls.key", b""))
        uri = gateway_identity(wanted.namespace, wanted.name, wanted.uid)
        if not isinstance(pair, KeyPair) or pair.is_due(now, LEAF_LIFETIME) or not _is_good(pair, uri, authority):
            pair = issue(authority.signing, Subject(common_name=wanted.name, dns_names=(), uris=(uri,)), now)
        files = {"tls.crt": pair.certificate, "tls.key": bytes(pair.key), "ca.crt": authority.bundle}
        return {name: base64.b64encode(value).decode() for name, value in files.items()}

    async def _found(self, namespace: str, name: str) -> Mapping[str, bytes]:
        path = Where(api_version="v1", plural="secrets", namespace=namespace, name=name).path("")
        try:
            secret = msgspec.json.decode(await self._client.request("GET", path), type=_Secret)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return {}
            raise
        try:
            return {name: base64.b64decode(value) for name, value in (secret.data or {}).items()}
        except binascii.Error:
            return {}


def _is_good(pair: KeyPair, uri: str, authority: Authority) -> bool:
    """Return whether a certificate is for the URI, and signed by what signs now."""
    found = read_certificates(pair.certificate)
    if isinstance(found, Unreadable) or found[0].uris != (uri,):
        return False
    return is_issued_by(pair.certificate, authority.signing.certificate)


def secret_document(wanted: Infrastructure, data: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the Secret, owned by its Gateway."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {
            "name": certificate_secret(wanted.object_name),
            "namespace": wanted.namespace,
            "labels": labels(wanted),
            "ownerReferences": [owner_reference(wanted)],
        },
        "data": dict(data),
    }
