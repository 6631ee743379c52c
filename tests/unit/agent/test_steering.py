from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from gatewayd.agent import steering
from gatewayd.agent import table as tables
from gatewayd.agent.envoy import Health
from gatewayd.agent.kernel import KernelError
from gatewayd.agent.steering import BOUND_SECONDS, PODS_SECONDS, REFRESH_SECONDS, TAKEN_OVER_SECONDS, Kernel, Steering
from gatewayd.agent.table import Command, FoundTable, NodeTable
from gatewayd.ir.mesh import NodeRedirect

NODE = "10.0.0.1"
PRODUCER = NodeRedirect(proxy_port=15001, callers="", address="10.96.0.10", port=80)
CONSUMER = NodeRedirect(proxy_port=15897, callers="blog", address="10.96.0.10", port=80)
BOTH = frozenset({PRODUCER, CONSUMER})


def table(redirects: Iterable[NodeRedirect], *callers: tuple[str, int], fails_open: bool = True) -> NodeTable:
    return NodeTable(
        addresses=(NODE,), redirects=frozenset(redirects), callers=frozenset(callers), fails_open=fails_open
    )


def left_by(redirects: Iterable[NodeRedirect], *callers: tuple[str, int]) -> FoundTable:
    """Return what an agent before has left that has led redirects."""
    led = frozenset((each.proxy_port, each.address, each.port) for each in redirects)
    return FoundTable(led=led, callers=frozenset(callers))


class Rig:
    """A kernel that takes notes. `listening`: the ports of the Envoy."""

    def __init__(self, *, fails_open: bool = True, addresses: tuple[str, ...] = (NODE,)) -> None:
        self.told: list[tuple[Command, ...]] = []
        self.refuses = False
        self.listening = {PRODUCER.listening, CONSUMER.listening}
        self.now = 100.0
        self.table: FoundTable | None = None
        here = Kernel(
            apply=self._apply,
            found=self._found,
            bound=lambda ports: frozenset(ports) & self.listening,
            clock=self._clock,
        )
        self.steering = Steering(here, addresses=addresses, fails_open=fails_open)

    def _clock(self) -> float:
        self.now += 0.1
        return self.now

    async def _found(self) -> FoundTable | None:
        return self.table

    async def _apply(self, commands: Iterable[Command]) -> None:
        if self.refuses:
            raise KernelError("no")
        self.told.append(tuple(commands))

    async def redirect(
        self, redirects: Iterable[NodeRedirect], recalled: frozenset[NodeRedirect] = frozenset()
    ) -> None:
        await self.steering.redirect(frozenset(redirects), recalled)

    def last(self) -> list[Any]:
        """Return what was told since this was asked last."""
        told, self.told = self.told, []
        return told


async def test_nothing_is_touched_before_it_is_known_what_shall_be() -> None:
    rig = Rig()
    await rig.steering.beat(Health.SERVES)
    await rig.steering.know_pods({"10.244.0.6": "blog"})
    assert rig.last() == []


async def test_redirects_are_in_place_when_it_returns() -> None:
    rig = Rig()
    await rig.redirect(frozenset({PRODUCER}))
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=False)]
    await rig.redirect(frozenset())
    leaving = replace(table(()), leaving=frozenset({PRODUCER}))
    assert rig.last() == [tables.difference(table({PRODUCER}), leaving)]


async def test_what_is_led_there_no_more_is_answered_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "LEAVING_SECONDS", 0.0)
    rig = Rig()
    await rig.steering.let_go()
    await rig.redirect(frozenset({PRODUCER}))
    await rig.redirect(frozenset())
    leaving = replace(table(()), leaving=frozenset({PRODUCER}))
    rig.last()
    await rig.steering.let_go()
    assert rig.last() == [tables.difference(leaving, table(()))]
    await rig.redirect(frozenset({PRODUCER}))
    await rig.steering.let_go()
    assert rig.last() == [tables.difference(table(()), table({PRODUCER}))]


async def test_an_agent_that_begins_anew_has_seen_the_envoy_before_it_makes_the_table() -> None:
    rig = Rig()
    await rig.steering.beat(Health.SERVES)
    await rig.redirect(frozenset({PRODUCER}))
    # Not for a moment is nobody led there.
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=True)]


async def test_an_envoy_that_says_what_it_has_is_alive_until_it_says_whether_it_serves() -> None:
    rig = Rig()
    await rig.steering.beat(Health.SILENT)
    await rig.redirect(frozenset({PRODUCER}))
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=True)]
    await rig.steering.beat(Health.AWAY)
    assert rig.last() == [tables.not_alive()]


async def test_pods_are_those_of_the_table_before_until_they_are_known() -> None:
    rig = Rig()
    rig.table = left_by(BOTH, ("10.244.0.6", 15897), ("10.244.0.9", 15555))
    await rig.redirect(BOTH)
    before = table(BOTH, ("10.244.0.6", 15897))
    assert rig.last() == [tables.whole(before, alive=False)]
    await rig.steering.know_pods({"10.244.0.7": "blog"})
    assert rig.last() == [tables.difference(before, table(BOTH, ("10.244.0.7", 15897)))]


async def test_what_the_agent_before_led_no_more_is_not_led_again_because_the_envoy_still_has_it() -> None:
    rig = Rig()
    rig.table = left_by({PRODUCER})
    await rig.steering.beat(Health.SERVES)
    await rig.redirect(BOTH, recalled=BOTH)
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=True)]
    # The control plane has it taken from the Envoy, and gives it again.
    await rig.redirect({PRODUCER}, recalled=frozenset({PRODUCER}))
    assert rig.last() == []
    await rig.redirect(BOTH, recalled=frozenset({PRODUCER}))
    assert rig.last() == [tables.difference(table({PRODUCER}), table(BOTH))]


async def test_what_a_control_plane_tells_of_is_led_at_once() -> None:
    rig = Rig()
    rig.table = left_by(())
    await rig.redirect({PRODUCER}, recalled=frozenset({PRODUCER}))
    rig.last()
    await rig.redirect({PRODUCER})
    assert rig.last() == [tables.difference(table(()), table({PRODUCER}))]


async def test_an_envoy_is_believed_that_keeps_what_it_had() -> None:
    rig = Rig()
    rig.table = left_by(())
    await rig.steering.beat(Health.SILENT)
    await rig.redirect({PRODUCER}, recalled=frozenset({PRODUCER}))
    assert rig.last() == [tables.whole(table(()), alive=True)]
    rig.now += TAKEN_OVER_SECONDS - 1
    await rig.steering.beat(Health.SILENT)
    assert rig.last() == []
    rig.now += 1
    await rig.steering.beat(Health.SILENT)
    assert rig.last() == [tables.difference(table(()), table({PRODUCER}))]


async def test_where_there_is_no_table_the_envoy_is_believed() -> None:
    rig = Rig()
    await rig.redirect({PRODUCER}, recalled=frozenset({PRODUCER}))
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=False)]


async def test_a_first_table_waits_for_whose_pods_there_are() -> None:
    rig = Rig()
    await rig.steering.beat(Health.SERVES)
    await rig.redirect(BOTH)
    await rig.steering.beat(Health.SERVES)
    assert rig.last() == []
    await rig.steering.know_pods({"10.244.0.6": "blog"})
    assert rig.last() == [tables.whole(table(BOTH, ("10.244.0.6", 15897)), alive=True)]


async def test_a_first_table_does_not_wait_for_ever() -> None:
    rig = Rig()
    await rig.redirect(BOTH)
    rig.now += PODS_SECONDS
    await rig.steering.beat(Health.AWAY)
    assert rig.last() == [tables.whole(table(BOTH), alive=False)]


async def test_pods_matter_where_their_namespace_has_routes() -> None:
    rig = Rig()
    await rig.steering.know_pods({"10.244.0.5": "shop", "10.244.0.6": "blog"})
    assert not rig.steering.has_consumers
    await rig.redirect(BOTH)
    assert rig.steering.has_consumers
    assert rig.last() == [tables.whole(table(BOTH, ("10.244.0.6", 15897)), alive=False)]
    await rig.steering.know_pods({"10.244.0.7": "blog"})
    before, after = table(BOTH, ("10.244.0.6", 15897)), table(BOTH, ("10.244.0.7", 15897))
    assert rig.last() == [tables.difference(before, after)]
    await rig.redirect(frozenset({PRODUCER}))
    assert not rig.steering.has_consumers


async def test_the_kernel_is_told_while_the_envoy_serves_and_at_once_when_it_is_away() -> None:
    rig = Rig()
    await rig.redirect(frozenset())
    rig.last()
    await rig.steering.beat(Health.SERVES)
    assert rig.last() == [tables.alive()]
    await rig.steering.beat(Health.SERVES)
    assert rig.last() == []
    rig.now += REFRESH_SECONDS
    await rig.steering.beat(Health.SERVES)
    assert rig.last() == [tables.alive()]
    await rig.steering.beat(Health.AWAY)
    assert rig.last() == [tables.not_alive()]
    await rig.steering.beat(Health.AWAY)
    assert rig.last() == []


async def test_one_that_is_silent_is_left_to_the_switch() -> None:
    rig = Rig()
    await rig.redirect(frozenset())
    await rig.steering.beat(Health.SERVES)
    rig.last()
    rig.now += REFRESH_SECONDS
    await rig.steering.beat(Health.SILENT)
    assert rig.last() == []


async def test_what_failed_is_made_anew_as_a_whole() -> None:
    rig = Rig()
    await rig.redirect(frozenset())
    await rig.steering.beat(Health.SERVES)
    rig.last()
    rig.refuses = True
    await rig.redirect(frozenset({PRODUCER}))
    rig.refuses = False
    await rig.steering.beat(Health.SERVES)
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=True)]


async def test_a_port_that_nobody_listens_on_is_waited_for_and_then_passed_over() -> None:
    rig = Rig()
    rig.listening = {PRODUCER.listening}
    await rig.steering.know_pods({})
    before = rig.now
    await rig.redirect(BOTH)
    assert rig.now - before > BOUND_SECONDS
    assert rig.last() == [tables.whole(table({PRODUCER}), alive=False)]
    rig.listening.add(CONSUMER.listening)
    await rig.steering.beat(Health.AWAY)
    assert rig.last() == [tables.difference(table({PRODUCER}), table(BOTH))]


async def test_of_a_port_one_family_may_be_listened_on() -> None:
    rig = Rig(addresses=(NODE, "fd00::1"))
    six = replace(PRODUCER, address="fd00:96::10")
    await rig.redirect(frozenset({PRODUCER, six}))
    both = replace(table({PRODUCER}), addresses=(NODE, "fd00::1"))
    assert rig.last() == [tables.whole(both, alive=False)]
    rig.listening.add(six.listening)
    await rig.steering.beat(Health.AWAY)
    assert rig.last() == [tables.difference(both, replace(both, redirects=frozenset({PRODUCER, six})))]


async def test_where_pods_shall_not_get_by_it_is_a_closed_door() -> None:
    rig = Rig(fails_open=False)
    rig.listening = set()
    await rig.redirect(frozenset({PRODUCER}))
    assert rig.last() == [tables.whole(table({PRODUCER}, fails_open=False), alive=False)]


@pytest.mark.parametrize(("fails_open", "told"), [(True, [tables.removed()]), (False, [])])
async def test_an_agent_that_ends_takes_the_table_away_unless_that_opens(*, fails_open: bool, told: list[Any]) -> None:
    rig = Rig(fails_open=fails_open)
    await rig.redirect(frozenset({PRODUCER}))
    rig.last()
    await rig.steering.end()
    assert rig.last() == told
