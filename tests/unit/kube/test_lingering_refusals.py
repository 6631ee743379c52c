from gatewayd.ir.fleet import FleetKey
from gatewayd.kube.fleet_budget import Share
from gatewayd.kube.lingering_acks import LINGER_SECONDS
from gatewayd.kube.lingering_refusals import LingeringRefusals
from gatewayd.xds.resource import CLUSTER
from tests.fakes.skipping_loop import passes
from tests.unit.kube.fleet_shorthand import GATEWAY, standing

BAD = Share(connected=2, standing={"no such thing": ((CLUSTER, "c", 1),)})
GOOD = Share(connected=2)


class Rig:
    def __init__(self) -> None:
        self.over: list[FleetKey] = []
        self.refusals = LingeringRefusals(self.over.append)

    def told(self, before: Share, after: Share | None) -> None:
        self.refusals.told(GATEWAY, before, after)

    @property
    def left(self) -> tuple[object, ...]:
        return tuple(self.refusals.of(GATEWAY))


async def test_what_a_proxy_refused_counts_for_a_while_after_its_stream_has_ended() -> None:
    for after in (None, Share(connected=1)):
        rig = Rig()
        rig.told(BAD, after)
        assert rig.left == standing(1, 1)
        await passes(LINGER_SECONDS - 0.1)
        assert (rig.left, rig.over) == (standing(1, 1), [])
        await passes(0.2)
        assert (rig.left, rig.over) == ((), [GATEWAY])


async def test_who_goes_meanwhile_makes_it_no_longer() -> None:
    rig = Rig()
    rig.told(BAD, Share(connected=1))
    await passes(LINGER_SECONDS / 2)
    rig.told(BAD, None)
    rig.told(GOOD, None)
    await passes(LINGER_SECONDS / 2 + 0.1)
    assert rig.left == ()


async def test_what_is_taken_at_last_is_over_at_once() -> None:
    rig = Rig()
    rig.told(BAD, GOOD)
    rig.told(BAD, Share(connected=3))
    assert rig.left == ()


async def test_what_another_one_refuses_still_is_told_by_that() -> None:
    rig = Rig()
    rig.told(BAD, Share(connected=1, standing=BAD.standing))
    assert rig.left == ()
