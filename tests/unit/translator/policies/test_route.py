import pytest

from gatewayd.api.httproute import HTTPRouteRetry, HTTPRouteTimeouts
from gatewayd.api.inherited import PolicySection
from gatewayd.api.meta import ObjectKey
from gatewayd.api.routepolicy import RetrySection, TimeoutsSection
from gatewayd.ir.http import NO_REWRITE, NO_TIMEOUTS, Forward, Retry, Timeouts
from gatewayd.translator.policies.effective import Effective, Ruled, ScopedTarget
from gatewayd.translator.policies.route import forwarded
from gatewayd.translator.protocols import GATEWAY_KIND

GW = ScopedTarget(GATEWAY_KIND, ObjectKey("shop", "gw"), "")
PLAIN = Forward(backends=(), mirrors=(), rewrite=NO_REWRITE, timeouts=NO_TIMEOUTS, retry=None, persistence=None)


def ruled(section: PolicySection | None) -> tuple[Ruled, ...]:
    name = "timeouts" if isinstance(section, TimeoutsSection) else "retry"
    return () if section is None else (Ruled(name, section, ObjectKey("shop", "p"), GW),)


def under(default: PolicySection | None, override: PolicySection | None, request: str | None = None) -> int:
    """Return what is left of a rule's own time-out of a request."""
    own = {None: 0, "0s": 0, "3s": 3000}[request]
    forward = Forward(
        backends=(),
        mirrors=(),
        rewrite=NO_REWRITE,
        timeouts=Timeouts(request_ms=own, backend_request_ms=0),
        retry=None,
        persistence=None,
    )
    found = Effective(overrides=ruled(override), defaults=ruled(default))
    return forwarded(forward, HTTPRouteTimeouts(request=request), None, found).timeouts.request_ms


SECOND, MINUTE, NONE = TimeoutsSection(request="1s"), TimeoutsSection(request="1m"), TimeoutsSection(request="0s")


@pytest.mark.parametrize(
    ("default", "override", "request_", "expected"),
    [
        (SECOND, None, None, 1000),
        (SECOND, None, "3s", 3000),
        (SECOND, None, "0s", 0),
        (TimeoutsSection(mode="Disabled"), None, None, 0),
        (None, SECOND, None, 1000),
        (None, SECOND, "3s", 1000),
        (None, SECOND, "0s", 1000),
        (None, MINUTE, "3s", 3000),
        (None, NONE, "3s", 3000),
        (None, TimeoutsSection(stream_idle="1s"), "3s", 3000),
    ],
)
def test_timeouts(
    default: PolicySection | None, override: PolicySection | None, request_: str | None, expected: int
) -> None:
    assert under(default, override, request_) == expected


def test_all_three_limits() -> None:
    section = TimeoutsSection(request="3s", backend_request="1s", stream_idle="2s")
    found = forwarded(PLAIN, None, None, Effective(overrides=(), defaults=ruled(section)))
    assert found.timeouts == Timeouts(request_ms=3000, backend_request_ms=1000, stream_idle_ms=2000)
    found = forwarded(PLAIN, None, None, Effective(overrides=ruled(section), defaults=()))
    assert found.timeouts == Timeouts(request_ms=3000, backend_request_ms=1000, stream_idle_ms=2000)


OWN = Retry(codes=(500,), attempts=1, backoff_ms=0)
TWICE = RetrySection(attempts=2, codes=(503,), backoff="25ms")
MADE = Retry(codes=(503,), attempts=2, backoff_ms=25)


@pytest.mark.parametrize(
    ("default", "override", "written", "expected"),
    [
        (TWICE, None, False, MADE),
        (TWICE, None, True, OWN),
        (RetrySection(), None, False, Retry(codes=(), attempts=1, backoff_ms=0)),
        (RetrySection(attempts=0), None, False, None),
        (RetrySection(mode="Disabled"), None, False, None),
        (None, TWICE, True, MADE),
        (None, RetrySection(attempts=0), True, None),
    ],
)
def test_retries(
    default: PolicySection | None, override: PolicySection | None, *, written: bool, expected: Retry | None
) -> None:
    forward = Forward(
        backends=(),
        mirrors=(),
        rewrite=NO_REWRITE,
        timeouts=NO_TIMEOUTS,
        retry=OWN if written else None,
        persistence=None,
    )
    rule = HTTPRouteRetry(codes=(500,)) if written else None
    found = Effective(overrides=ruled(override), defaults=ruled(default))
    assert forwarded(forward, None, rule, found).retry == expected
