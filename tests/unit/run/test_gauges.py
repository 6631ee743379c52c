"""Each second a replica looks at its memory and tells whether it leads and is ready."""

from prometheus_client import generate_latest

from gatewayd.run.gauges import keep_gauges
from gatewayd.store import Store
from gatewayd.telemetry.metrics import Metrics
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes, skipping


@skipping
async def test_it_tells_who_leads_and_whether_all_is_known() -> None:
    metrics, leader = Metrics("0.2.0"), Leader()
    async with running(keep_gauges(Store(indexes=(), outputs=(), awaited=()), metrics, leader.is_leader)):
        await passes(1.5)
        assert b"gatewayd_leader 1.0" in generate_latest(metrics.registry)
        leader.leads = False
        await passes(1.5)
        assert b"gatewayd_leader 0.0" in generate_latest(metrics.registry)
