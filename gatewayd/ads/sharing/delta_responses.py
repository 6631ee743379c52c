"""Incremental responses by what they carry: streams that send the same put it together once.

In: a type, its target and the names whose resources, or removals, shall go. Out: the response, the same object for the
same three (two types that have nothing share their target).
Invariant: the memo holds the target, so an identity is never reused under it.
"""

from collections.abc import Collection

from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.response_encoder import Envelope, Mode, Push, ResponseContent
from gatewayd.ads.sharing.swept_cache import Recent
from gatewayd.ir.limits import KEPT_RESPONSE_BYTES
from gatewayd.xds.resource import Resources, TypeUrl


class Departures:
    """The responses of the recent past. Each Gateway has its own."""

    __slots__ = ("_envelope", "_memo", "_versions")

    def __init__(self, envelope: Envelope, versions: Versions) -> None:
        self._envelope = envelope
        self._versions = versions
        self._memo: Recent[tuple[TypeUrl, int, frozenset[str]], tuple[Resources, Push]] = Recent(
            most=KEPT_RESPONSE_BYTES
        )

    def __call__(self, type_url: TypeUrl, target: Resources, names: Collection[str]) -> Push:
        """Return the response that carries these names as the target of their type has them."""
        wanted = frozenset(names)
        key = (type_url, id(target), wanted)
        known = self._memo.get(key)
        if known is not None:
            self._envelope.cost.shared += 1
            return known[1]
        push = self._envelope.push(self._content(type_url, target, sorted(wanted)))
        self._memo.put(key, (target, push), weight=len(push.data))
        return push

    def sweep(self) -> None:
        """Forget what no stream has sent since the last sweep."""
        self._memo.sweep()

    def _content(self, type_url: TypeUrl, target: Resources, names: list[str]) -> ResponseContent:
        known = self._versions.table(target, len(names))
        resources = tuple(target[name] for name in names if name in known)
        removed = tuple(name for name in names if name not in known) if len(resources) < len(names) else ()
        return ResponseContent(mode=Mode.DELTA, type_url=type_url, made=resources, removed=removed, version="")
