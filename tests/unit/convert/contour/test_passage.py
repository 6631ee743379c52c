from typing import Any

import pytest

from gatewayd.convert.conditions import PrefixForm
from gatewayd.convert.contour.conditions import contour_match
from gatewayd.convert.contour.passage import (
    answer,
    cors,
    headers,
    host_of,
    milliseconds,
    passage,
    redirect,
    rewrite,
    times,
)
from gatewayd.convert.fates import Fate
from gatewayd.convert.fields import Fields
from tests.unit.convert.http_proxies import TO_ONE, at, root
from tests.unit.convert.ingresses import converted, rules


def fields(written: dict[str, Any]) -> tuple[Fields, list[Fate]]:
    fates: list[Fate] = []
    return Fields(written, "route", fates), fates


def test_durations() -> None:
    read, fates = fields({"a": "1.5s", "b": "infinity", "c": "soon"})
    assert [milliseconds(read, name) for name in ("a", "b", "c", "d")] == [1500, 0, None, None]
    assert [fate.path for fate in fates] == ["route.c"]


def test_headers_and_the_host() -> None:
    policy = {"set": [{"name": "Host", "value": "In.test"}, {"name": "x", "value": "%REQ(y)%"}], "remove": ["z"]}
    read, fates = fields(
        {"requestHeadersPolicy": policy, "responseHeadersPolicy": {"set": [{"name": "r", "value": "1"}]}}
    )
    request, response = headers(read)
    assert request["requestHeaderModifier"] == {"remove": ["z"]}
    assert response["responseHeaderModifier"] == {"set": [{"name": "r", "value": "1"}]}
    assert (host_of(read), len(fates)) == ("in.test", 1)


def rewritten(*replacements: dict[str, str], form: PrefixForm = PrefixForm.PATH_PREFIX, **condition: str) -> Any:
    match = contour_match(Fields({"c": [condition]}, "", []).many("c"), form)
    return rewrite(fields({"pathRewritePolicy": {"replacePrefix": list(replacements)}})[0], match)


def test_rewrites() -> None:
    ([filter_], own) = rewritten({"replacement": "/x"}, prefix="/a")
    assert (filter_["urlRewrite"]["path"]["replacePrefixMatch"], own) == ("/x", {})
    named = rewritten({"prefix": "/b", "replacement": "/y"}, {"prefix": "/a", "replacement": "/x"}, prefix="/a")
    assert named[0][0]["urlRewrite"]["path"]["replacePrefixMatch"] == "/x"
    assert rewritten({"replacement": "/x"}, form=PrefixForm.LETTERS, prefix="/a") == (
        (),
        {"pathRewrite": {"pattern": "^/a", "substitution": "/x"}},
    )
    assert rewritten({"replacement": "/"}, form=PrefixForm.SEGMENTS, prefix="/a") == (
        (),
        {"pathRewrite": {"pattern": "^/a/?", "substitution": "/"}},
    )
    assert rewritten({"replacement": "/x"}, exact="/a") == ((), {})


def test_time_outs_and_retries() -> None:
    route = {
        "timeoutPolicy": {"response": "10s", "idle": "infinity"},
        "retryPolicy": {"count": 3, "perTryTimeout": "1s", "retryOn": ["gateway-error", "retriable-status-codes"],
                        "retriableStatusCodes": [429]},
    }  # fmt: skip
    read, _ = fields(route)
    assert times(read) == {
        "timeouts": {"request": "10s", "backendRequest": "1s"},
        "retry": {"attempts": 3, "codes": [429, 502, 503, 504]},
    }
    codes = {"5xx": [500, 502, 503, 504], "retriable-4xx": [409]}
    for cause, said in codes.items():
        assert times(fields({"retryPolicy": {"retryOn": [cause]}})[0])["retry"]["codes"] == said
    assert passage(read, fields({})[0]) == {"timeouts": {"streamIdle": "0s"}}
    assert times(fields({"retryPolicy": {"count": -1}})[0])["retry"]["attempts"] == 0


def test_limits_of_the_route_and_of_the_host() -> None:
    local = {"requests": 5, "unit": "minute", "burst": 2, "responseStatusCode": 503}
    route, fates = fields({"rateLimitPolicy": {"local": local, "global": {}}})
    host, told = fields({"rateLimitPolicy": {"local": {"requests": 9, "unit": "second"}}})
    assert passage(route, host) == {
        "rateLimit": {"limits": [{"requests": 5, "unit": "Minute", "burst": 7}, {"requests": 9, "unit": "Second"}]}
    }
    assert [fate.path for fate in fates] == [
        "route.rateLimitPolicy.global",
        "route.rateLimitPolicy.local.responseStatusCode",
    ]
    assert [fate.path for fate in told] == ["route.rateLimitPolicy.local"]
    assert fates[0].message.startswith("a RoutePolicy's globalLimits say it")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"path": "/b"}, {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/b"}, "statusCode": 302}),
        ({"prefix": "/b"}, {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"}, "statusCode": 302}),
        (
            {"hostname": "b.test", "scheme": "https", "port": 8443, "statusCode": 301},
            {"scheme": "https", "hostname": "b.test", "port": 8443, "statusCode": 301},
        ),
    ],
)
def test_redirects(policy: dict[str, Any], expected: dict[str, Any]) -> None:
    assert redirect(fields(policy)[0])["requestRedirect"] == expected


def test_answers() -> None:
    assert answer(fields({"statusCode": 418, "body": "no"})[0]) == {"directResponse": {"status": 418, "body": "no"}}
    read, fates = fields({"statusCode": 200, "body": "x" * 5000})
    assert (answer(read), len(fates)) == ({"directResponse": {"status": 200}}, 1)


def test_other_origins() -> None:
    policy = {
        "allowOrigin": ["https://a.test", "https://.*\\.b\\.test"], "allowCredentials": True, "allowMethods": ["GET"],
        "maxAge": "10m", "allowPrivateNetwork": True,
    }  # fmt: skip
    read, fates = fields(policy)
    [done] = cors(read)
    assert done["cors"] == {
        "allowOrigins": ["https://a.test"],
        "allowCredentials": True,
        "allowMethods": ["GET"],
        "maxAge": 600,
    }
    assert [fate.path for fate in fates] == ["route.allowOrigin", "route.allowPrivateNetwork"]
    assert cors(fields({})[0]) == ()


def test_a_host_beside_an_expression_that_rewrites_the_path_is_a_header() -> None:
    told = {"requestHeadersPolicy": {"set": [{"name": "Host", "value": "in.test"}, {"name": "x", "value": "y"}]}}
    moved = {"pathRewritePolicy": {"replacePrefix": [{"replacement": "/v2"}]}}
    refused = {"conditions": [{"prefix": "/no"}], "directResponsePolicy": {"statusCode": 403}}
    done = converted(root(refused, at(TO_ONE, {"prefix": "/api"}, **told, **moved)))
    header, rewrite = rules(done)["api"]["filters"]
    assert header["requestHeaderModifier"]["set"] == [
        {"name": "Host", "value": "in.test"},
        {"name": "x", "value": "y"},
    ]
    assert rewrite["type"] == "ExtensionRef"


def test_a_host_that_one_service_shall_be_told_is_lost() -> None:
    told = {"requestHeadersPolicy": {"set": [{"name": "Host", "value": "in.test"}]}}
    done = converted(root({"services": [{"name": "one", "port": 80, **told}]}))
    assert any("whole route" in item.message for item in done.items)
