from pathlib import Path

import pytest

from gatewayd.offline.envoy_check import NoRehearsalError, rehearse
from tests.unit.example import SHOP, translated


async def test_without_a_gateway_there_is_nothing_to_load() -> None:
    assert await rehearse(translated("kind: none"), Path("/bin/false"), None) == ()


async def test_an_envoy_that_cannot_run_is_an_error() -> None:
    with pytest.raises(NoRehearsalError, match=r"^Envoy refused its bootstrap"):
        await rehearse(translated(SHOP), Path("/bin/false"), None)
