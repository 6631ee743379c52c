"""RoutePolicy: what happens to a request on its way. A kind of our own group."""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.externalprocessing import ExternalProcessingSection
from gatewayd.api.filters import HeaderModifier
from gatewayd.api.globallimits import ClaimName, GlobalLimitsSection
from gatewayd.api.inherited import InheritedSpec, PolicyPart, PolicySection, Sections
from gatewayd.api.luasection import LuaSection
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.scalars import SET, Duration, HeaderName, HeaderValue, map_list

Status = Annotated[int, Meta(ge=400, le=599)]
Percent = Annotated[int, Meta(ge=1, le=100)]
SourceHeaderName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="letters, digits and any of '-_.'",
        pattern=r"^[A-Za-z0-9_][-A-Za-z0-9_.]*\Z",
    ),
]
RequestProperty = Literal["ClientAddress", "PeerAddress", "Host", "Method", "Path", "Scheme", "ServerName"]


class TimeoutsSection(PolicySection, frozen=True, kw_only=True):
    """Time for the whole request, for each try at a backend, and for a stream without a byte; "0s" is no limit."""

    request: Duration | None = None
    backend_request: Duration | None = None
    stream_idle: Duration | None = None


class RetrySection(PolicySection, frozen=True, kw_only=True):
    """How often to try again (once), when a connection fails and on these statuses; `backoff` before the first time."""

    attempts: Annotated[int, Meta(ge=0, le=10)] | None = None
    codes: Annotated[tuple[Status, ...], Meta(max_length=16, extra=SET)] = ()
    backoff: Duration | None = None


class HeaderFrom(PolicyPart, frozen=True, kw_only=True):
    """A header to overwrite with what a request has: one of its headers, as it came, or one of its properties.

    `ClientAddress` is what the proxy takes for the client's, `PeerAddress` that of the connection, `ServerName` what
    the client asked for by TLS. What the request does not have changes nothing.
    """

    name: HeaderName
    header: SourceHeaderName | None = None
    property: RequestProperty | None = None


class PolicyHeaderModifier(HeaderModifier, frozen=True, kw_only=True):
    """Headers to overwrite, with texts or with what the request has, to append to and to take away."""

    set_from: Annotated[tuple[HeaderFrom, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    remove: Annotated[tuple[HeaderName, ...], Meta(max_length=16, extra=SET)] = ()


class Headers(PolicySection, frozen=True, kw_only=True):
    """What is done to headers. Of a default before what the rule does to them, of an override after it."""

    request: PolicyHeaderModifier | None = None
    response: PolicyHeaderModifier | None = None


class DirectResponseSection(PolicySection, frozen=True, kw_only=True):
    """Answer with this instead of what the rules do; `status` is 503 when it is left out."""

    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: Annotated[str, Meta(max_length=4096)] | None = None
    content_type: HeaderValue | None = None


class RateLimitRule(PolicyPart, frozen=True, kw_only=True):
    """So many requests in a unit of time, and `burst` at once after a quiet time (`requests` when left out).

    With `perClient` each address has as many, with `perHeaders` and `perClaims` each combination of values; requests
    without one of these do not count. `at` AfterAuthentication, only requests count that may come in.
    """

    requests: Annotated[int, Meta(ge=1, le=1_000_000)]
    unit: Literal["Second", "Minute", "Hour"]
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    per_client: bool | None = None
    per_headers: Annotated[tuple[HeaderName, ...], Meta(max_length=4, extra=SET)] = ()
    per_claims: Annotated[tuple[ClaimName, ...], Meta(max_length=4, extra=SET)] = ()
    at: Literal["BeforeAuthentication", "AfterAuthentication"] | None = None


class RateLimitSection(PolicySection, frozen=True, kw_only=True):
    """Answer 429 to a request for which one of the limits is reached. All rules below the policy count together."""

    limits: Annotated[tuple[RateLimitRule, ...], Meta(max_length=8)] = ()


class BodySection(PolicySection, frozen=True, kw_only=True):
    """Answer 413 to a request with more bytes; the others go on when they are there as a whole."""

    max_bytes: Annotated[int, Meta(ge=1, le=104_857_600)] | None = None


class BandwidthSection(PolicySection, frozen=True, kw_only=True):
    """Let no more than so many KiB go on in a second, of `direction` (Response).

    What goes either way counts together with `Both`. Each rule counts by itself, at each hostname and in each proxy.
    """

    kibibytes_per_second: Annotated[int, Meta(ge=1, le=104_857_600)] | None = None
    direction: Literal["Request", "Response", "Both"] | None = None


class CompressionSection(PolicySection, frozen=True, kw_only=True):
    """Compress responses for clients who take that: by the first of `algorithms` (br, zstd, gzip) that they like best.

    Left alone are those that are shorter than `minBytes` (30), and of other `contentTypes` than texts.
    """

    algorithms: Annotated[tuple[Literal["br", "gzip", "zstd"], ...], Meta(max_length=3, extra=SET)] = ()
    min_bytes: Annotated[int, Meta(ge=30, le=104_857_600)] | None = None
    content_types: Annotated[tuple[HeaderValue, ...], Meta(max_length=32, extra=SET)] = ()


class FaultDelay(PolicyPart, frozen=True, kw_only=True):
    """Let requests wait; all of them when `percent` is left out."""

    duration: Duration
    percent: Percent | None = None


class FaultAbort(PolicyPart, frozen=True, kw_only=True):
    """Answer in the place of the backend; to all requests when `percent` is left out."""

    status: Status
    percent: Percent | None = None


class FaultSection(PolicySection, frozen=True, kw_only=True):
    """Try out what others do when this is slow, or fails."""

    delay: FaultDelay | None = None
    abort: FaultAbort | None = None


class ErrorPageRule(PolicyPart, frozen=True, kw_only=True):
    """What is said with these statuses; as plain text when `contentType` is left out."""

    codes: Annotated[tuple[Status, ...], Meta(min_length=1, max_length=16, extra=SET)]
    body: Annotated[str, Meta(max_length=4096)]
    content_type: HeaderValue | None = None


class ErrorPagesSection(PolicySection, frozen=True, kw_only=True):
    """What is said with an error, by a backend or by the proxy itself; of two pages for a status the first."""

    pages: Annotated[tuple[ErrorPageRule, ...], Meta(max_length=8)] = ()


class RouteSections(Sections, frozen=True, kw_only=True):
    """What happens to a request on its way."""

    timeouts: TimeoutsSection | None = None
    retry: RetrySection | None = None
    headers: Headers | None = None
    direct_response: DirectResponseSection | None = None
    rate_limit: RateLimitSection | None = None
    global_limits: GlobalLimitsSection | None = None
    body: BodySection | None = None
    bandwidth: BandwidthSection | None = None
    compression: CompressionSection | None = None
    fault: FaultSection | None = None
    error_pages: ErrorPagesSection | None = None
    external_processing: ExternalProcessingSection | None = None
    lua: LuaSection | None = None


class RoutePolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    default: RouteSections | None = None
    override: RouteSections | None = None


class RoutePolicy(KubernetesObject, frozen=True, kw_only=True):
    """What happens to a request on its way: time-outs, retries, limits, and what it says."""

    spec: RoutePolicySpec
