"""XBackendTrafficPolicy: retry budget and session persistence of Services.

https://gateway-api.sigs.k8s.io/geps/gep-3388/
"""

from typing import Annotated

from msgspec import Meta

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import PolicyTargetRef
from gatewayd.api.scalars import Duration, Percent, map_list
from gatewayd.api.sessionpersistence import SessionPersistence


class BudgetDetails(Shape, frozen=True, kw_only=True):
    """At most `percent` of the requests within `interval` may be retries."""

    percent: Percent = 20
    interval: Duration = "10s"


class RequestRate(Shape, frozen=True, kw_only=True):
    """`count` requests per `interval`."""

    count: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    interval: Duration | None = None


class RetryConstraint(Shape, frozen=True, kw_only=True):
    """Limits on retries; below `min_retry_rate` the budget does not apply."""

    budget: BudgetDetails = BudgetDetails()
    min_retry_rate: RequestRate = RequestRate(count=10, interval="1s")


class XBackendTrafficPolicySpec(Shape, frozen=True, kw_only=True):
    """Which backends, and how."""

    target_refs: Annotated[
        tuple[PolicyTargetRef, ...], Meta(min_length=1, max_length=16, extra=map_list("group", "kind", "name"))
    ]
    retry_constraint: RetryConstraint | None = None
    session_persistence: SessionPersistence | None = None


class XBackendTrafficPolicy(KubernetesObject, frozen=True, kw_only=True):
    """An XBackendTrafficPolicy."""

    spec: XBackendTrafficPolicySpec
