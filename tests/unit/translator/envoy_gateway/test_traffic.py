from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.traffic import traffic
from tests.unit.envoy_gateway import plain


def taken(**spec: Any) -> dict[str, Any]:
    """Return the sections of a spec of which nothing is refused, as plain values."""
    found = traffic(spec, "shop")
    assert [str(each) for each in found.refused] == []
    return {each.name: plain(each.value) for each in found.sections}


def told(**spec: Any) -> tuple[list[str], list[str]]:
    found = traffic(spec, "shop")
    return ([each.path for each in found.refused], [each.path for each in found.differs])


def test_what_ingress2gateway_writes() -> None:
    assert taken(requestBuffer={"limit": "8Mi"}) == {"body": {"maxBytes": 8 * 1024 * 1024}}
    assert told(requestBuffer={"limit": "much"})[0] == ["spec.requestBuffer.limit"]


def test_times_and_retries() -> None:
    retry = {
        "numRetries": 3,
        "perRetry": {"timeout": "250ms", "backOff": {"baseInterval": "50ms"}},
        "retryOn": {"triggers": ["gateway-error", "connect-failure"], "httpStatusCodes": [429]},
    }
    http = {"requestTimeout": "5s", "streamIdleTimeout": "1m"}
    assert taken(timeout={"http": http}, retry=retry) == {
        "timeouts": {"request": "5s", "backendRequest": "250ms", "streamIdle": "1m"},
        "retry": {"attempts": 3, "codes": [502, 503, 504, 429], "backoff": "50ms"},
    }
    assert taken(retry={}) == {"retry": {"attempts": 2, "codes": [503]}}


@pytest.mark.parametrize(
    ("trigger", "codes"),
    [
        ("5xx", [500, 501, 502, 503, 504]),
        ("gateway-error", [502, 503, 504]),
        ("retriable-4xx", [409]),
        ("connect-failure", []),
    ],
)
def test_what_a_trigger_comes_to(trigger: str, codes: list[int]) -> None:
    retry = taken(retry={"retryOn": {"triggers": [trigger]}})["retry"]
    assert retry.get("codes", []) == codes


@pytest.mark.parametrize("call", ["cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"])
def test_what_is_tried_again_of_calls_is_told(call: str) -> None:
    assert told(retry={"retryOn": {"triggers": [call]}}) == ([], ["spec.retry.retryOn.triggers"])


def test_faults() -> None:
    fault = {"delay": {"fixedDelay": "2s", "percentage": 10}, "abort": {"httpStatus": 503, "percentage": 5.0}}
    assert taken(faultInjection=fault) == {
        "fault": {"delay": {"duration": "2s", "percent": 10}, "abort": {"status": 503, "percent": 5}}
    }
    assert taken(faultInjection={"abort": {"httpStatus": 503, "percentage": 0}}) == {}
    assert told(faultInjection={"abort": {"httpStatus": 503, "percentage": 0.5}})[0] == [
        "spec.faultInjection.abort.percentage"
    ]


def test_compression() -> None:
    assert taken(compressor=[{"type": "Brotli", "minContentLength": "1Ki"}, {"type": "Gzip", "gzip": {}}]) != {}
    assert taken(compression=[{"type": "Zstd"}]) == {"compression": {"algorithms": ["zstd"]}}
    both = taken(compressor=[{"type": "Gzip", "minContentLength": 5}], compression=[{"type": "Zstd"}])
    assert both == {"compression": {"algorithms": ["gzip"], "minBytes": 30}}


def page(*statuses: Any, **more: Any) -> dict[str, Any]:
    match = {"statusCodes": [{"type": "Value", "value": each} for each in statuses]}
    return {
        "match": match,
        "response": {"contentType": "text/html", "body": {"type": "Inline", "inline": "no"}},
        **more,
    }


def test_pages_for_errors() -> None:
    ranged = {"match": {"statusCodes": [{"type": "Range", "range": {"start": 500, "end": 502}}]}}
    found = taken(responseOverride=[page(404), {**page(), **ranged}])
    assert found == {
        "error_pages": {
            "pages": [
                {"codes": [404], "body": "no", "contentType": "text/html"},
                {"codes": [500, 501, 502], "body": "no", "contentType": "text/html"},
            ]
        }
    }


@pytest.mark.parametrize(
    ("override", "at"),
    [
        (page(200), ".match.statusCodes"),
        (page(404, source="Local"), ".source"),
        (page(404, redirect={"hostname": "a"}), ".redirect"),
        ({"match": {"statusCodes": [{"value": 404}]}}, ".response.body"),
    ],
)
def test_pages_that_cannot_be_had(override: dict[str, Any], at: str) -> None:
    assert told(responseOverride=[override])[0] == [f"spec.responseOverride[0]{at}"]
    assert traffic({"responseOverride": [override]}, "shop").sections == ()


def limit(requests: int = 5, unit: str = "Minute", *selectors: dict[str, Any], **more: Any) -> dict[str, Any]:
    chosen = {"clientSelectors": list(selectors)} if selectors else {}
    rule = {**chosen, "limit": {"requests": requests, "unit": unit}, **more}
    return {"rateLimit": {"type": "Local", "local": {"rules": [rule]}}}


def test_limits() -> None:
    everybody = {"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}
    found = traffic(limit(5, "Minute", {**everybody, "headers": [{"type": "Distinct", "name": "x-user"}]}), "shop")
    assert plain(found.sections[0].value) == {
        "limits": [{"requests": 5, "unit": "Minute", "perClient": True, "perHeaders": ["x-user"]}]
    }
    assert [each.path for each in found.differs] == ["spec.rateLimit.local"]


@pytest.mark.parametrize(
    ("spec", "at"),
    [
        (limit(5, "Day"), ".limit.unit"),
        (limit(0), ".limit.requests"),
        (limit(5, "Second", {}, {}), ".clientSelectors"),
        (limit(5, "Second", {"headers": [{"type": "Exact", "name": "a", "value": "b"}]}), None),
        (limit(5, "Second", {"sourceCIDR": {"type": "Distinct", "value": "10.0.0.0/8"}}), None),
        (limit(shadowMode=True), ".shadowMode"),
    ],
)
def test_a_limit_that_would_count_others_is_left_out(spec: dict[str, Any], at: str | None) -> None:
    found = traffic(spec, "shop")
    assert found.sections == ()
    assert found.refused
    if at is not None:
        assert [each.path for each in found.refused] == [f"spec.rateLimit.local.rules[0]{at}"]
