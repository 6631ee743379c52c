"""The CA in a Secret of our own namespace: founded once by whoever comes first, advanced by the leader.

https://kubernetes.io/docs/concepts/configuration/secret/
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.identity.authority import Authority, advanced, founded
from gatewayd.identity.certificates import KeyPair, check_pair
from gatewayd.infra.layout import AUTHORITY_SECRET
from gatewayd.infra.made_kinds import SECRET
from gatewayd.kube.api_errors import ConflictError
from gatewayd.kube.client import KubeClient, Where

SEPARATOR: Final = b"-----END CERTIFICATE-----\n"


class _AuthorityMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _AuthoritySecret(msgspec.Struct):
    metadata: _AuthorityMeta
    data: dict[str, str] = {}


class AuthorityError(Exception):
    """The Secret is there and holds no CA: a person must look."""


class AuthorityStore:
    """Reads and writes the CA of one namespace."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def load(self) -> Authority:
        """Return the CA, founding it when there is none. Raises AuthorityError, ApiError, or a connection error."""
        while True:
            secret = await self._read()
            if secret is not None:
                return _authority(secret)
            try:
                authority = founded(datetime.now(UTC))
                await self._client.request("POST", self._path(""), body=self._document(authority, ""))
            except ConflictError:
                continue  # another replica was first: theirs counts
            return authority

    async def advance(self) -> Authority:
        """Return the CA as it shall be now, written back if that is another; for the leader."""
        secret = await self._read()
        if secret is None:
            return await self.load()
        before = _authority(secret)
        after = advanced(before, datetime.now(UTC))
        if after is not before:
            body = self._document(after, secret.metadata.resource_version)
            await self._client.request("PUT", self._path(AUTHORITY_SECRET), body=body)
        return after

    async def _read(self) -> _AuthoritySecret | None:
        return await self._client.get(self._path(AUTHORITY_SECRET), _AuthoritySecret)

    def _path(self, name: str) -> str:
        return Where(api_version=SECRET.api_version, plural=SECRET.plural, namespace=self._namespace, name=name).path(
            ""
        )

    def _document(self, authority: Authority, version: str) -> Mapping[str, Any]:
        data = {"tls.crt": authority.signing.certificate, "tls.key": bytes(authority.signing.key)}
        if authority.successor is not None:
            data |= {"next.crt": authority.successor.certificate, "next.key": bytes(authority.successor.key)}
        data["retired.crt"] = b"".join(authority.retired)
        return {
            **SECRET.head,
            "type": "kubernetes.io/tls",
            "metadata": {
                "name": AUTHORITY_SECRET,
                "namespace": self._namespace,
                "labels": {MANAGED_BY: self._client.manager},
                **({"resourceVersion": version} if version else {}),
            },
            "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
        }


def _authority(secret: _AuthoritySecret) -> Authority:
    data = {name: base64.b64decode(value) for name, value in secret.data.items()}
    signing = check_pair(data.get("tls.crt", b""), data.get("tls.key", b""))
    if not isinstance(signing, KeyPair):
        raise AuthorityError(
            f"Secret {AUTHORITY_SECRET}: tls.crt and tls.key: {signing}; delete it to have a new CA made"
        )
    successor = check_pair(data["next.crt"], data["next.key"]) if "next.crt" in data and "next.key" in data else None
    retired = tuple(each + SEPARATOR for each in data.get("retired.crt", b"").split(SEPARATOR) if each.strip())
    return Authority(signing=signing, successor=successor if isinstance(successor, KeyPair) else None, retired=retired)
