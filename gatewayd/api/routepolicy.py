"""RoutePolicy: what happens to a request on its way. A kind of our own group."""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.filters import HeaderModifier
from gatewayd.api.inherited import InheritedSpec, PolicySection, Sections
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.scalars import SET, Duration, HeaderName, HeaderValue

Status = Annotated[int, Meta(ge=400, le=599)]


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


class PolicyHeaderModifier(HeaderModifier, frozen=True, kw_only=True):
    """Headers to overwrite, to append to and to take away."""

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


class RouteSections(Sections, frozen=True, kw_only=True):
    """What happens to a request on its way."""

    timeouts: TimeoutsSection | None = None
    retry: RetrySection | None = None
    headers: Headers | None = None
    direct_response: DirectResponseSection | None = None


class RoutePolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    default: RouteSections | None = None
    override: RouteSections | None = None


class RoutePolicy(KubernetesObject, frozen=True, kw_only=True):
    """What happens to a request on its way: time-outs, retries, headers, and an answer in the place of a backend's."""

    spec: RoutePolicySpec
