from pathlib import Path

import pytest

from gatewayd.introspection.rows import EMPTY
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.run.observer import Onlooker, event_words
from gatewayd.run.standalone import Options, Standalone
from gatewayd.supervisor.events import Draining, EnvoyEvent, Exited, GaveUp, Started, Stopped, Up
from tests.unit.example import SHOP

BROKEN = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80, weight: 3}")


class Changes:
    """Counts how often somebody was told to look."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def onlooker(changes: Changes, text: str = "") -> Onlooker:
    found = Onlooker(changes)
    options = Options(
        folder=Path("gateway"),
        address="127.0.0.1",
        envoy=Path("/e"),
        concurrency=1,
        drain=0.0,
        runtime=None,
        cache=None,
        route_discovery=None,
    )
    found.run = Standalone(options, found)
    if text:
        found.run.step = found.run.folder.step({"shop.yaml": text.encode()})
        found.run.reconciler.submit(found.run.step.deltas)
        found.run.reconciler.step()
    return found


def test_what_is_wrong_stands_on_the_board() -> None:
    board = onlooker(Changes(), BROKEN).board()

    assert [str(each) for each in board.problems] == [
        'shop.yaml:19: HTTPRoute default/shop: spec.rules[0].backendRefs[0]: Service "default/none" does not exist'
    ]
    assert [each.name for each in board.routes] == ["default/shop"]


def test_problems_of_files_do_too() -> None:
    assert "not valid YAML" in str(onlooker(Changes(), "a: [").board().problems[0])


async def test_without_a_run_there_is_nothing_to_see() -> None:
    found = Onlooker(Changes())

    assert found.board() == EMPTY
    assert found.findings() == ()
    assert (await found.status()).proxies == ()


async def test_a_status_names_the_folder_and_the_snapshots() -> None:
    found = await onlooker(Changes(), SHOP).status()

    assert found.folder == "gateway"
    assert [each.gateway for each in found.snapshots] == ["default/web"]


def test_everything_that_may_be_seen_is_told() -> None:
    changes = Changes()
    found = onlooker(changes, SHOP)
    before = changes.count

    found.fleet_answered(GatewayFleet(namespace="default", name="web"))
    found.logged("error", "something broke")
    found.envoy_event(GatewayFleet(namespace="default", name="web"), Started(pid=1))

    assert changes.count == before + 2
    assert found.board().notices[-1].endswith(" error: something broke")


def test_giving_up_is_remembered() -> None:
    found = onlooker(Changes())

    found.envoy_event(GatewayFleet(namespace="a", name="b"), GaveUp(reason="no such processor"))

    assert found.gave_up == "no such processor"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Started(pid=1), ""),
        (Up(pid=1, seconds=0.5), "Envoy of a/b is up (0.50 s, process 1)"),
        (
            Exited(code=1, reason="exit code 1", restart_in=2.0),
            "Envoy of a/b ended: exit code 1; starts again in 2.0 s",
        ),
        (GaveUp(reason="no"), "Envoy of a/b cannot be started: no"),
        (Draining(pid=1), "Envoy of a/b finishes the requests under way"),
        (Stopped(pid=1, cut_off=0), "Envoy of a/b has ended"),
        (Stopped(pid=1, cut_off=2), "Envoy of a/b has ended; 2 requests were cut off"),
    ],
)
def test_events_in_words(event: EnvoyEvent, words: str) -> None:
    assert event_words(GatewayFleet(namespace="a", name="b"), event) == words
