from gatewayd.ir.outcome import NO_FLEET


def test_no_fleet_has_nothing() -> None:
    assert (NO_FLEET.connected, NO_FLEET.acked_listeners, NO_FLEET.rejections) == (0, frozenset(), ())
