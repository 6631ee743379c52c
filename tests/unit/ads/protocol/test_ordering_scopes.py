"""How long scopes wait for what they shall lead to."""

from gatewayd.ir.limits import GATE_SECONDS
from gatewayd.xds.resource import ROUTE
from tests.unit.ads.protocol.test_ordering import Stream, in_sync
from tests.unit.ads.protocol.test_scope_moves import TOGETHER, apart, routes, scope


def waiting(stream: Stream, now: float) -> set[str]:
    stream.ordering.at(now)
    return set(stream.ordering.waiting_scopes())


def test_scopes_wait_no_longer_than_the_gate_and_each_time_anew() -> None:
    stream = in_sync(*TOGETHER)
    stream.aim(*apart())
    assert waiting(stream, 5.0) == {"a", "b"}
    assert stream.ordering.deadline == 5.0 + GATE_SECONDS
    assert waiting(stream, 4.0 + GATE_SECONDS) == {"a", "b"}
    assert waiting(stream, 5.0 + GATE_SECONDS) == set()
    stream.take(ROUTE, "=a", "=b")
    assert waiting(stream, 100.0) == set()
    stream.aim(*apart()[1:], scope("a", "=c"), routes("=c"))
    assert waiting(stream, 101.0) == {"a"}
