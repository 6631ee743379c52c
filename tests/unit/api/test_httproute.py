import msgspec

from gatewayd.api.httproute import HTTPPathMatch, HTTPRoute, HTTPRouteMatch
from tests.unit.api.documents import accepted, document, http_filter, http_rule, problems

EVERYTHING = HTTPRouteMatch(path=HTTPPathMatch(type="PathPrefix", value="/"))


def test_a_route_without_rules_matches_everything() -> None:
    (rule,) = accepted(document("HTTPRoute", spec={})).spec.rules
    assert rule.matches == (EVERYTHING,)


def test_path_defaults_apply_at_every_depth() -> None:
    assert accepted(http_rule()).spec.rules[0].matches == (EVERYTHING,)
    assert accepted(http_rule(matches=[{}])).spec.rules[0].matches == (EVERYTHING,)
    assert accepted(http_rule(matches=[{"path": {}}])).spec.rules[0].matches == (EVERYTHING,)
    assert accepted(http_rule(matches=[{"path": None}])).spec.rules[0].matches == (EVERYTHING,)
    assert accepted(http_rule(matches=[])).spec.rules[0].matches == ()
    (match,) = accepted(http_rule(matches=[{"path": {"value": "/api"}}])).spec.rules[0].matches
    assert match.path == HTTPPathMatch(type="PathPrefix", value="/api")


def test_filters() -> None:
    redirect = accepted(http_filter("RequestRedirect", requestRedirect={"scheme": "https"})).spec.rules[0].filters[0]
    assert redirect.request_redirect.status_code == 302
    cors = accepted(http_filter("CORS", cors={"allowOrigins": ["https://*.example.com"]})).spec.rules[0].filters[0]
    assert (cors.cors.max_age, cors.cors.allow_credentials) == (5, None)
    auth = {"protocol": "HTTP", "backendRef": {"name": "auth", "port": 80}, "http": {"path": "/check"}}
    made = accepted(http_filter("ExternalAuth", externalAuth=auth)).spec.rules[0].filters[0]
    assert made.external_auth.http.path == "/check"


def test_retry_timeouts_and_sessions() -> None:
    rule = accepted(
        http_rule(
            retry={"codes": [503], "backoff": "10ms"},
            timeouts={"request": "10s", "backendRequest": "2s"},
            sessionPersistence={"cookie": {"name": "s"}},
        )
    ).spec.rules[0]
    assert (rule.retry.codes, rule.retry.attempts, rule.retry.backoff) == ((503,), 1, "10ms")
    assert (rule.timeouts.request, rule.timeouts.backend_request) == ("10s", "2s")
    assert rule.session_persistence.cookie.name == "s"


def test_limits() -> None:
    source = http_rule(
        matches=[{"path": {"type": "Glob"}, "method": "get", "headers": [{"name": "magic/", "value": "a"}]}],
        backendRefs=[{"name": "a", "port": 80, "weight": -1}],
    )
    methods = '"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"'
    characters = "letters, digits and any of !#$%&'*+-.^_`|~"
    assert problems(source) == [
        'spec.rules[0].matches[0].path.type: must be one of "Exact", "PathPrefix", "RegularExpression", not "Glob"',
        f'spec.rules[0].matches[0].headers[0].name: "magic/" is not valid; allowed: {characters}',
        f'spec.rules[0].matches[0].method: must be one of {methods}, not "get"',
        "spec.rules[0].backendRefs[0].weight: -1 is too small; 0 is the least allowed",
    ]


def test_status_is_no_part_of_a_route() -> None:
    with_status = http_rule() | {"status": {"parents": [{"controllerName": "x"}]}}
    assert accepted(with_status) == accepted(http_rule())
    assert "status" not in {field.encode_name for field in msgspec.structs.fields(HTTPRoute)}
