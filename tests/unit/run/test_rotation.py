"""The CA from time to time: the leader advances it, the others follow."""

from datetime import UTC, datetime

import pytest

from gatewayd.identity.authority import Authority, founded
from gatewayd.run.rotation import ROTATION_SECONDS, Rotation
from gatewayd.run.trust import Trust
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes, skipping

NOW = datetime.now(UTC)


class Authorities:
    """What is asked of the CA's store."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def load(self) -> Authority:
        self.asked.append("load")
        return founded(NOW)

    async def advance(self) -> Authority:
        self.asked.append("advance")
        return founded(NOW)


@pytest.mark.parametrize(("leads", "asked"), [(True, "advance"), (False, "load")])
@skipping
async def test_it_is_looked_at_from_time_to_time(leads: bool, asked: str) -> None:  # noqa: FBT001
    authorities, leader, renewed = Authorities(), Leader(), []
    leader.leads = leads
    trust = Trust(founded(NOW), "gatewayd.gatewayd-system.svc")
    rotation = Rotation(
        authorities=authorities,  # type: ignore[arg-type]
        trust=trust,
        leadership=leader,
        renewed=lambda: renewed.append(1),
        on_failure=lambda _queue: None,
    )
    async with running(rotation.run()):
        await passes(ROTATION_SECONDS - 1)
        assert authorities.asked == []
        await passes(ROTATION_SECONDS + 2)
    assert authorities.asked == [asked, asked]
    assert len(renewed) == 2
