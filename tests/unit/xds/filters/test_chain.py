from gatewayd.ir.filters import Cors, ExternalAuth, GRPCCheck, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import PersistenceKind, SessionPersistence
from gatewayd.xds.filters import auth, cors, router, session
from gatewayd.xds.filters.chain import CHAIN, filter_fields, http_filters, with_session
from tests.unit.xds.shorthand import changes, upstream

CORS = Cors(origins=("*",), methods=(), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
PUT = changes(put=(("x", "1"),))
SESSION = SessionPersistence(kind=PersistenceKind.HEADER, name="x", path="", ttl_s=None)


def test_the_router_ends_the_chain_and_the_others_wait_for_a_route() -> None:
    made = http_filters()
    assert (
        [each.name for each in made]
        == [row.name for row in CHAIN]
        == [
            cors.NAME,
            auth.NAME,
            session.NAME,
            router.NAME,
        ]
    )
    assert [each.disabled for each in made] == [True, True, True, False]


def test_filters_become_fields() -> None:
    fields = filter_fields((RequestHeaders(changes=PUT), CORS, ResponseHeaders(changes=PUT)))
    assert set(fields) == {
        "request_headers_to_add",
        "request_headers_to_remove",
        "response_headers_to_add",
        "response_headers_to_remove",
        "typed_per_filter_config",
    }
    assert filter_fields(()) == {}


def test_filters_of_envoy_stand_beside_each_other() -> None:
    asked = ExternalAuth(upstream=upstream("auth"), check=GRPCCheck(headers=()), body_bytes=0)
    assert set(filter_fields((asked, CORS))["typed_per_filter_config"]) == {cors.NAME, auth.NAME}


def test_sessions_stand_beside_other_filters() -> None:
    assert with_session({}, None) == {}
    fields = with_session(filter_fields((CORS,)), SESSION)
    assert set(fields["typed_per_filter_config"]) == {cors.NAME, session.NAME}
