import pytest

from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.ir.backend import DEFAULT_RETRY_BUDGET, Protocol, RetryBudget, Upstream
from gatewayd.translator.policies.traffic import accepted, backend_persistence, retry_budget
from tests.unit.translator.manifests import deltas, scratch

CART = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)


def policy(written: str, *, name: str = "p", created: str = "2024-01-01T00:00:00Z") -> str:
    return f"""---
kind: XBackendTrafficPolicy
metadata: {{name: {name}, namespace: shop, creationTimestamp: "{created}"}}
spec: {{targetRefs: [{{group: "", kind: Service, name: cart}}], {written}}}
"""


def row(written: str) -> XBackendTrafficPolicy:
    (found,) = deltas(policy(written))
    assert isinstance(found.obj, XBackendTrafficPolicy)
    return found.obj


@pytest.mark.parametrize(
    ("written", "percent", "least"),
    [
        ("retryConstraint: {}", 20, 10),
        ("retryConstraint: {budget: {percent: 0}}", 0, 10),
        ("retryConstraint: {budget: {percent: 50, interval: 1m}, minRetryRate: {count: 3, interval: 1s}}", 50, 3),
        ("retryConstraint: {minRetryRate: {count: 3, interval: 2s}}", 20, 2),
        ("retryConstraint: {minRetryRate: {count: 1, interval: 1h}}", 20, 1),
        ("retryConstraint: {minRetryRate: {count: 5, interval: 100ms}}", 20, 50),
        ("retryConstraint: {minRetryRate: {interval: 1s}}", 20, 10),
        ("retryConstraint: {minRetryRate: {count: 7}}", 20, 7),
    ],
)
def test_a_budget_in_envoys_terms(written: str, percent: int, least: int) -> None:
    assert retry_budget(scratch(policy(written)), CART) == RetryBudget(percent=percent, least=least)


def test_nothing_asked_for() -> None:
    view = scratch(policy("sessionPersistence: {cookie: {name: s}}"))
    assert retry_budget(view, CART) == retry_budget(scratch(), CART) == DEFAULT_RETRY_BUDGET
    assert backend_persistence(scratch(), CART) is None
    assert backend_persistence(scratch(policy("retryConstraint: {}")), CART) is None


def test_the_sessions_of_a_backend() -> None:
    found = backend_persistence(scratch(policy("sessionPersistence: {cookie: {name: s}}")), CART)
    assert found is not None
    assert found.name == "s"


def test_the_oldest_policy_has_all_of_its_target() -> None:
    older = policy("retryConstraint: {budget: {percent: 1}}", name="z", created="2023-01-01T00:00:00Z")
    view = scratch(policy("sessionPersistence: {cookie: {name: s}}"), older)
    assert retry_budget(view, CART).percent == 1
    assert backend_persistence(view, CART) is None


def test_a_policy_is_for_services() -> None:
    other = Upstream(kind="XBackend", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)
    view = scratch(policy("retryConstraint: {budget: {percent: 1}}"))
    assert retry_budget(view, other) == DEFAULT_RETRY_BUDGET


def test_what_is_done_differently_is_said() -> None:
    assert "budget.interval" in accepted(row("retryConstraint: {}")).message
    assert accepted(row("sessionPersistence: {cookie: {name: s}}")).message == ""


def test_sessions_by_a_header_that_frames_messages() -> None:
    written = "sessionPersistence: {type: Header, header: {name: Transfer-Encoding}}"
    said = accepted(row(written))
    assert (said.status, said.reason) == (False, "Invalid")
    assert said.message.startswith('spec.sessionPersistence: header "Transfer-Encoding" says where a message ends')
    assert backend_persistence(scratch(policy(written)), CART) is None
