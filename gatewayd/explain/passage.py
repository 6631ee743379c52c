"""What a RoutePolicy puts in the way of requests, in words."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, assert_never

from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.global_limits import SharedLimit, SharedLimits
from gatewayd.ir.policy import Bandwidth, BodyLimit, Compression, ErrorPages, Fault, RateLimit, RateLimits
from gatewayd.ir.processing import Processing, ShownBody
from gatewayd.ir.scripts import Script

_ALL = 100
_BODIES: Final[Mapping[ShownBody, str]] = MappingProxyType(
    {
        ShownBody.NONE: "'s headers",
        ShownBody.WHOLE: " as a whole",
        ShownBody.PIECES: " as it comes",
    }
)


Met = RateLimits | SharedLimits | BodyLimit | Bandwidth | Compression | Fault | ErrorPages | Processing | Script
"""What is in the way of a request that may come in."""


def passage_words(met: Met) -> Iterator[str]:
    """Yield what a filter does, each in words."""
    match met:
        case RateLimits():
            yield from map(_limit, met.limits)
        case SharedLimits():
            yield from _shared(met)
        case BodyLimit():
            yield f"only with a body of at most {met.max_bytes} bytes, else a 413"
        case Bandwidth():
            sides = (("request", met.of_requests), ("response", met.of_responses))
            named = " and ".join(side for side, is_meant in sides if is_meant)
            yield f"of the {named} at most {met.kib_per_s} KiB go on in a second"
        case Compression():
            yield f"the response is compressed by {', '.join(met.algorithms)}, if the client takes it"
        case Fault():
            yield from _fault(met)
        case ErrorPages():
            yield f"errors {', '.join(str(page.status) for page in met.pages)} have a body of a RoutePolicy"
        case Processing():
            yield _processing(met)
        case Script():
            yield "a script in Lua sees messages and may change them; what fails in it gets a 500"
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


def _processing(met: Processing) -> str:
    shown = [
        f"the {message}{_BODIES[body]}"
        for message, body in (("request", met.request), ("response", met.response))
        if body is not None
    ]
    seen = f"{met.upstream.kind} {met.upstream.namespace}/{met.upstream.name}:{met.upstream.port}"
    unanswered = "they go on as they are" if met.fails_open else "the request gets a 503 or 504"
    return f"{seen} sees {' and '.join(shown)}; without its answer within {met.timeout_ms} ms, {unanswered}"


def _shared(limits: SharedLimits) -> Iterator[str]:
    service = f"Service {limits.service.namespace}/{limits.service.name}:{limits.service.port}"
    for limit in limits.limits:
        per = _per(limit, ["each route"] if limit.per_route else [])
        cost = f", counting what {limit.cost_header} of responses says" if limit.cost_header else ""
        instead = "and nobody is refused" if limit.is_shadow else "else a 429"
        yield f"at most {limit.requests} requests in a {limit.unit}{per} at all proxies{cost}, {instead}"
    unanswered = "go on uncounted" if limits.fails_open else "get a 503"
    yield f"{service} counts; while it does not answer within {limits.timeout_ms} ms, requests {unanswered}"


def _per(limit: RateLimit | SharedLimit, others: Sequence[str] = ()) -> str:
    names = (f"each {name}" for name in (*limit.headers, *limit.claims))
    whose = ", ".join((*others, *(["each client"] if limit.per_client else ()), *names))
    return f" for {whose}" if whose else ""


def _limit(limit: RateLimit) -> str:
    per = _per(limit)
    return f"at most {limit.requests} requests in {limit.unit_s} s{per} ({limit.burst} at once), else a 429"
