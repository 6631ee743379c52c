"""HTTPProxies that include others, as the routes of each host with all conditions on the way to them.

https://projectcontour.io/docs/main/config/inclusion-delegation/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.fields import Fields, closing
from gatewayd.convert.read_source import ReadSource

ROUTES: Final = "spec.routes"
INCLUDES: Final = "spec.includes"
MOST_ROUTES: Final = 4096
"""Of one host: proxies that include each other twice over would otherwise be a million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedRoute:
    """A route of an HTTPProxy, and the parts of others, from the root on, that have led to it."""

    owner: ReadSource
    written: Fields
    way: tuple[tuple[ReadSource, Fields], ...]

    @property
    def conditions(self) -> tuple[Fields, ...]:
        """All conditions, the root's first."""
        return tuple(each for _, part in (*self.way, (self.owner, self.written)) for each in part.many("conditions"))

    @property
    def closed(self) -> tuple[str, ...]:
        """The fields that have kept somebody out and are lost, as far as everything has been read."""
        parts = ((self.owner, self.written), *self.way)
        return tuple(path for owner, part in parts for path in closing(owner.fates, part.path, ROUTES, INCLUDES))


def included_routes(root: ReadSource, proxies: Mapping[ObjectKey, ReadSource]) -> tuple[IncludedRoute, ...]:
    """Return the routes of a host; what cannot be included is told."""
    routes: list[IncludedRoute] = []
    for route in _routes(root, (), proxies):
        if len(routes) == MOST_ROUTES:
            root.spec.one("virtualhost").lost("", f"more than {MOST_ROUTES} routes; the others are not written")
            break
        routes.append(route)
    return tuple(routes)


def _routes(
    owner: ReadSource, way: tuple[tuple[ReadSource, Fields], ...], proxies: Mapping[ObjectKey, ReadSource]
) -> Iterator[IncludedRoute]:
    for written in owner.spec.many("routes"):
        yield IncludedRoute(owner=owner, written=written, way=way)
    above = {each.key for each, _ in way}
    for include in owner.spec.many("includes"):
        key = ObjectKey(include.text("namespace") or owner.key.namespace, include.text("name"))
        found = proxies.get(key)
        if found is None or "virtualhost" in found.spec:
            include.lost("name", f"no HTTPProxy {key} without a virtualhost is among the files")
        elif key in above or key == owner.key:
            include.lost("name", f"{key} includes itself; Contour did not serve it either")
        else:
            yield from _routes(found, (*way, (owner, include)), proxies)
        # Where no route is behind an include, nobody has asked for what it is for.
        include.ignore("conditions")
