"""The last good keys of a source as text, with the source itself: what outlives a process, wherever it is kept.

What comes back is read as if a stranger had written it.
"""

from hashlib import blake2b

import msgspec

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.key_sets import KeySetSource
from gatewayd.untrusted.key_sets import public_keys
from gatewayd.untrusted.provider_metadata import endpoints_of


class _Via(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    namespace: str
    name: str
    port: int


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    uri: str
    keys: str
    via: _Via | None = None


class _KeptOfAny(_Kept, frozen=True, kw_only=True):
    is_provider: bool = False


def kept_text(source: KeySetSource, keys: str) -> bytes:
    """Return what to keep."""
    via = source.via
    asked = None if via is None else _Via(kind=via.kind, namespace=via.namespace, name=via.name, port=via.port)
    if source.is_provider:
        return msgspec.json.encode(_KeptOfAny(uri=source.uri, keys=keys, via=asked, is_provider=True))
    # What was kept before there was anything else to keep has no word for that, and its name is made of this text.
    return msgspec.json.encode(_Kept(uri=source.uri, keys=keys, via=asked))


def read_kept(text: bytes | str) -> tuple[KeySetSource, str] | None:
    """Return a source with its keys; None when this is none, or has no keys to check a token by."""
    try:
        entry = msgspec.json.decode(text, type=_KeptOfAny)
    except (msgspec.MsgspecError, RecursionError):
        return None
    keys = public_keys(entry.keys) if not entry.is_provider else _metadata(entry.keys)
    if not isinstance(keys, str):
        return None
    via = entry.via
    asked = None
    if via is not None:
        asked = Upstream(kind=via.kind, namespace=via.namespace, name=via.name, port=via.port, protocol=Protocol.HTTP1)
    return KeySetSource(uri=entry.uri, via=asked, is_provider=entry.is_provider), keys


def _metadata(text: str) -> str | None:
    return text if endpoints_of(text) is not None else None


def kept_name(source: KeySetSource) -> str:
    """Return a name for a source that no other has, of letters and digits."""
    return blake2b(kept_text(source, ""), digest_size=10).hexdigest()
