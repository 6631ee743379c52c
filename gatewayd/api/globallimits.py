"""RoutePolicy, section globalLimits: limits that all proxies count together, by asking a service."""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.inherited import PolicyPart, PolicySection
from gatewayd.api.scalars import LABEL, SET, HeaderName, map_list

LimitName = Annotated[
    str,
    Meta(min_length=1, max_length=63, description="lower-case letters, digits and '-'", pattern=rf"^{LABEL}\Z"),
]
ClaimName = Annotated[str, Meta(min_length=1, max_length=253)]


class LimitCost(PolicyPart, frozen=True, kw_only=True):
    """How much a request counts: `request` when it comes (1), and what a header of its response says when it is done.

    With `request` 0 it counts nothing when it comes, and is refused while the limit is reached.
    """

    request: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    response_header: HeaderName | None = None


class GlobalLimit(PolicyPart, frozen=True, kw_only=True):
    """So many requests in a unit of time, at all proxies together.

    With `perClient` each address has as many, with `perHeaders` and `perClaims` each combination of values, with
    `perRoute` each route; requests without one of these do not count. With `shadow` they count, and none is refused.
    """

    name: LimitName
    requests: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    unit: Literal["Second", "Minute", "Hour", "Day"]
    per_client: bool | None = None
    per_headers: Annotated[tuple[HeaderName, ...], Meta(max_length=4, extra=SET)] = ()
    per_claims: Annotated[tuple[ClaimName, ...], Meta(max_length=4, extra=SET)] = ()
    per_route: bool | None = None
    cost: LimitCost | None = None
    shadow: bool | None = None


class GlobalLimitsSection(PolicySection, frozen=True, kw_only=True):
    """Answer 429 to a request for which one of the limits is reached, as the Gateway's rate limit service counts.

    `whenUnavailable`: what becomes of requests while that does not answer. `tellClients`: responses have x-ratelimit
    headers.
    """

    limits: Annotated[tuple[GlobalLimit, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    when_unavailable: Literal["Allow", "Deny"] | None = None
    tell_clients: bool | None = None
