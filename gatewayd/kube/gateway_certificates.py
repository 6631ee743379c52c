"""The client certificate of each Gateway's proxies: a Secret in the Gateway's namespace, renewed in time.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gatewayd.identity.authority import Authority
from gatewayd.identity.certificates import LEAF_LIFETIME, KeyPair, Subject, check_pair, gateway_identity, issue
from gatewayd.infra.layout import certificate_secret
from gatewayd.infra.objects import labels, owner_reference
from gatewayd.ir.infrastructure import Owner
from gatewayd.kube.client import ApiError, KubeClient, Where

NOT_FOUND = 404


class _Secret(msgspec.Struct):
    data: dict[str, str] = {}


class GatewayCertificates:
    """Finds or makes them."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def data(self, wanted: Owner, authority: Authority) -> Mapping[str, str]:
        """Return the Secret's data (base64 text): what is there while it is good, else a new certificate.

        Raises ApiError or a connection error.
        """
        now = datetime.now(UTC)
        found = await self._found(wanted.namespace, certificate_secret(wanted.object_name))
        pair = check_pair(found.get("tls.crt", b""), found.get("tls.key", b""))
        uri = gateway_identity(wanted.namespace, wanted.name)
        if not isinstance(pair, KeyPair) or pair.is_due(now, LEAF_LIFETIME) or not _is_good(pair, uri, authority):
            pair = issue(authority.signing, Subject(common_name=wanted.name, dns_names=(), uris=(uri,)), now)
        files = {"tls.crt": pair.certificate, "tls.key": bytes(pair.key), "ca.crt": authority.bundle}
        return {name: base64.b64encode(value).decode() for name, value in files.items()}

    async def has(self, wanted: Owner) -> bool:
        """Return whether there is a certificate, good or not. Raises ApiError or a connection error."""
        return bool(await self._found(wanted.namespace, certificate_secret(wanted.object_name)))

    async def _found(self, namespace: str, name: str) -> Mapping[str, bytes]:
        path = Where(api_version="v1", plural="secrets", namespace=namespace, name=name).path("")
        try:
            secret = msgspec.json.decode(await self._client.request("GET", path), type=_Secret)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return {}
            raise
        return {name: base64.b64decode(value) for name, value in secret.data.items()}


def _is_good(pair: KeyPair, uri: str, authority: Authority) -> bool:
    """Return whether a certificate is for the URI, and signed by what signs now."""
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    issuer = x509.load_pem_x509_certificate(authority.signing.certificate)
    try:
        certificate.verify_directly_issued_by(issuer)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return names.get_values_for_type(x509.UniformResourceIdentifier) == [uri]


def secret_document(wanted: Owner, data: Mapping[str, str]) -> Mapping[str, Any]:
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
