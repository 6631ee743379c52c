"""What a replica looks at each second: whether memory can be given back, and what its metrics say of itself."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from gatewayd.api import compact
from gatewayd.kube.client import forget_urls
from gatewayd.run.memory import Tide
from gatewayd.store import Store
from gatewayd.telemetry.metrics import Metrics

GAUGE_SECONDS: Final = 1.0

_log = structlog.get_logger("gatewayd")


async def keep_gauges(store: Store, metrics: Metrics, is_leader: Callable[[], bool]) -> None:
    """Look until cancelled."""
    tide = Tide(compact.forget, store.engine.shrink, forget_urls)
    while True:
        try:
            tide.look(store.engine.size)
        except Exception:  # noqa: BLE001 - a replica that is large serves on
            _log.exception("memory not given back")
        metrics.leads(leader=is_leader())
        metrics.is_ready(ready=not store.waiting_for)
        await asyncio.sleep(GAUGE_SECONDS)
