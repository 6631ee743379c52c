"""ListenerSets that want the same place: the Gateway wins, then the older set, then the first by name.

https://gateway-api.sigs.k8s.io/geps/gep-1713/#listenerset-conflicts
"""

import pytest

from tests.feature.harness.https import CA
from tests.feature.harness.listenersets import (
    ACCEPTED,
    GOOD,
    NO_ENTRY,
    OLD,
    PROGRAMMED,
    YOUNG,
    conditions,
    gateway,
    http,
    https,
    listeners,
    route,
    sets,
)
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = ""
FIRST = CA.issue("first.example")
LOST = {name: (name == "Conflicted", "HostnameConflict") for name in ("Accepted", "Programmed", "Conflicted")}


def assert_won(world: World, identity: str, name: str) -> None:
    found = conditions(world, identity, name)
    assert (found["Accepted"], found["Programmed"]) == (ACCEPTED, PROGRAMMED)
    assert "Conflicted" not in found or not found["Conflicted"][0]


def assert_lost(world: World, identity: str, name: str, reason: str = "HostnameConflict") -> None:
    found = conditions(world, identity, name)
    assert {kind: found[kind] for kind in LOST} == {kind: (status, reason) for kind, (status, _) in LOST.items()}


async def test_the_gateway_wins_over_its_sets(world: World) -> None:
    await world.apply(
        gateway("namespaces: {from: All}", http("own", "web", "same.example")),
        listeners("set", http("lost", "web", "same.example"), http("fine", "web", "other.example"), created=OLD),
        route("gw", "edge", kind="Gateway"),
        route("theirs"),
    )

    assert_won(world, "Gateway infra/edge", "own")
    assert_lost(world, "ListenerSet team/set", "lost")
    assert_won(world, "ListenerSet team/set", "fine")
    # One good listener is enough.
    assert conditions(world, "ListenerSet team/set")["Accepted"][0]
    assert conditions(world, "ListenerSet team/set")["Programmed"] == PROGRAMMED
    assert sets(world) == 1
    assert (await world.ask(port="web", host="same.example")).said == (200, "gw", "one")
    assert (await world.ask(port="web", host="other.example")).said == (200, "theirs", "one")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # The older; at the same age the first by namespace, then by name.
        (("z-team", "z-set", OLD), ("a-team", "a-set", YOUNG)),
        (("a-team", "z-set", OLD), ("b-team", "a-set", OLD)),
        (("team", "a-set", OLD), ("team", "b-set", OLD)),
    ],
)
async def test_of_two_sets_one_wins_and_the_other_gets_it_when_that_is_gone(
    world: World, first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    both = (
        (place, name, listeners(name, http("web", "web", "same.example"), namespace=place, created=created))
        for place, name, created in (second, first)
    )
    await world.apply(gateway())
    for place, name, text in both:
        # The loser comes first and has the listener until then.
        await world.apply(text, route(f"{place}-{name}", name, of=place))
        assert_won(world, f"ListenerSet {place}/{name}", "web")
        assert (await world.ask(port="web", host="same.example")).route == f"{place}-{name}"

    lost, won = (f"ListenerSet {place}/{name}" for place, name, _ in (second, first))
    assert_lost(world, lost, "web")
    assert conditions(world, lost) == NO_ENTRY
    assert sets(world) == 1
    assert state(world.route(f"HTTPRoute shop/{second[0]}-{second[1]}")["Accepted"])[0] is False

    await world.remove(won)

    assert_won(world, lost, "web")
    assert conditions(world, lost) == GOOD
    assert (await world.ask(port="web", host="same.example")).route == f"{second[0]}-{second[1]}"


@pytest.mark.parametrize("protocol", ["HTTPS", "TCP"])
async def test_another_protocol_on_the_port_is_a_conflict(world: World, protocol: str) -> None:
    entry = (
        https("lost", "web", "{name: first}", "same.example")
        if protocol == "HTTPS"
        else http("lost", "web", protocol="TCP")
    )
    await world.apply(
        FIRST.secret("first", namespace="team"),
        gateway("namespaces: {from: All}", http("own", "web", "same.example")),
        listeners("set", entry, http("fine", "more")),
        route("gw", "edge", kind="Gateway"),
    )

    assert_lost(world, "ListenerSet team/set", "lost", "ProtocolConflict")
    assert_won(world, "ListenerSet team/set", "fine")
    assert_won(world, "Gateway infra/edge", "own")
    assert (await world.ask(port="web", host="same.example")).said == (200, "gw", "one")


async def test_inside_one_set_nobody_wins_and_others_may_have_the_place(world: World) -> None:
    twins = (http("a", "web", "same.example"), http("b", "web", protocol="TCP"))
    await world.apply(gateway(), listeners("set", *twins, created=OLD))
    await world.apply(listeners("later", http("c", "web", "same.example"), created=YOUNG), route("r", "later"))

    for name in ("a", "b"):
        assert_lost(world, "ListenerSet team/set", name, "ProtocolConflict")
    assert conditions(world, "ListenerSet team/set") == NO_ENTRY
    assert_won(world, "ListenerSet team/later", "c")
    assert (await world.ask(port="web", host="same.example")).said == (200, "r", "one")
    assert sets(world) == 1


async def test_a_listener_that_is_not_valid_itself_takes_no_place(world: World) -> None:
    await world.apply(gateway(), listeners("set", http("bad", "web", protocol="example.com/FTP"), created=OLD))
    await world.apply(listeners("later", http("good", "web"), created=YOUNG), route("r", "later"))

    assert conditions(world, "ListenerSet team/set", "bad")["Accepted"] == (False, "UnsupportedProtocol")
    assert conditions(world, "ListenerSet team/set") == NO_ENTRY
    assert_won(world, "ListenerSet team/later", "good")
    assert (await world.ask(port="web")).said == (200, "r", "one")
