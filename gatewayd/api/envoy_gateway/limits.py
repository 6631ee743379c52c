"""BackendTrafficPolicy of Envoy Gateway, rateLimit and bandwidthLimit: how much there may be, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#ratelimitspec
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.backends import Quantity
from gatewayd.api.envoy_gateway.fields import Refused, TheirShape, differs, refused
from gatewayd.api.scalars import HeaderName


class TrafficHeaderMatch(TheirShape, frozen=True, kw_only=True):
    """A header that requests are told apart by."""

    type: Annotated[
        Literal["Exact", "RegularExpression", "Distinct"] | None,
        refused("allowed: Distinct; limits of single values are not there", "Distinct"),
    ] = None
    name: HeaderName
    value: Annotated[Refused, refused("allowed: type Distinct")] = None
    invert: Annotated[bool | None, refused("allowed: false", False)] = None


class TrafficSource(TheirShape, frozen=True, kw_only=True):
    """Addresses that requests are told apart by."""

    type: Annotated[Literal["Exact", "Distinct"] | None, refused("allowed: Distinct, for each address", "Distinct")] = (
        None
    )
    value: Annotated[str, refused("allowed: 0.0.0.0/0 and ::/0, which are all clients", "0.0.0.0/0", "::/0")]
    invert: Annotated[bool | None, refused("allowed: false", False)] = None


class TrafficSelector(TheirShape, frozen=True, kw_only=True):
    """Which requests count, and which of them together."""

    headers: Annotated[tuple[TrafficHeaderMatch, ...], Meta(max_length=128)] = ()
    methods: Annotated[Refused, refused("allowed: headers, sourceCIDR")] = None
    path: Annotated[Refused, refused("allowed: a policy for a rule")] = None
    source_cidr: TrafficSource | None = field(name="sourceCIDR", default=None)
    query_params: Annotated[Refused, refused("allowed: headers, sourceCIDR")] = None


class TrafficLimitValue(TheirShape, frozen=True, kw_only=True):
    """So many requests in a unit of time."""

    requests: Annotated[int, Meta(ge=0, le=4_294_967_295)]
    unit: Literal["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"]
    from_metadata: Annotated[Refused, refused("allowed: requests")] = None


class TrafficLimitRule(TheirShape, frozen=True, kw_only=True):
    """A limit that each proxy counts for itself, and the requests that count."""

    name: str | None = None
    client_selectors: Annotated[tuple[TrafficSelector, ...], Meta(max_length=8)] = ()
    limit: TrafficLimitValue
    cost: Annotated[Refused, refused("allowed: none; each request counts once")] = None
    shared: Annotated[bool | None, differs("all rules that the policy is for count together", True)] = None
    shadow_mode: Annotated[bool | None, refused("allowed: false", False)] = None
    x_rate_limit_headers: Annotated[str | None, differs("responses do not tell of limits", "Off")] = None


class TrafficLocalLimits(TheirShape, frozen=True, kw_only=True):
    """Limits that each proxy counts for itself."""

    rules: Annotated[tuple[TrafficLimitRule, ...], Meta(max_length=16)] = ()


class TrafficRequestCost(TheirShape, frozen=True, kw_only=True):
    """How much a request counts when it comes."""

    from_: Annotated[Literal["Number", "Metadata"], refused("allowed: Number", "Number")] = field(name="from")
    number: Annotated[int, Meta(ge=0)] | None = None
    metadata: Annotated[Refused, refused("allowed: number")] = None


class TrafficCost(TheirShape, frozen=True, kw_only=True):
    """How much a request counts."""

    request: TrafficRequestCost | None = None
    response: Annotated[Refused, refused("allowed: request; a RoutePolicy counts what a header says")] = None


class TrafficSharedRule(TheirShape, frozen=True, kw_only=True):
    """A limit that all proxies count together, and the requests that count."""

    name: str | None = None
    client_selectors: Annotated[tuple[TrafficSelector, ...], Meta(max_length=8)] = ()
    limit: TrafficLimitValue
    cost: TrafficCost | None = None
    shared: bool | None = None
    shadow_mode: bool | None = None
    x_rate_limit_headers: Literal["Off", "DraftVersion03"] | None = None


class TrafficSharedLimits(TheirShape, frozen=True, kw_only=True):
    """Limits that all proxies count together."""

    rules: Annotated[tuple[TrafficSharedRule, ...], Meta(max_length=256)] = ()


class TrafficLimits(TheirShape, frozen=True, kw_only=True):
    """How many requests there may be."""

    type: Literal["Global", "Local"] | None = None
    global_: TrafficSharedLimits | None = field(name="global", default=None)
    local: Annotated[
        TrafficLocalLimits | None, differs("all rules that the policy is for count together, not each by itself")
    ] = None


class TrafficRate(TheirShape, frozen=True, kw_only=True):
    """So many bytes in a unit of time."""

    value: Quantity
    unit: Literal["Second", "Minute", "Hour"]


class TrafficRequestBytes(TheirShape, frozen=True, kw_only=True):
    """How fast bodies may go to the backend."""

    limit: TrafficRate


class TrafficResponseBytes(TheirShape, frozen=True, kw_only=True):
    """How fast bodies may come from the backend."""

    limit: TrafficRate
    response_trailers: Annotated[dict[str, str] | None, differs("responses have no such trailers")] = None


class TrafficBandwidth(TheirShape, frozen=True, kw_only=True):
    """How fast bodies may be."""

    request: TrafficRequestBytes | None = None
    response: TrafficResponseBytes | None = None
