"""What a RoutePolicy puts in the way of requests, in words."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.policy import BodyLimit, Compression, ErrorPages, Fault, RateLimit, RateLimits

_ALL = 100


def passage_words(met: RateLimits | BodyLimit | Compression | Fault | ErrorPages) -> Iterator[str]:
    """Yield what a filter does, each in words."""
    match met:
        case RateLimits():
            yield from map(_limit, met.limits)
        case BodyLimit():
            yield f"only with a body of at most {met.max_bytes} bytes, else a 413"
        case Compression():
            yield f"the response is compressed by {', '.join(met.algorithms)}, if the client takes it"
        case Fault():
            yield from _fault(met)
        case ErrorPages():
            yield f"errors {', '.join(str(page.status) for page in met.pages)} have a body of a RoutePolicy"
        case _:
            assert_never(met)


def aborted(filters: Sequence[HTTPFilter]) -> int | None:
    """Return the status that all requests get in the place of a backend's; None where some go on."""
    faults = (each for each in filters if isinstance(each, Fault))
    return next((each.abort_status for each in faults if each.abort_percent == _ALL), None)


def _fault(fault: Fault) -> Iterator[str]:
    if fault.delay_ms:
        yield f"{fault.delay_percent}% of the requests wait {fault.delay_ms} ms"
    if fault.abort_percent:
        yield f"{fault.abort_percent}% of the requests get a {fault.abort_status}, by a RoutePolicy"


def _limit(limit: RateLimit) -> str:
    whose = ", ".join(
        (*(["each client"] if limit.per_client else ()), *(f"each {name}" for name in (*limit.headers, *limit.claims)))
    )
    per = f" for {whose}" if whose else ""
    return f"at most {limit.requests} requests in {limit.unit_s} s{per} ({limit.burst} at once), else a 429"
