"""SessionPersistence -> Envoy's stateful session filter and its configuration on a route.

The session's value is the endpoint's address, base64-coded by Envoy.
Rules: https://gateway-api.sigs.k8s.io/reference/spec/#sessionpersistence
"""

from typing import Any, assert_never

from envoy.extensions.filters.http.stateful_session.v3 import stateful_session_pb2
from envoy.extensions.http.stateful_session.cookie.v3 import cookie_pb2
from envoy.extensions.http.stateful_session.header.v3 import header_pb2
from envoy.type.http.v3 import cookie_pb2 as http_cookie_pb2

from gatewayd.ir.http import PersistenceKind, StatefulSession
from gatewayd.xds.encoding import extension, seconds

NAME = "session"
CONFIG = stateful_session_pb2.StatefulSession()


def session_per_route(persistence: StatefulSession) -> Any:
    """Return the configuration of one route."""
    kind = persistence.kind
    match kind:
        case PersistenceKind.COOKIE:
            cookie = http_cookie_pb2.Cookie(
                name=persistence.name, path=persistence.path, ttl=seconds(persistence.ttl_s or 0)
            )
            state = extension("envoy.http.stateful_session.cookie", cookie_pb2.CookieBasedSessionState(cookie=cookie))
        case PersistenceKind.HEADER:
            state = extension(
                "envoy.http.stateful_session.header", header_pb2.HeaderBasedSessionState(name=persistence.name)
            )
        case _:
            assert_never(kind)
    return stateful_session_pb2.StatefulSessionPerRoute(
        stateful_session=stateful_session_pb2.StatefulSession(session_state=state)
    )
