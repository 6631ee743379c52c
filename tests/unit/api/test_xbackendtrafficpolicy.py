from gatewayd.api.xbackendtrafficpolicy import BudgetDetails, RequestRate
from tests.unit.api.documents import accepted, document, problems

TARGET = {"group": "", "kind": "Service", "name": "cart"}


def test_a_retry_constraint_has_defaults() -> None:
    made = accepted(document("XBackendTrafficPolicy", spec={"targetRefs": [TARGET], "retryConstraint": {}}))
    assert made.spec.retry_constraint.budget == BudgetDetails(percent=20, interval="10s")
    assert made.spec.retry_constraint.min_retry_rate == RequestRate(count=10, interval="1s")


def test_an_empty_rate_is_empty() -> None:
    spec = {"targetRefs": [TARGET], "retryConstraint": {"minRetryRate": {}}}
    assert accepted(document("XBackendTrafficPolicy", spec=spec)).spec.retry_constraint.min_retry_rate == RequestRate()


def test_targets_are_required() -> None:
    assert problems(document("XBackendTrafficPolicy", spec={})) == ["spec.targetRefs: is required"]
