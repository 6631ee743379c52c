"""Which Secrets go into one response, so that it is known which of them a client refuses.

In: what waits to be sent, and what clients of the Gateway have taken. Out: what goes next.
Envoy tries what is used together once it has all of it, refuses a response for whatever came last, and keeps the rest:
sent once more by itself, a culprit that it has by then counts as unchanged. So bundles go first, since of the two the
certificates are what Envoy may refuse although we have read them; and a certificate goes alone until one client has
taken it. A Gateway's second proxy gets them all at once.
"""

from collections.abc import Iterable

from gatewayd.xds.names import is_trust
from gatewayd.xds.resource import Resources

_SPARE = 100


class TriedSecrets:
    """The versions that some client of a Gateway has taken."""

    __slots__ = ("_versions",)

    def __init__(self) -> None:
        self._versions: set[str] = set()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._versions)

    def taken(self, names: Iterable[str], target: Resources) -> None:
        """Note what a client has taken; of what is no longer in the target as much is kept as is in it."""
        self._versions.update(target[name].version for name in names if name in target)
        if len(self._versions) > 2 * len(target) + _SPARE:
            self._versions &= {each.version for each in target.values()}

    def next(self, names: tuple[str, ...], target: Resources) -> tuple[str, ...]:
        """Return those of the waiting names, removals among them, that go into one response."""
        bundles = tuple(filter(is_trust, names))
        known = tuple(name for name in names if name not in target or target[name].version in self._versions)
        return bundles or known or names[:1]
