"""The secrets that the listeners and clusters of a Gateway refer to -> their resources, at the cost of what changed.

In: what came to be referred to, and what is no longer, each as often as it is. Out: one resource for each name.
Invariant: two secrets of one name are two contents of it, one after the other; while both are referred to, the one that
came last counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from gatewayd.incremental.chunks import differences
from gatewayd.ir.proxy import FilterChain, Listener, QuicListener, StreamListener
from gatewayd.xds import names
from gatewayd.xds.build.keyed_results import Replaced
from gatewayd.xds.messages.secret import Secret, secrets_of_chains
from gatewayd.xds.resource import Resource

Make = Callable[[Secret, Resource | None], Resource]


class UsedSecrets:
    """See the module's text. `settle` after the changes of a build."""

    __slots__ = ("_changed", "_make", "_resources", "_uses")

    def __init__(self, make: Make) -> None:
        """`make` gives the resource of a secret; it is given the one that the name had before."""
        self._make = make
        # By name and content how often it is referred to; the content that came last stands last.
        self._uses: dict[str, dict[Secret, int]] = {}
        self._resources: dict[str, Resource] = {}
        self._changed: dict[str, None] = {}

    def replace(self, before: Iterable[Secret], after: Iterable[Secret]) -> None:
        """Refer to some secrets in the place of others."""
        for one in after:
            uses = self._uses.setdefault(names.secret(one), {})
            if one not in uses:
                self._changed[names.secret(one)] = None
            uses[one] = uses.get(one, 0) + 1
        for one in before:
            uses = self._uses[names.secret(one)]
            uses[one] -= 1
            if not uses[one]:
                del uses[one]
                self._changed[names.secret(one)] = None

    def replace_listeners(self, before: Sequence[Listener], after: Sequence[Listener]) -> None:
        """Refer to the secrets of some listeners in the place of those of others."""
        old = {each.name: _chains(each) for each in before}
        new = {each.name: _chains(each) for each in after}
        for name in {**old, **new}:
            gone, come = differences(old.get(name, ()), new.get(name, ()))
            self.replace(secrets_of_chains(gone), secrets_of_chains(come))

    def settle(self) -> Iterator[Replaced[Resource]]:
        """Yield the resources that are others since the last time."""
        changed, self._changed = self._changed, {}
        for name in changed:
            before = self._resources.get(name)
            uses = self._uses[name]
            if uses:
                after = self._resources[name] = self._make(next(reversed(uses)), before)
                if after is not before:
                    yield Replaced(before, after)
            else:
                del self._uses[name]
                if before is not None:
                    yield Replaced(self._resources.pop(name), None)


def _chains(of: Listener) -> tuple[FilterChain, ...]:
    return of.chains if isinstance(of, StreamListener | QuicListener) else ()
