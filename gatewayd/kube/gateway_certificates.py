"""The client certificate of each Gateway's proxies: a Secret in the Gateway's namespace, renewed in time.

And those of rate limit services and of the proxies of nodes, in gatewayd's own: whoever runs one mounts it there, or
copies it.

https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
"""

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.identity.authority import Authority
from gatewayd.identity.certificates import (
    LEAF_LIFETIME,
    KeyPair,
    Subject,
    check_pair,
    gateway_identity,
    issue,
    node_identity,
)
from gatewayd.infra.layout import NODE_SECRET, RATE_LIMIT_SECRET, certificate_secret
from gatewayd.infra.made_kinds import SECRET
from gatewayd.infra.objects import labels, owner_reference
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.infrastructure import Owner
from gatewayd.kube.client import KubeClient, Where
from gatewayd.kube.made_object import OwnedMeta
from gatewayd.own_group import RATE_LIMIT_IDENTITY
from gatewayd.untrusted.pem import Unreadable, is_issued_by, read_certificates


class _ProxySecret(msgspec.Struct):
    metadata: OwnedMeta
    data: dict[str, str] | None = None


class GatewayCertificates:
    """Finds or makes them."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        """`namespace` is gatewayd's own."""
        self._client = client
        self._namespace = namespace
        self._shared = asyncio.Lock()

    async def data(self, wanted: Owner, authority: Authority) -> Mapping[str, str]:
        """Return the Secret's data (base64 text): what is there while it is good, else a new certificate.

        Raises ApiError or a connection error.
        """
        stored = await self._found(wanted.namespace, certificate_secret(wanted.object_name))
        return _data(stored, wanted.name, gateway_identity(wanted.fleet, wanted.uid), authority)

    async def keep_rate_limits(self, authority: Authority) -> None:
        """Keep a good certificate for rate limit services. Raises ApiError or a connection error."""
        await self._keep_shared(RATE_LIMIT_SECRET, RATE_LIMIT_IDENTITY, authority)

    async def keep_nodes(self, authority: Authority) -> None:
        """Keep a good certificate for the proxies of all nodes. Raises ApiError or a connection error."""
        await self._keep_shared(NODE_SECRET, node_identity(MESH_FLEET), authority)

    async def _keep_shared(self, name: str, uri: str, authority: Authority) -> None:
        # There is one for all Gateways, which are provided at once: each would make another one while there is none.
        async with self._shared:
            stored = await self._found(self._namespace, name)
            data = _data(stored, name, uri, authority)
            if data != stored:
                labels = {MANAGED_BY: self._client.manager}
                metadata = {"name": name, "namespace": self._namespace, "labels": labels}
                document = {**SECRET.head, "type": "kubernetes.io/tls", "metadata": metadata, "data": dict(data)}
                await self._client.apply(_path(self._namespace, name), document)

    async def has(self, wanted: Owner) -> bool:
        """Return whether there is a certificate, good or not. Raises ApiError or a connection error."""
        return bool(await self._found(wanted.namespace, certificate_secret(wanted.object_name)))

    async def _found(self, namespace: str, name: str) -> Mapping[str, str]:
        """Return what our own Secret holds; nothing when there is none, or one that somebody else made."""
        secret = await self._client.get(_path(namespace, name), _ProxySecret)
        return (secret.data or {}) if secret is not None and secret.metadata.is_of(self._client.manager) else {}


def _path(namespace: str, name: str) -> str:
    return Where(api_version=SECRET.api_version, plural=SECRET.plural, namespace=namespace, name=name).path("")


def _data(stored: Mapping[str, str], name: str, uri: str, authority: Authority) -> Mapping[str, str]:
    """Return a Secret's data for a URI: the pair that is stored while it serves, else a new one."""
    now = datetime.now(UTC)
    pair = _good_pair(stored, uri, authority, now)
    if pair is None:
        pair = issue(authority.signing, Subject(common_name=name, dns_names=(), uris=(uri,)), now)
    files = {"tls.crt": pair.certificate, "tls.key": bytes(pair.key), "ca.crt": authority.bundle}
    return {name: base64.b64encode(value).decode() for name, value in files.items()}


def _good_pair(stored: Mapping[str, str], uri: str, authority: Authority, now: datetime) -> KeyPair | None:
    """Return the pair that a Secret holds if it serves still. Whoever may write Secrets there may have put in anything.

    Whatever a reader makes of that, a new certificate is the answer.
    """
    try:
        files = {name: base64.b64decode(stored.get(name, "")) for name in ("tls.crt", "tls.key")}
        pair = check_pair(files["tls.crt"], files["tls.key"])
        serves = isinstance(pair, KeyPair) and not pair.is_due(now, LEAF_LIFETIME) and _is_good(pair, uri, authority)
    except Exception:  # noqa: BLE001 - what a parser raises for bytes of a stranger's choice is not written anywhere
        return None
    return pair if serves and isinstance(pair, KeyPair) else None


def _is_good(pair: KeyPair, uri: str, authority: Authority) -> bool:
    """Return whether a certificate is for the URI, and signed by what signs now."""
    certificates = read_certificates(pair.certificate)
    if isinstance(certificates, Unreadable) or certificates[0].uris != (uri,):
        return False
    return is_issued_by(pair.certificate, authority.signing.certificate)


def secret_document(wanted: Owner, data: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the Secret, owned by its Gateway."""
    return {
        **SECRET.head,
        "type": "kubernetes.io/tls",
        "metadata": {
            "name": certificate_secret(wanted.object_name),
            "namespace": wanted.namespace,
            "labels": labels(wanted),
            "ownerReferences": [owner_reference(wanted)],
        },
        "data": dict(data),
    }
