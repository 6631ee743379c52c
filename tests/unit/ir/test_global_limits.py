from gatewayd.ir.global_limits import DEFAULT_TIMEOUT_MS, LimitUnit, RateLimitService


def test_a_request_waits_for_less_than_anybody_notices_unless_somebody_says() -> None:
    service = RateLimitService(namespace="platform", name="limits", port=8081)
    assert service.timeout_ms == DEFAULT_TIMEOUT_MS <= 200


def test_units_are_called_as_in_messages() -> None:
    assert [str(each) for each in LimitUnit] == ["second", "minute", "hour", "day"]
