import pytest

from gatewayd.api.routepolicy import RetrySection, TimeoutsSection
from tests.unit.api.documents import accepted, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge")


def test_sections_are_read() -> None:
    sections = {"timeouts": {"request": "10s", "streamIdle": "1m"}, "retry": {"codes": [503], "attempts": 3}}
    made = accepted(policy("RoutePolicy", "a", EDGE, default=sections))
    assert made.spec.default.timeouts == TimeoutsSection(request="10s", backend_request=None, stream_idle="1m")
    assert made.spec.default.retry == RetrySection(codes=(503,), attempts=3, backoff=None)


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"timeouts": {"request": "1 day"}}, "spec.default.timeouts.request"),
        ({"retry": {"attempts": 11}}, "spec.default.retry.attempts"),
        ({"retry": {"codes": [200]}}, "spec.default.retry.codes[0]"),
        ({"retry": {"codes": [503, 503]}}, "spec.default.retry.codes[1]"),
        ({"rateLimit": {"limits": [{"requests": 0, "unit": "Hour"}]}}, "spec.default.rateLimit.limits[0].requests"),
        ({"rateLimit": {"limits": [{"requests": 1, "unit": "Day"}]}}, "spec.default.rateLimit.limits[0].unit"),
        ({"rateLimit": {"limits": [{"requests": 1}]}}, "spec.default.rateLimit.limits[0].unit"),
        ({"rateLimit": {}}, "spec.default.rateLimit.limits"),
        ({"body": {"maxBytes": 0}}, "spec.default.body.maxBytes"),
        ({"bandwidth": {"kibibytesPerSecond": 0}}, "spec.default.bandwidth.kibibytesPerSecond"),
        ({"bandwidth": {}}, "spec.default.bandwidth.kibibytesPerSecond"),
        ({"bandwidth": {"kibibytesPerSecond": 1, "direction": "Up"}}, "spec.default.bandwidth.direction"),
        (
            {"headers": {"request": {"setFrom": [{"name": "x", "property": "Password"}]}}},
            "spec.default.headers.request.setFrom[0].property",
        ),
        (
            {"headers": {"request": {"setFrom": [{"name": "x", "header": "%REQ(y)%"}]}}},
            "spec.default.headers.request.setFrom[0].header",
        ),
        ({"compression": {"algorithms": ["deflate"]}}, "spec.default.compression.algorithms[0]"),
        ({"compression": {"minBytes": 1}}, "spec.default.compression.minBytes"),
        ({"errorPages": {"pages": [{"codes": [200], "body": ""}]}}, "spec.default.errorPages.pages[0].codes[0]"),
        ({"fault": {"abort": {"status": 200}}}, "spec.default.fault.abort.status"),
        ({"fault": {"delay": {"duration": "1s", "percent": 101}}}, "spec.default.fault.delay.percent"),
        ({"timeouts": {"mode": "Off"}}, "spec.default.timeouts.mode"),
    ],
)
def test_bounds(sections: dict[str, object], path: str) -> None:
    found = problems(policy("RoutePolicy", "a", EDGE, default=sections))
    assert [each.partition(":")[0] for each in found] == [path]
