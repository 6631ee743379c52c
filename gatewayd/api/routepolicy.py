"""RoutePolicy: what happens to a request on its way. A kind of our own group."""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.inherited import InheritedSpec, Section, Sections
from gatewayd.api.meta import Resource
from gatewayd.api.scalars import SET, Duration

Status = Annotated[int, Meta(ge=400, le=599)]


class Timeouts(Section, frozen=True, kw_only=True):
    """Time for the whole request, for each try at a backend, and for a stream without a byte; "0s" is no limit."""

    request: Duration | None = None
    backend_request: Duration | None = None
    stream_idle: Duration | None = None


class Retry(Section, frozen=True, kw_only=True):
    """How often to try again (once), when a connection fails and on these statuses; `backoff` before the first time."""

    attempts: Annotated[int, Meta(ge=0, le=10)] | None = None
    codes: Annotated[tuple[Status, ...], Meta(max_length=16, extra=SET)] = ()
    backoff: Duration | None = None


class RouteSections(Sections, frozen=True, kw_only=True):
    """What happens to a request on its way."""

    timeouts: Timeouts | None = None
    retry: Retry | None = None


class RoutePolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    default: RouteSections | None = None
    override: RouteSections | None = None


class RoutePolicy(Resource, frozen=True, kw_only=True):
    """What happens to a request on its way: time-outs and retries."""

    spec: RoutePolicySpec
