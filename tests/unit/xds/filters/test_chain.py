from typing import get_args

from envoy.config.route.v3 import route_components_pb2

from gatewayd.ir.filters import (
    Cors,
    ExternalAuth,
    GRPCCheck,
    HTTPFilter,
    KeptSource,
    PolicyCheck,
    RequestHeaders,
    ResponseHeaders,
)
from gatewayd.ir.http import PersistenceKind, StatefulSession
from gatewayd.ir.policy import RateLimits
from gatewayd.xds.filters import (
    auth,
    cors,
    guard,
    session,
)
from gatewayd.xds.filters.chain import (
    CHAIN,
    OPTED_INTO,
    TURNED_ON,
    filter_fields,
    guard_fields,
    http_filters,
    share_fields,
    with_session,
)
from tests.unit.xds.shorthand import changes, upstream

CORS = Cors(origins=("*",), methods=(), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
ASKED = ExternalAuth(upstream=upstream("auth"), check=GRPCCheck(headers=()), body_bytes=0)
PUT = changes(put=(("x", "1"),))
SESSION = StatefulSession(kind=PersistenceKind.HEADER, name="x", path="", ttl_s=None)


def test_the_router_ends_the_chain_and_the_others_wait_for_a_route() -> None:
    made = http_filters(opted_into=True)
    # In letters: the routes that an Envoy has name them so, and an upgrade must not rename what they turn on.
    names = "g1 g2 g3 g4 page clean where cors csrf flood key login token auth share may limit quota fault size pace"
    assert [each.name for each in made] == [row.name for row in CHAIN]
    assert [row.name for row in CHAIN[:-1]] == [*names.split(), "squeeze", "extend", "session"]
    assert CHAIN[-1].name == "envoy.filters.http.router"
    assert [each.disabled for each in made] == [True] * (len(made) - 1) + [False]
    assert not any(each.disabled for each in http_filters(opted_into=False))


def test_every_filter_is_something_to_envoy() -> None:
    of_their_own = {RequestHeaders, ResponseHeaders, ExternalAuth, RateLimits, KeptSource}
    assert set(get_args(HTTPFilter)) == {*of_their_own, *TURNED_ON}
    assert {name for name, _ in TURNED_ON.values()} <= set(OPTED_INTO)


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
    assert set(filter_fields((ASKED, CORS))["typed_per_filter_config"]) == {cors.NAME, auth.NAME}


def test_what_a_backend_asks_stands_beside_what_its_rule_asks() -> None:
    assert set(share_fields((ASKED, CORS))["typed_per_filter_config"]) == {cors.NAME, auth.SHARE_NAME}


def test_what_a_policy_asks_stands_before_what_the_rule_asks() -> None:
    check = PolicyCheck(auth=ASKED, fails_open=True)
    assert set(filter_fields((check, ASKED))["typed_per_filter_config"]) == {auth.NAME, auth.SHARE_NAME}
    assert set(filter_fields((check,))["typed_per_filter_config"]) == {auth.NAME}


def test_guards_turn_on_what_the_route_that_they_lead_to_may_need() -> None:
    assert guard_fields(()) == {}
    configs = guard_fields((ASKED, ASKED))["typed_per_filter_config"]
    assert set(configs) == {row.name for row in CHAIN if not row.always and row.name not in guard.NAMES[2:]}
    turned_on = route_components_pb2.FilterConfig()
    assert configs[auth.NAME].Unpack(turned_on)
    assert (turned_on.disabled, turned_on.HasField("config"), turned_on.config.type_url) == (False, True, "")


def test_sessions_stand_beside_other_filters() -> None:
    assert with_session({}, None) == {}
    fields = with_session(filter_fields((CORS,)), SESSION)
    assert set(fields["typed_per_filter_config"]) == {cors.NAME, session.NAME}
