from typing import Any

import pytest

from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import (
    BandwidthSection,
    BodySection,
    CompressionSection,
    ErrorPageRule,
    ErrorPagesSection,
    FaultAbort,
    FaultDelay,
    FaultSection,
    RateLimitRule,
    RateLimitSection,
    TimeoutsSection,
)
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.policy import Bandwidth, BodyLimit, Compression, ErrorPage, ErrorPages, Fault, RateLimit, RateLimits
from gatewayd.translator.policies.effective import NOTHING, Effective, Ruled, ScopedTarget
from gatewayd.translator.policies.passage import passage_filters
from gatewayd.translator.protocols import GATEWAY_KIND

GATEWAY = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")


def ruled(name: str, section: PolicySection) -> tuple[Ruled, ...]:
    return (Ruled(name, section, ObjectKey("shop", "p"), GATEWAY),)


def made(name: str, section: PolicySection) -> tuple[HTTPFilter, ...]:
    return passage_filters(Effective(overrides=(), defaults=ruled(name, section)))


def test_nothing_comes_of_nothing_and_of_other_sections() -> None:
    assert passage_filters(NOTHING) == ()
    assert made("timeouts", TimeoutsSection(request="1s")) == ()
    assert made("rate_limit", RateLimitSection(mode="Disabled")) == ()


def test_rules_with_the_same_section_share_a_filter() -> None:
    section = RateLimitSection(limits=(RateLimitRule(requests=2, unit="Second"),))
    assert made("rate_limit", section)[0] is made("rate_limit", section)[0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            RateLimitRule(requests=2, unit="Minute"),
            RateLimit(requests=2, unit_s=60, burst=2, per_client=False, headers=(), claims=(), is_late=False),
        ),
        (
            RateLimitRule(requests=2, unit="Hour", burst=5, per_client=True, per_headers=("X-User", "x-user", "a")),
            RateLimit(
                requests=2, unit_s=3600, burst=5, per_client=True, headers=("x-user", "a"), claims=(), is_late=False
            ),
        ),
        (
            RateLimitRule(requests=2, unit="Second", at="AfterAuthentication"),
            RateLimit(requests=2, unit_s=1, burst=2, per_client=False, headers=(), claims=(), is_late=True),
        ),
        (
            RateLimitRule(requests=2, unit="Second", per_claims=("sub",)),
            RateLimit(requests=2, unit_s=1, burst=2, per_client=False, headers=(), claims=("sub",), is_late=True),
        ),
    ],
)
def test_rate_limit(rule: RateLimitRule, expected: RateLimit) -> None:
    section = RateLimitSection(limits=(rule,))
    assert made("rate_limit", section) == (RateLimits(policy="shop/p", limits=(expected,)),)


@pytest.mark.parametrize(
    ("name", "section", "expected"),
    [
        ("body", BodySection(max_bytes=9), BodyLimit(max_bytes=9)),
        (
            "compression",
            CompressionSection(),
            Compression(algorithms=("br", "zstd", "gzip"), min_bytes=0, content_types=()),
        ),
        (
            "compression",
            CompressionSection(algorithms=("gzip",), min_bytes=99, content_types=("text/x-log",)),
            Compression(algorithms=("gzip",), min_bytes=99, content_types=("text/x-log",)),
        ),
        (
            "fault",
            FaultSection(delay=FaultDelay(duration="1s500ms")),
            Fault(delay_ms=1500, delay_percent=100, abort_status=0, abort_percent=0),
        ),
        (
            "fault",
            FaultSection(abort=FaultAbort(status=503, percent=5)),
            Fault(delay_ms=0, delay_percent=0, abort_status=503, abort_percent=5),
        ),
    ],
)
def test_other_sections(name: str, section: PolicySection, expected: HTTPFilter) -> None:
    assert made(name, section) == (expected,)


def test_of_two_pages_for_a_status_the_first_is_said() -> None:
    written = (
        ErrorPageRule(codes=(503, 502), body="a", content_type="text/html"),
        ErrorPageRule(codes=(404, 503), body="b"),
    )
    (pages,) = made("error_pages", ErrorPagesSection(pages=written))
    assert isinstance(pages, ErrorPages)
    assert pages.pages == (
        ErrorPage(status=503, body="a", content_type="text/html"),
        ErrorPage(status=502, body="a", content_type="text/html"),
        ErrorPage(status=404, body="b", content_type="text/plain"),
    )


@pytest.mark.parametrize(
    ("direction", "expected"),
    [(None, (False, True)), ("Request", (True, False)), ("Response", (False, True)), ("Both", (True, True))],
)
def test_a_bandwidth_is_of_responses_unless_it_says_otherwise(direction: Any, expected: tuple[bool, bool]) -> None:
    (pace,) = made("bandwidth", BandwidthSection(kibibytes_per_second=100, direction=direction))
    assert pace == Bandwidth(kib_per_s=100, of_requests=expected[0], of_responses=expected[1])
