"""RoutePolicy: what its sections in force put in the way of a request, as filters of the IR."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from gatewayd.api.durations import milliseconds
from gatewayd.api.inherited import PolicySection
from gatewayd.api.routepolicy import (
    BandwidthSection,
    BodySection,
    CompressionSection,
    ErrorPagesSection,
    FaultSection,
    RateLimitRule,
    RateLimitSection,
)
from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.policy import Bandwidth, BodyLimit, Compression, ErrorPage, ErrorPages, Fault, RateLimit, RateLimits
from gatewayd.translator.policies.effective import NOTHING, Effective

_UNITS: Final[Mapping[str, int]] = MappingProxyType({"Second": 1, "Minute": 60, "Hour": 3600})
_ALGORITHMS: Final = ("br", "zstd", "gzip")
_LEAST_BYTES: Final = 1
_LEAST_KIB: Final = 1
_RATE_LIMIT: Final = "rate_limit"
_ALL: Final = 100
_PLAIN: Final = "text/plain"


def passage_filters(found: Effective) -> tuple[HTTPFilter, ...]:
    """Return what a request meets that may come in."""
    if found == NOTHING:
        return ()
    limits = (_rate_limits(each.owner, each.value) for each in found.of(_RATE_LIMIT))
    return (*limits, *(_filter(name, each.value) for name in _READ for each in found.of(name)))


@lru_cache(maxsize=256)
def _filter(name: str, section: PolicySection) -> HTTPFilter:
    """Return one filter for all rules that have the same section."""
    return _READ[name](section)


@lru_cache(maxsize=256)
def _rate_limits(policy: str, section: RateLimitSection) -> RateLimits:
    """Return one filter for all rules that have the section of the same policy: they count together."""
    return RateLimits(policy=policy, limits=tuple(map(_rate_limit, section.limits)))


def _rate_limit(rule: RateLimitRule) -> RateLimit:
    return RateLimit(
        requests=rule.requests,
        unit_s=_UNITS[rule.unit],
        burst=rule.requests if rule.burst is None else rule.burst,
        per_client=bool(rule.per_client),
        headers=tuple(dict.fromkeys(name.lower() for name in rule.per_headers)),
        claims=rule.per_claims,
        is_late=bool(rule.per_claims) or rule.at == "AfterAuthentication",
    )


def _body_limit(section: BodySection) -> BodyLimit:
    return BodyLimit(max_bytes=section.max_bytes or _LEAST_BYTES)


def _bandwidth(section: BandwidthSection) -> Bandwidth:
    direction = section.direction or "Response"
    return Bandwidth(
        kib_per_s=section.kibibytes_per_second or _LEAST_KIB,
        of_requests=direction in ("Request", "Both"),
        of_responses=direction in ("Response", "Both"),
    )


def _compression(section: CompressionSection) -> Compression:
    return Compression(
        algorithms=section.algorithms or _ALGORITHMS,
        min_bytes=section.min_bytes or 0,
        content_types=section.content_types,
    )


def _fault(section: FaultSection) -> Fault:
    delay, abort = section.delay, section.abort
    return Fault(
        delay_ms=milliseconds(delay.duration) if delay is not None else 0,
        delay_percent=delay.percent or _ALL if delay is not None else 0,
        abort_status=abort.status if abort is not None else 0,
        abort_percent=abort.percent or _ALL if abort is not None else 0,
    )


def _error_pages(section: ErrorPagesSection) -> ErrorPages:
    pages: dict[int, ErrorPage] = {}
    for page in section.pages:
        for status in page.codes:
            made = ErrorPage(status=status, body=page.body, content_type=page.content_type or _PLAIN)
            pages.setdefault(status, made)
    return ErrorPages(pages=tuple(pages.values()))


_READ: Final[Mapping[str, Callable[[Any], HTTPFilter]]] = MappingProxyType(
    {
        "body": _body_limit,
        "bandwidth": _bandwidth,
        "compression": _compression,
        "fault": _fault,
        "error_pages": _error_pages,
    }
)
"""What makes a filter of a section, by the section's attribute."""
