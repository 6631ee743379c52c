"""What goes wrong in a simulation: a list that a seed draws beforehand, so that a part of it can be run again alone.

Each fault is one row of `FAULTS`: what it does to the world, and how it ends. Faults overlap.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.xds.resource import SECRET, XDS_TYPES
from tests.simulation.world import Replica, World

WATCHED: Final = ("httproutes", "endpointslices", "services", "gateways", "gatewayclasses", "configmaps")
REFUSED: Final = tuple(row.url for row in XDS_TYPES if row.url != SECRET)
"""What proxies refuse for a while. A Secret that one has refused is never sent again (see
`gatewayd/ads/refused_secrets.py`), so that what is wanted afterwards is not what a translation from scratch says."""
MOST_AT_ONCE: Final = 3
MOST_TURNS: Final = 600
"""Turns of the event loop before a kill: enough that it comes between any two awaits of a start or a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the list. `number` tells equal ones apart; which of its other fields count is up to the kind.

    `round` and `after` say when (seconds after the round began), `whom` who, counted round and round, `seconds` how
    long, `turns` of the event loop are let go by before, and `what` is drawn from whatever the kind is about.
    """

    number: int
    round: int
    kind: str
    after: float
    whom: int
    seconds: float
    turns: int
    what: int

    def __str__(self) -> str:
        return (
            f"round {self.round} +{self.after:.1f} s: {self.kind} {self.whom} for {self.seconds:.1f} s, "
            f"{self.turns} turns, {self.what}"
        )


def drawn(seed: int, rounds: int) -> tuple[Fault, ...]:
    """Return the faults of a seed; no other dice of the world have a say."""
    dice = random.Random(f"faults of {seed}")  # noqa: S311 - it must repeat
    numbers = iter(range(rounds * MOST_AT_ONCE))
    return tuple(
        Fault(
            number=next(numbers),
            round=at,
            kind=dice.choice(sorted(FAULTS)),
            after=dice.uniform(0.0, 12.0),
            whom=dice.randrange(12),
            seconds=dice.uniform(0.5, 50.0),
            turns=dice.randrange(MOST_TURNS),
            what=dice.randrange(60),
        )
        for at in range(rounds)
        for _ in range(dice.randint(0, MOST_AT_ONCE))
    )


async def happen(world: World, fault: Fault) -> None:
    """Let a fault happen, from when it begins to when it is over."""
    await asyncio.sleep(fault.after)
    world.is_disturbed = True
    world.say(str(fault))
    await FAULTS[fault.kind](world, fault)
    world.say(f"over: {fault.kind}")


def _replica(world: World, fault: Fault) -> Replica:
    return world.replicas[fault.whom % len(world.replicas)]


async def _crash(world: World, fault: Fault) -> None:
    """End a process between two awaits, so that nothing it does in farewell reaches anybody; start it again."""
    victim = _replica(world, fault)
    for _ in range(fault.turns):
        await asyncio.sleep(0)
    victim.network.sever()
    await _away(victim, fault.seconds / 2)


async def _drain(world: World, fault: Fault) -> None:
    """End a process in order, as a rollout does; start it again."""
    await _away(_replica(world, fault), fault.seconds / 2)


async def _away(victim: Replica, seconds: float) -> None:
    if not victim.is_up:
        return
    await victim.kill()
    await asyncio.sleep(seconds)
    victim.network.heal()
    victim.start()


async def _partition(world: World, fault: Fault) -> None:
    """Refuse all connections of a replica with the API server."""
    network = _replica(world, fault).network
    network.sever()
    await asyncio.sleep(fault.seconds)
    network.cut = False


async def _black_hole(world: World, fault: Fault) -> None:
    """Swallow what a replica and the API server say to each other, without a word."""
    network = _replica(world, fault).network
    network.swallows = True
    await asyncio.sleep(fault.seconds)
    network.swallows = False


async def _errors(world: World, fault: Fault) -> None:
    """Let the API server answer 429, 500 or 503 instead of what was asked."""
    await _shares(world, fault, "refuses")


async def _conflicts(world: World, fault: Fault) -> None:
    """Let somebody touch an object just before a write of it, so that it is refused with 409."""
    await _shares(world, fault, "contested")


async def _lost_answers(world: World, fault: Fault) -> None:
    """Do what is asked, and lose the answer."""
    await _shares(world, fault, "loses")


async def _late_requests(world: World, fault: Fault) -> None:
    """Let requests arrive long after they were sent: perhaps when their sender has given up, or is no more."""
    await _shares(world, fault, "lags")


async def _garbled(world: World, fault: Fault) -> None:
    """Cut events of watches in two, and repeat others."""
    await _shares(world, fault, "garbles")


async def _shares(world: World, fault: Fault, name: str) -> None:
    network = _replica(world, fault).network
    setattr(network, name, 0.1 + fault.what / 100)
    await asyncio.sleep(fault.seconds / 2)
    setattr(network, name, 0.0)


async def _slow_watch(world: World, fault: Fault) -> None:
    """Let the watches of one kind be late at one replica."""
    network, plural = _replica(world, fault).network, WATCHED[fault.what % len(WATCHED)]
    network.slow[plural] = fault.turns / MOST_TURNS * 5.0
    await asyncio.sleep(fault.seconds)
    network.slow.pop(plural, None)


async def _compaction(world: World, _fault: Fault) -> None:
    """Forget the history, and end all watches."""
    world.state.compact()
    for replica in world.replicas:
        replica.network.end_watches()


async def _ended_watches(world: World, fault: Fault) -> None:
    """End the watches of a replica."""
    _replica(world, fault).network.end_watches()


async def _clock_jump(world: World, fault: Fault) -> None:
    """Let the clock of whoever leads jump ahead, as that of a process that was stopped and goes on does."""
    for replica in world.replicas:
        if replica.leads:
            replica.ahead += fault.seconds


async def _refusals(world: World, fault: Fault) -> None:
    """Let a proxy refuse what it is sent of one type, until it is started anew."""
    for name in world.workloads.chosen(fault.whom):
        pod = world.workloads.pods[name]
        pod.envoy.refuses = REFUSED[fault.what % len(REFUSED)]
        await asyncio.sleep(fault.seconds)
        pod.envoy.refuses = None
        pod.hang_up()


async def _reconnect(world: World, fault: Fault) -> None:
    """End the stream of a proxy, which comes back with what it has."""
    for name in world.workloads.chosen(fault.whom):
        world.workloads.pods[name].hang_up()
        await asyncio.sleep(0.0)


async def _new_proxy(world: World, fault: Fault) -> None:
    """End a proxy; its workload starts another, which has nothing."""
    for name in world.workloads.chosen(fault.whom):
        world.workloads.replace(name)
        await asyncio.sleep(0.0)


FAULTS: Final[Mapping[str, Callable[[World, Fault], Awaitable[None]]]] = {
    "crash": _crash,
    "drain": _drain,
    "partition": _partition,
    "black hole": _black_hole,
    "errors": _errors,
    "conflicts": _conflicts,
    "lost answers": _lost_answers,
    "late requests": _late_requests,
    "garbled watches": _garbled,
    "slow watch": _slow_watch,
    "compaction": _compaction,
    "ended watches": _ended_watches,
    "clock jump": _clock_jump,
    "refusals": _refusals,
    "reconnect": _reconnect,
    "new proxy": _new_proxy,
}
