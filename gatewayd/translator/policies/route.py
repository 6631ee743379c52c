"""RoutePolicy: what its sections in force do to a request, beside what the route itself says.

What a rule says of time-outs and retries is the nearest default. Above it an override is an upper bound for time-outs,
and the last word on retries.
"""

from dataclasses import replace

from gatewayd.api.durations import milliseconds
from gatewayd.api.httproute import HTTPRouteRetry, HTTPRouteTimeouts
from gatewayd.api.routepolicy import RetrySection, TimeoutsSection
from gatewayd.ir.http import Forward, Retry, Timeouts
from gatewayd.translator.policies.effective import Effective

_ONCE = 1


def forwarded(
    forward: Forward, timeouts: HTTPRouteTimeouts | None, retry: HTTPRouteRetry | None, effective: Effective
) -> Forward:
    """Return what a rule does under a policy; `timeouts` and `retry` are what the rule has written itself."""
    return replace(
        forward,
        timeouts=_timeouts(forward.timeouts, timeouts, effective),
        retry=_retry(forward.retry, retry, effective),
    )


def _timeouts(own: Timeouts, written: HTTPRouteTimeouts | None, effective: Effective) -> Timeouts:
    rule = written or HTTPRouteTimeouts()
    default = effective.default(TimeoutsSection)
    if default is not None:
        own = Timeouts(
            request_ms=own.request_ms if rule.request is not None else milliseconds(default.request),
            backend_request_ms=(
                own.backend_request_ms if rule.backend_request is not None else milliseconds(default.backend_request)
            ),
            stream_idle_ms=milliseconds(default.stream_idle),
        )
    bound = effective.override(TimeoutsSection)
    if bound is None:
        return own
    return Timeouts(
        request_ms=_least(own.request_ms, milliseconds(bound.request)),
        backend_request_ms=_least(own.backend_request_ms, milliseconds(bound.backend_request)),
        stream_idle_ms=_least(own.stream_idle_ms, milliseconds(bound.stream_idle)),
    )


def _least(one: int, other: int) -> int:
    """Return the lower of two limits, of which 0 is none."""
    return min(one, other) if one and other else one or other


def _retry(own: Retry | None, written: HTTPRouteRetry | None, effective: Effective) -> Retry | None:
    fixed = effective.override(RetrySection)
    if fixed is not None:
        return _retries(fixed)
    default = effective.default(RetrySection)
    if written is not None or default is None or default.is_disabled:
        return own
    return _retries(default)


def _retries(section: RetrySection) -> Retry | None:
    attempts = _ONCE if section.attempts is None else section.attempts
    if attempts == 0:
        return None
    return Retry(codes=section.codes, attempts=attempts, backoff_ms=milliseconds(section.backoff))
