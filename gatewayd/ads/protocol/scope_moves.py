"""Scopes that come to lead to another RouteConfiguration, and when they may.

In: the ledgers of one stream. Out: the scopes that wait.
Envoy asks for a RouteConfiguration when a scope leads to it, and until it has come each request for that scope gets a
404. So a scope that the client has leads where it led until the client has what it shall lead to; a scope of the name
of each RouteConfiguration makes the client ask for it. Where the client refuses it, the scope stays, as if it had been
refused itself: what it led to goes on.
"""

from collections.abc import Mapping

from envoy.config.route.v3 import scoped_route_pb2

from gatewayd.ads.protocol.held import UNKNOWN, Unsure, version_of
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.nack import Refusal
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, Resource, TypeUrl

_NONE: frozenset[str] = frozenset()


class ScopeMoves:
    """See the module's text."""

    __slots__ = ("_ledgers",)

    def __init__(self, ledgers: Mapping[TypeUrl, Ledger]) -> None:
        self._ledgers = ledgers

    def waiting(self) -> frozenset[str]:
        """Return the scopes that wait; those that must stay count as refused from now on."""
        scopes, routes = self._ledgers[SCOPED_ROUTE], self._ledgers[ROUTE]
        _free(scopes, routes)
        # Of most nothing is there, as of all when a client begins.
        held = [name for name, item in scopes.behind.items() if item is not UNKNOWN and item is not None]
        moving = [
            name for name in held if name in scopes.target and name not in scopes.refused and _is_there(scopes, name)
        ]
        if not moving:
            return _NONE
        configurations = {name: _leads_to(scopes.target[name]) for name in moving}
        for name, configuration in configurations.items():
            refusal = routes.refused.get(configuration)
            if refusal is not None:
                version = scopes.target[name].version
                scopes.refused[name] = Refusal(version=version, message=refusal.message, leads_to=configuration)
        return frozenset(
            name
            for name, configuration in configurations.items()
            if name not in scopes.refused and not _is_taken(routes, configuration)
        )


def _free(scopes: Ledger, routes: Ledger) -> None:
    """Let scopes go on whose RouteConfiguration has changed."""
    for name, refusal in tuple(scopes.refused.items()):
        if refusal.leads_to and refusal.leads_to not in routes.refused:
            del scopes.refused[name]


def _is_there(scopes: Ledger, name: str) -> bool:
    """Return whether the client has a scope, in another version."""
    held = scopes.held(name)
    return isinstance(held, Resource | str) or (isinstance(held, Unsure) and held.likely is not None)


def _is_taken(routes: Ledger, configuration: str) -> bool:
    """Return whether the client has a RouteConfiguration, in any version."""
    return routes.subscription.covers(configuration) and version_of(routes.held(configuration)) is not None


def _leads_to(scope: Resource) -> str:
    return str(scoped_route_pb2.ScopedRouteConfiguration.FromString(scope.body).route_configuration_name)
