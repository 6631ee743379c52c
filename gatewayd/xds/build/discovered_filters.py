"""What the routes of a Gateway ask of filters that are discovered by themselves -> the resources of these filters.

In: the virtual hosts that came and went. Out: one resource for each filter, made anew when something else is asked.
"""

from collections import Counter
from collections.abc import Iterator

from gatewayd.ir.key_sets import SourceKeys
from gatewayd.xds.build.build_cost import Work
from gatewayd.xds.build.keyed_results import Replaced
from gatewayd.xds.build.virtual_hosts import Host
from gatewayd.xds.filters.discovered import DISCOVERED, Asked, filter_body
from gatewayd.xds.resource import FILTER, Resource


class AskedFilters:
    """Counts by how many virtual hosts each thing is asked for. `is_other`: since the last time others are."""

    __slots__ = ("_hosts", "is_other")

    def __init__(self) -> None:
        self._hosts: Counter[Asked] = Counter()
        self.is_other = True

    def replace(self, before: Host | None, after: Host | None) -> None:
        """Count a virtual host in the place of another."""
        old = before.asked if before is not None else frozenset[Asked]()
        new = after.asked if after is not None else frozenset[Asked]()
        for one in new - old:
            self.is_other |= one not in self._hosts
            self._hosts[one] += 1
        for one in old - new:
            self._hosts[one] -= 1
            if not self._hosts[one]:
                del self._hosts[one]
                self.is_other = True

    def __iter__(self) -> Iterator[Asked]:
        return iter(self._hosts)


class DiscoveredFilters:
    """The resources of one Gateway, which are there whether or not anything is asked."""

    __slots__ = ("_key_sets", "_resources")

    def __init__(self) -> None:
        self._key_sets: tuple[SourceKeys, ...] = ()
        self._resources: dict[str, Resource] = {}

    def update(self, asked: AskedFilters, key_sets: tuple[SourceKeys, ...], work: Work) -> Iterator[Replaced[Resource]]:
        """Yield the resources that are others now."""
        if not asked.is_other and key_sets == self._key_sets:
            return
        asked.is_other, self._key_sets = False, key_sets
        for name in DISCOVERED:
            before = self._resources.get(name)
            body = filter_body(name, asked, key_sets)
            after = self._resources[name] = work.of_parts(FILTER, name, (body, b""), before)
            if after is not before:
                yield Replaced(before, after)
