"""RoutePolicy: what its sections in force do to the messages of a rule, beside time-outs and retries.

What cannot be had of them is left out, since it protects nothing.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gatewayd.api.routepolicy import DirectResponseSection, Headers, RouteSections
from gatewayd.ir.filters import HTTPFilter, RequestHeaders, ResponseHeaders
from gatewayd.ir.http import DirectResponse
from gatewayd.ir.limits import ANSWER_BYTES
from gatewayd.translator.policies.effective import Effective, Ruled
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.rules.headers import Side, modified

_UNAVAILABLE = 503


class _Changes(NamedTuple):
    filters: tuple[HTTPFilter, ...]
    problems: tuple[str, ...]


def with_headers(filters: tuple[HTTPFilter, ...], sections: Effective) -> tuple[HTTPFilter, ...]:
    """Return a rule's filters between those of a default, which it may change, and those of an override."""
    before, after = _headers(sections.defaults), _headers(sections.overrides)
    return (*before, *filters, *after) if before or after else filters


def direct_response(sections: Effective) -> DirectResponse | None:
    """Return the answer that takes the place of what rules do; None where there is none."""
    written = next((each.value for each in sections.of("direct_response")), None)
    if not isinstance(written, DirectResponseSection) or _too_long(written):
        return None
    return DirectResponse(
        status=written.status or _UNAVAILABLE, body=written.body or "", content_type=written.content_type or ""
    )


def _too_long(written: DirectResponseSection) -> int:
    """Return the bytes of a body that has too many, else 0."""
    size = len((written.body or "").encode())
    return size if size > ANSWER_BYTES else 0


def message_problems(row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a policy cannot be had, with its path."""
    for strategy, given in by_strategy(row):
        if not isinstance(given, RouteSections):
            continue
        if given.headers is not None:
            yield from (f"spec.{strategy}.headers.{each}" for each in _changes(given.headers).problems)
        if given.direct_response is not None and (many := _too_long(given.direct_response)):
            yield f"spec.{strategy}.directResponse.body: has {many} bytes; at most {ANSWER_BYTES} are allowed"


def _headers(ruled: tuple[Ruled, ...]) -> tuple[HTTPFilter, ...]:
    written = (each.value for each in ruled if isinstance(each.value, Headers))
    return tuple(each for section in written for each in _changes(section).filters)


@lru_cache(maxsize=256)
def _changes(headers: Headers) -> _Changes:
    filters: list[HTTPFilter] = []
    problems: list[str] = []
    for side, written, filter_of in (
        (Side.REQUEST, headers.request, RequestHeaders),
        (Side.RESPONSE, headers.response, ResponseHeaders),
    ):
        changes = modified(side.name.lower(), written, side) if written is not None else None
        if isinstance(changes, Unsupported):
            problems.append(changes.message)
        elif changes is not None:
            filters.append(filter_of(changes=changes))
    return _Changes(tuple(filters), tuple(problems))
