"""Drawn worlds in a real Envoy: nothing is refused, both readers agree, and requests get what `explain` says.

More of them: `make worlds WORLDS=20000`.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.feature.harness.http1 import Answer
from tests.worlds.corpus import kept, read, shrunk, text
from tests.worlds.generator import REQUESTS, Aim, World, requests, world
from tests.worlds.judge import Fault, Judge, aims
from tests.worlds.oracle import Possible
from tests.worlds.rig import running_rig

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

WORLDS = 300
AT_ONCE = 25
AIMS = (Aim(port=8080, scheme="http"), Aim(port=8443, scheme="https"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with running_rig() as rig:
        yield Judge(rig)


def shown(seed: int, faults: list[Fault]) -> str:
    return "\n".join((f"world {seed}: `make worlds WORLDS=1 FIRST={seed}` keeps it", *(each.text for each in faults)))


@pytest.mark.parametrize("first", range(0, WORLDS, AT_ONCE))
async def test_worlds(judge: Judge, first: int) -> None:
    asked = judge.asked
    for seed in range(first, first + AT_ONCE):
        faults = await judge.faults(world(seed))
        assert not faults, shown(seed, faults)
    assert judge.asked > asked + AT_ONCE * REQUESTS / 2, "too few of the worlds have a port to ask"


@pytest.mark.parametrize("path", kept(), ids=lambda path: path.stem)
async def test_what_once_was_wrong(judge: Judge, path: Path) -> None:
    found = read(path)
    faults = await judge.faults(found.world, found.asked)
    assert not faults, shown(found.world.seed, faults)


async def test_what_is_wrong_is_found(judge: Judge) -> None:
    """Guard the judge itself: of a world without its routes other answers are right."""
    drawn = world(4)
    fleet, config = max(judge.translated(drawn).configs.items())
    asked = list(requests(drawn.seed, aims(config)))
    without = World(seed=drawn.seed, objects=tuple(each for each in drawn.objects if "Route" not in each["kind"]))
    assert await judge.faults(drawn, asked) == []
    other = judge.translated(without)
    assert await judge.disagreements(other, other.configs[fleet], asked)


async def test_a_world_repeats() -> None:
    assert world(7) == world(7)
    assert list(requests(7, AIMS)) == list(requests(7, AIMS))
    assert world(7) != world(8)


async def test_a_world_is_kept_as_it_is(tmp_path: Path) -> None:
    drawn, asked = world(3), next(requests(3, AIMS))
    path = tmp_path / "world.yaml"
    path.write_text(text(drawn, [Fault(text="wrong", asked=asked)]), encoding="utf-8")
    found = read(path)
    assert (found.world, found.asked) == (drawn, (asked,))


async def test_what_fails_is_cut_down_to_what_it_takes() -> None:
    drawn = world(5)
    culprits = (drawn.objects[3], drawn.objects[-2])

    async def fails(fewer: World) -> bool:
        return all(each in fewer.objects for each in culprits)

    assert (await shrunk(drawn, fails)).objects == culprits


@pytest.mark.parametrize(
    ("right", "answer", "fits"),
    [
        (Possible(status=0), None, True),
        (Possible(status=404), None, False),
        (Possible(status=404), Answer(404, (), b""), True),
        (Possible(status=404), Answer(200, (("grpc-status", "12"),), b""), True),
        (Possible(status=404), Answer(200, (("grpc-status", "14"),), b""), False),
        (Possible(status=404), Answer(404, (("x-backend", "b"),), b"{}"), False),
        (Possible(status=302, location="/a"), Answer(302, (("location", "/b"),), b""), False),
        (Possible(status=200, target="/a"), Answer(200, (), b""), False),
        (Possible(status=200, target="/a"), Answer(200, (("x-backend", "b"),), b'{"path": "/a"}'), True),
        (Possible(status=200, target="/a"), Answer(200, (("x-backend", "b"),), b'{"path": "/b"}'), False),
        (Possible(status=200, target="/a", route="r"), Answer(200, (("x-backend", "b"),), b'{"path": "/a"}'), False),
    ],
)
async def test_which_answers_are_right(right: Possible, answer: Answer | None, fits: bool) -> None:  # noqa: FBT001
    assert right.fits(answer) is fits
