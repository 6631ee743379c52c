"""Connections that are led on as they are, or once TLS has ended: TLSRoutes, TCPRoutes and what allows them.

Their listeners stand in the ListenerSet of a namespace beside those for HTTPS. Nobody can answer a connection 403: a
route that has lost a protection is not written.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.draft import GATEWAY_API, DraftObject, DraftStream
from gatewayd.convert.services import Leading, Referring, grants

_MOST_BACKENDS: Final = 16


def stream_route(route: DraftStream, names: Mapping[Any, str]) -> DraftObject:
    """Return the route; `names` are the ListenerSets that listeners stand in."""
    parents = []
    for at in route.at:
        away = {"namespace": at.namespace} if at.namespace != route.namespace else {}
        listener_set = {"group": GATEWAY_GROUP, "kind": "ListenerSet", "name": names[at], **away}
        parents.append({**listener_set, "sectionName": at.section})
    return DraftObject(
        api_version=GATEWAY_API,
        kind=route.kind,
        namespace=route.namespace,
        name=route.name,
        spec={
            "parentRefs": parents,
            **({"hostnames": list(route.hostnames)} if route.hostnames else {}),
            "rules": [{"backendRefs": [dict(ref) for ref in route.backends[:_MOST_BACKENDS]]}],
        },
        origins=route.origins,
    )


def stream_grants(streams: Iterable[DraftStream]) -> Iterator[DraftObject]:
    """Yield a ReferenceGrant for each Service of another namespace that a route leads to."""
    return grants(
        Leading(Referring(GATEWAY_GROUP, each.kind, each.namespace), each.backends, each.origins) for each in streams
    )
