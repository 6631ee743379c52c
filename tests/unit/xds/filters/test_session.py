from envoy.extensions.http.stateful_session.cookie.v3 import cookie_pb2
from envoy.extensions.http.stateful_session.header.v3 import header_pb2

from gatewayd.ir.http import PersistenceKind, StatefulSession
from gatewayd.xds.filters.session import session_per_route


def test_cookie() -> None:
    for ttl, written in ((60, 60), (None, 0)):
        persistence = StatefulSession(kind=PersistenceKind.COOKIE, name="s", path="/p", ttl_s=ttl)
        state = cookie_pb2.CookieBasedSessionState()
        assert session_per_route(persistence).stateful_session.session_state.typed_config.Unpack(state)
        assert (state.cookie.name, state.cookie.path, state.cookie.ttl.seconds) == ("s", "/p", written)


def test_header() -> None:
    persistence = StatefulSession(kind=PersistenceKind.HEADER, name="x-session", path="", ttl_s=None)
    state = header_pb2.HeaderBasedSessionState()
    assert session_per_route(persistence).stateful_session.session_state.typed_config.Unpack(state)
    assert state.name == "x-session"
