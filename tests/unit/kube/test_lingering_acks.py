from gatewayd.ir.fleet import FleetKey
from gatewayd.kube.edition import edition_of
from gatewayd.kube.fleet_budget import Share
from gatewayd.kube.lingering_acks import LINGER_SECONDS, LingeringAcks, Told
from tests.fakes.skipping_loop import passes
from tests.unit.kube.fleet_shorthand import GATEWAY

OURS = edition_of("0.2.0")
BOTH = Share(connected=2, acked={"tcp-80": "a", "tcp-81": "b"}, generations={"gw": 3}, refused={"no": ()})
ONE = Share(connected=1, acked={"tcp-80": "a"})


class Rig:
    def __init__(self) -> None:
        self.over: list[FleetKey] = []
        self.acks = LingeringAcks(self.over.append)

    def told(self, before: Share, after: Share | None, replica: str = "one") -> None:
        self.acks.told(replica, GATEWAY, Told(OURS, before), after)

    @property
    def left(self) -> list[Share]:
        return [each.share for each in self.acks.of(GATEWAY)]


async def test_what_is_not_told_any_more_counts_for_a_while_as_the_word_of_nobody_who_is_connected() -> None:
    rig = Rig()
    rig.told(BOTH, None)
    [left] = rig.acks.of(GATEWAY)
    assert left == Told(OURS, Share(connected=0, acked=BOTH.acked, generations={"gw": 3}))
    await passes(LINGER_SECONDS - 0.1)
    assert (len(rig.left), rig.over) == (1, [])
    await passes(0.2)
    assert (rig.left, rig.over) == ([], [GATEWAY])


async def test_what_is_told_still_or_anew_leaves_nothing_behind() -> None:
    rig = Rig()
    rig.told(ONE, BOTH)
    rig.told(ONE, Share(connected=7, acked=ONE.acked))
    assert rig.left == []


async def test_what_goes_piece_by_piece_counts_together_until_the_last_piece_is_old() -> None:
    rig = Rig()
    rig.told(BOTH, ONE)
    await passes(LINGER_SECONDS / 2)
    rig.told(ONE, None)
    await passes(LINGER_SECONDS * 0.6)
    assert [each.acked for each in rig.left] == [BOTH.acked]
    await passes(LINGER_SECONDS / 2)
    assert (rig.left, rig.over) == ([], [GATEWAY])


async def test_replicas_are_kept_apart_and_in_order() -> None:
    rig = Rig()
    rig.told(ONE, None, "two")
    rig.told(BOTH, None, "one")
    assert [each.acked for each in rig.left] == [BOTH.acked, ONE.acked]


async def test_what_connected_proxies_have_dropped_counts_no_more() -> None:
    """A port that goes and comes back within seconds is not acknowledged by what was said of the first one."""
    rig = Rig()
    rig.told(BOTH, Share(connected=2, acked={"tcp-80": "a"}))
    assert rig.left == []


async def test_nor_does_it_by_what_was_said_before_a_stream_ended() -> None:
    rig = Rig()
    rig.told(BOTH, None, "two")
    rig.told(BOTH, Share(connected=2, acked={"tcp-80": "a"}), "one")
    assert [each.acked for each in rig.left] == [ONE.acked]
