"""Repeats a probe with its thresholds and reports each change of its verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from conformance.harness.handlers import HandlerFailedError, Target, attempt
from conformance.harness.kubeapi import Object

# A probe that has not succeeded yet is tried this often: its first success changes the verdict, its failures do not,
# and a cluster for tests should not be slower than its Pods. A failure still needs as long as the probe says.
_EAGER_SECONDS = 0.25
_SLACK_SECONDS = 0.05


async def watch(probe: Object, target: Target, verdict: Callable[[bool], Awaitable[None]], *, eager: bool) -> None:
    """Ask for ever; call `verdict` with True or False whenever a threshold is reached anew.

    With `eager` (readiness, startup) the probe is repeated quickly until it succeeds for the first time.
    """
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    period = float(probe.get("periodSeconds", 10))
    patience = (probe.get("failureThreshold", 3) - 1) * period - _SLACK_SECONDS
    said: bool | None = None
    successes, bad_since = 0, None
    while True:
        started = time.monotonic()
        good = await _succeeds(probe, target)
        successes = successes + 1 if good else 0
        bad_since = None if good else bad_since or started
        if bad_since is not None and said is not False and started - bad_since >= patience:
            said = False
            await verdict(said)
        elif successes >= probe.get("successThreshold", 1) and said is not True:
            said = True
            await verdict(said)
        pause = min(period, _EAGER_SECONDS) if eager and said is not True else period
        await asyncio.sleep(max(0.0, started + pause - time.monotonic()))


async def _succeeds(probe: Object, target: Target) -> bool:
    try:
        await attempt(probe, target, within=float(probe.get("timeoutSeconds", 1)))
    except HandlerFailedError:
        return False
    return True
