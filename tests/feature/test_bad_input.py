"""Hundreds of malformed or hostile objects in one folder with one good route: it is served, they are named.

Every bad file gets exactly one message, with its file, line and field; Envoy refuses nothing; nothing crashes.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
import pytest_asyncio
import yaml

from gatewayd.manifests.folder import FolderChange
from tests.feature.harness import hostile, hostile_texts
from tests.feature.harness.hostile import Path, replaced
from tests.feature.harness.manifests import GATEWAY, http_route
from tests.feature.harness.pki import secret
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BASE = GATEWAY
BACKENDS = ("one",)
GOOD = http_route("good", "- {filters: [<route:good>], backendRefs: [{name: one, port: 80}]}", host="good.example")


class Bad(NamedTuple):
    """A bad file. `line` 0: any line; `field` is part of the message."""

    name: str
    data: bytes
    line: int
    field: str


def line_of(text: str, path: Path) -> int:
    """Return the line of a value in the YAML that it was dumped to."""
    node = yaml.compose(text)
    for step in path:
        assert node is not None
        if isinstance(step, int):
            node = node.value[step]
        else:
            key, node = next((key, value) for key, value in node.value if key.value == step)
            line = key.start_mark.line
            continue
        line = node.start_mark.line
    return int(line) + 1


def shown(path: Path) -> str:
    """Return a path as messages write it."""
    maps = ("labels", "annotations", "matchLabels")
    return "".join(
        f"[{step}]" if isinstance(step, int) or before in maps else f".{step}"
        for before, step in zip(("", *path), path, strict=False)
    ).removeprefix(".")


def wrong_types() -> Iterator[Bad]:
    """Put a value of another type into every field of every sample."""
    for kind, sample in hostile.SAMPLES.items():
        for path, value in hostile.fields(sample):
            wrong: object = {"surprise": [1]} if not isinstance(value, dict) else "surprise"
            document = replaced(sample, path, wrong)
            document["metadata"]["name"] = f"wrong-{kind.lower()}-{len(shown(path))}"
            text = yaml.safe_dump(document, sort_keys=False)
            yield Bad(f"type {kind} {shown(path)}", text.encode(), line_of(text, path), shown(path))


def control_characters() -> Iterator[Bad]:
    """Put control characters into every text of every sample that is not free."""
    for kind, sample in hostile.SAMPLES.items():
        for path, value in hostile.fields(sample):
            if not isinstance(value, str) or path in hostile.FREE_TEXTS.get(kind, ()):
                continue
            document = replaced(sample, path, f"{value}\x07\n\x1b[31m")
            text = yaml.safe_dump(document, sort_keys=False)
            yield Bad(f"control {kind} {shown(path)}", text.encode(), line_of(text, path), shown(path))


def texts() -> Iterator[Bad]:
    """Yield the hand-written ones: `#<` marks the line that the message must name."""
    for name, text, field in hostile_texts.TEXTS:
        lines = text.splitlines()
        marked = [number for number, line in enumerate(lines, 1) if "#<" in line]
        yield Bad(f"text {name}", text.encode(), marked[0] if marked else 0, field)
    for name, data, field in hostile_texts.RAW:
        yield Bad(f"raw {name}", data, 0, field)


ALL = [*texts(), *wrong_types(), *control_characters()]


class Outcome(NamedTuple):
    world: World
    step: FolderChange


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(shared_world: World) -> AsyncIterator[Outcome]:
    """Write all bad files and the good route at once."""
    assert len({bad.name for bad in ALL}) == len(ALL)
    files: dict[str, bytes] = {f"{bad.name}.yaml": bad.data for bad in ALL}
    step = shared_world.write({**files, "good.yaml": shared_world.filled(GOOD).encode()})
    await shared_world.settle()
    yield Outcome(shared_world, step)


async def test_there_are_many() -> None:
    assert len(ALL) >= 100


async def test_the_good_route_is_served(folder: Outcome) -> None:
    assert (await folder.world.ask(host="good.example")).said == (200, "good", "one")
    assert state(folder.world.route("HTTPRoute shop/good")["Accepted"]) == (True, "Accepted")
    assert folder.world.attached("Gateway infra/edge", "http") == 1
    assert folder.world.rejections() == ()


@pytest.mark.parametrize("bad", ALL, ids=[bad.name for bad in ALL])
async def test_a_bad_object_has_its_message(folder: Outcome, bad: Bad) -> None:
    """One, or two where two rules of the API are broken in the same place."""
    about = [problem for problem in folder.step.problems if problem.file == f"{bad.name}.yaml"]

    assert len(about) in (1, 2), about
    assert bad.line in (0, *(problem.line for problem in about)), about
    for problem in about:
        assert bad.field in problem.message
        assert len(str(problem)) < 2_000
        assert str(problem).isprintable()


async def test_nothing_is_said_about_good_files(folder: Outcome) -> None:
    names = {f"{bad.name}.yaml" for bad in ALL}

    assert {problem.file for problem in folder.step.problems} == names


async def test_changes_of_the_good_route_still_arrive(folder: Outcome) -> None:
    world = folder.world
    world.write({"good.yaml": world.filled(GOOD).replace("good}]", "better}]").encode()})
    await world.settle()
    assert (await world.ask(host="good.example")).said == (200, "better", "one")

    world.write({"good.yaml": world.filled(GOOD).encode()})
    await world.settle()
    assert (await world.ask(host="good.example")).said == (200, "good", "one")


async def test_the_last_good_version_goes_on_when_its_file_breaks(folder: Outcome) -> None:
    world = folder.world
    for broken in (b"\x00", b"kind: [", world.filled(GOOD).replace("rules:", "rules: 7 #").encode()):
        step = world.write({"good.yaml": broken})
        await world.settle()
        (problem,) = [each for each in step.problems if each.file == "good.yaml"]
        assert "still serving the last good version of HTTPRoute shop/good" in problem.message
        assert (await world.ask(host="good.example")).said == (200, "good", "one")

    step = world.write({"good.yaml": world.filled(GOOD).encode()})
    assert not [each for each in step.problems if each.file == "good.yaml"]


async def test_an_object_that_stands_twice_is_named(folder: Outcome) -> None:
    world = folder.world
    other = world.filled(GOOD).replace("value: good}", "value: twin}").encode()

    step = world.write({"twin.yaml": other})
    await world.settle()

    (problem,) = [each for each in step.problems if each.file == "twin.yaml"]
    assert problem.object == "HTTPRoute shop/good"
    assert "good.yaml" in problem.message
    assert (await world.ask(host="good.example")).said == (200, "good", "one")
    world.drop("twin.yaml")


CRASHERS = {
    "control characters": hostile.free_texts(),
    "regexes": hostile.explosive_routes(),
    "cycles": hostile.CYCLES,
    "pem": "".join(
        secret(f"pem-{number}", chain, key, namespace="infra") for number, (chain, key) in enumerate(hostile.PEMS)
    )
    + hostile.https_gateway(len(hostile.PEMS)),
    "crowds": hostile.crowds(),
}


@asynccontextmanager
async def added(folder: Outcome, text: str) -> AsyncIterator[World]:
    """Add a file that has nothing wrong in itself, until the block ends."""
    world = folder.world
    try:
        step = world.write({"added.yaml": world.filled(text).encode()})
        wrong = [str(problem) for problem in step.problems if problem.file == "added.yaml"]
        assert not wrong, wrong[:5]
        await world.settle()
        yield world
    finally:
        world.drop("added.yaml")
    await world.settle()


@pytest.mark.parametrize("name", CRASHERS)
async def test_objects_that_are_well_formed_but_mean_no_good(folder: Outcome, name: str) -> None:
    async with added(folder, CRASHERS[name]) as world:
        assert (await world.ask(host="good.example")).said == (200, "good", "one")
        assert world.rejections() == ()


async def test_expressions_that_cannot_be_compiled_have_a_condition(folder: Outcome) -> None:
    async with added(folder, CRASHERS["regexes"]) as world:
        for number, pattern in enumerate(hostile.EXPLOSIVE):
            said = world.route(f"HTTPRoute shop/regex-{number}")
            assert state(said["Accepted"]) == (False, "UnsupportedValue"), pattern
            assert "spec.rules[0].matches[0]" in said["Accepted"].message
            assert len(said["Accepted"].message) < 1_000


async def test_certificates_that_cannot_be_read_have_a_condition(folder: Outcome) -> None:
    async with added(folder, CRASHERS["pem"]) as world:
        for number in range(len(hostile.PEMS)):
            said = world.listener("Gateway infra/garbage", f"l{number}")
            assert state(said["ResolvedRefs"]) == (False, "InvalidCertificateRef")
            assert f"spec.listeners[{number}].tls.certificateRefs[0]" in said["ResolvedRefs"].message
            assert state(said["Programmed"]) == (False, "Invalid")


async def test_hostile_requests_do_not_disturb_others(folder: Outcome) -> None:
    world = folder.world
    for request in hostile.REQUESTS:
        connection = await world.connect()
        connection.writer.write(request)
        connection.writer.write_eof()
        async with asyncio.timeout(10):
            try:
                answer = await connection.reader.read()
            except ConnectionError:
                answer = b""
        assert not answer.startswith(b"HTTP/1.1 200"), request[:80]
        await connection.close()

    assert (await world.ask(host="good.example")).said == (200, "good", "one")
