"""The last good keys of a source as text, with the source itself: what outlives a process, wherever it is kept.

What comes back is read as if a stranger had written it.
"""

from hashlib import blake2b

import msgspec

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.key_sets import KeySetSource
from gatewayd.untrusted.key_sets import public_keys


class _Via(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    namespace: str
    name: str
    port: int


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    uri: str
    keys: str
    via: _Via | None = None


def kept_text(source: KeySetSource, keys: str) -> bytes:
    """Return what to keep."""
    via = source.via
    asked = None if via is None else _Via(kind=via.kind, namespace=via.namespace, name=via.name, port=via.port)
    return msgspec.json.encode(_Kept(uri=source.uri, keys=keys, via=asked))


def read_kept(text: bytes | str) -> tuple[KeySetSource, str] | None:
    """Return a source with its keys; None when this is none, or has no keys to check a token by."""
    try:
        entry = msgspec.json.decode(text, type=_Kept)
    except (msgspec.MsgspecError, RecursionError):
        return None
    keys = public_keys(entry.keys)
    if not isinstance(keys, str):
        return None
    via = entry.via
    asked = None
    if via is not None:
        asked = Upstream(kind=via.kind, namespace=via.namespace, name=via.name, port=via.port, protocol=Protocol.HTTP1)
    return KeySetSource(uri=entry.uri, via=asked), keys


def kept_name(source: KeySetSource) -> str:
    """Return a name for a source that no other has, of letters and digits."""
    return blake2b(kept_text(source, ""), digest_size=10).hexdigest()
