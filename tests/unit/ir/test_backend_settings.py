from gatewayd.ir.backend_settings import STANDARD, BackendSettings


def test_without_a_policy_nothing_is_limited_and_nobody_left_out() -> None:
    assert BackendSettings() == STANDARD
    assert STANDARD.limits.connections == 0
    assert STANDARD.active_health is None
    assert STANDARD.passive_health is None
    assert STANDARD.load_balancing.panic_percent == 0
