import pytest

from gatewayd.ir.policy import Fault
from gatewayd.xds.filters.fault import CONFIG, per_route


def test_what_stands_in_the_chain_has_no_fault() -> None:
    assert CONFIG.ByteSize() == 0


@pytest.mark.parametrize(
    ("fault", "has_delay", "has_abort"),
    [
        (Fault(delay_ms=1500, delay_percent=20, abort_status=0, abort_percent=0), True, False),
        (Fault(delay_ms=0, delay_percent=20, abort_status=503, abort_percent=30), False, True),
    ],
)
def test_a_part_is_there_when_it_is_asked_for(fault: Fault, *, has_delay: bool, has_abort: bool) -> None:
    made = per_route(fault)
    assert (made.HasField("delay"), made.HasField("abort")) == (has_delay, has_abort)
    if has_delay:
        assert made.delay.fixed_delay.ToMilliseconds() == 1500
        assert made.delay.percentage.numerator == 20
    if has_abort:
        assert (made.abort.http_status, made.abort.percentage.numerator) == (503, 30)
