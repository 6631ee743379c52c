"""The namespaces that are being deleted, kept from the watch: nothing can be made in them any more.

https://kubernetes.io/docs/reference/using-api/api-concepts/#finalizers-and-deletion
"""

from typing import Final

import msgspec

from gatewayd.api.meta import ObjectKey


class _NamespaceMeta(msgspec.Struct, rename="camel"):
    deletion_timestamp: str | None = None


class _Namespace(msgspec.Struct):
    metadata: _NamespaceMeta


_decode: Final = msgspec.json.Decoder(_Namespace).decode


class EndingNamespaces:
    """Ask with `in`."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def __contains__(self, namespace: object) -> bool:
        """Return whether a namespace is being deleted."""
        return namespace in self._names

    def hear(self, key: ObjectKey, raw: bytes | None) -> None:
        """Take note of a Namespace as it stands now; None: it is gone."""
        if raw is not None and _decode(raw).metadata.deletion_timestamp is not None:
            self._names.add(key.name)
        else:
            self._names.discard(key.name)
