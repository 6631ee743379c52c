"""XBackendTrafficPolicy: how much may be tried again at a Service, and whether its sessions stay with an endpoint.

https://gateway-api.sigs.k8s.io/geps/gep-3388/ and https://gateway-api.sigs.k8s.io/geps/gep-1619/
"""

from gatewayd.api.durations import milliseconds
from gatewayd.api.meta import ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.api.xbackendtrafficpolicy import RetryConstraint, XBackendTrafficPolicy
from gatewayd.incremental.view import View
from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, RetryBudget, Upstream
from gatewayd.ir.http import StatefulSession
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.policies.attach import (
    POLICIES,
    PORTED,
    UPSTREAM_KINDS,
    XBACKEND_KIND,
    Claim,
    Target,
    winner,
)
from gatewayd.translator.policies.session_persistence import persistence, refused

_SECOND_MS = 1000
_DEFAULT_COUNT = 10


def retry_budget(view: View, upstream: Upstream) -> RetryBudget:
    """Return what may be tried again at an upstream."""
    row = _policy(view, upstream)
    constraint = row.spec.retry_constraint if row is not None else None
    return DEFAULT_RETRY_BUDGET if constraint is None else _budget(constraint)


def backend_persistence(view: View, upstream: Upstream) -> StatefulSession | None:
    """Return the session persistence of an upstream itself, which a rule with its own goes before."""
    row: XBackendTrafficPolicy | XBackend | None
    if UPSTREAM_KINDS[upstream.kind] == XBACKEND_KIND:
        # It selects pods, and says itself how sessions are kept.
        row = view.get(XBackend, ObjectKey(upstream.namespace, upstream.name))
    else:
        row = _policy(view, upstream)
    if row is None or refused(row.spec.session_persistence, "spec.sessionPersistence") is not None:
        return None
    kind = "xbackend" if isinstance(row, XBackend) else "xbackendtrafficpolicy"
    return persistence(row.spec.session_persistence, f"{kind}/{row.metadata.key}")


def accepted(row: XBackendTrafficPolicy) -> Verdict:
    """Return whether a policy is in force, and what of it is done differently."""
    unkept = refused(row.spec.session_persistence, "spec.sessionPersistence")
    if unkept is not None:
        return verdicts.invalid(unkept.message)
    if row.spec.retry_constraint is None:
        return verdicts.accepted()
    message = (
        "spec.retryConstraint: Envoy limits the retries in flight: budget.percent of the requests in flight, and always"
        " as many as minRetryRate allows in a second; budget.interval is not needed for that and has no effect"
    )
    return verdicts.accepted(message)


def _policy(view: View, upstream: Upstream) -> XBackendTrafficPolicy | None:
    kind = UPSTREAM_KINDS[upstream.kind]
    service = ObjectKey(upstream.namespace, upstream.name)
    if kind not in PORTED or not view.count(POLICIES, service):
        return None
    policy = winner(view, Claim(XBackendTrafficPolicy, Target(kind, service, "")))
    return view.get(XBackendTrafficPolicy, policy) if policy is not None else None


def _budget(constraint: RetryConstraint) -> RetryBudget:
    """Return the budget in Envoy's terms, which knows no time: a rate becomes what begins in one second.

    https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/cluster/v3/circuit_breaker.proto (RetryBudget)
    """
    rate = constraint.min_retry_rate
    count = _DEFAULT_COUNT if rate.count is None else rate.count
    interval_ms = milliseconds(rate.interval) or _SECOND_MS
    least = -(-count * _SECOND_MS // interval_ms)
    return RetryBudget(percent=constraint.budget.percent, least=max(1, least))
