import pytest

from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RateLimitRule, RateLimitSection, TimeoutsSection
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.policy import RateLimit, RateLimits
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
            RateLimit(requests=2, unit_s=60, burst=2, per_client=False, headers=()),
        ),
        (
            RateLimitRule(requests=2, unit="Hour", burst=5, per_client=True, per_headers=("X-User", "x-user", "a")),
            RateLimit(requests=2, unit_s=3600, burst=5, per_client=True, headers=("x-user", "a")),
        ),
    ],
)
def test_rate_limit(rule: RateLimitRule, expected: RateLimit) -> None:
    section = RateLimitSection(limits=(rule,))
    assert made("rate_limit", section) == (RateLimits(limits=(expected,)),)
