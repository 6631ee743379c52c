"""Worlds that once were wrong: cut down to what it takes, and kept as files of the tree.

A file is YAML: first what went wrong, with the requests that showed it, then the objects.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from gatewayd.explain.request import Sent
from gatewayd.ir.filters import Header
from tests.property.objects import Json
from tests.worlds.generator import Asked, World
from tests.worlds.judge import Fault, Judge

FOLDER: Final = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A world of the corpus, and the requests to ask in it."""

    world: World
    asked: tuple[Asked, ...]


def kept() -> tuple[Path, ...]:
    """Return the files of the corpus."""
    return tuple(sorted(FOLDER.glob("*.yaml")))


def text(world: World, faults: Sequence[Fault]) -> str:
    """Return a world as a file of the corpus."""
    head = {
        "seed": world.seed,
        "wrong": [each.text[:400] for each in faults],
        "requests": [_document(each.asked) for each in faults if each.asked is not None],
    }
    return yaml.safe_dump_all([head, *world.objects], sort_keys=False, width=120)


def read(path: Path) -> Kept:
    """Read a file of the corpus."""
    head, *objects = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    return Kept(
        world=World(seed=head["seed"], objects=tuple(objects)), asked=tuple(_asked(each) for each in head["requests"])
    )


def _document(asked: Asked) -> Json:
    sent = asked.sent
    headers = [[each.name, each.value] for each in sent.headers]
    return {
        "port": asked.port,
        "scheme": sent.scheme,
        "method": sent.method,
        "host": sent.host,
        "target": sent.target,
        "client": sent.client,
        "headers": headers,
    }


def _asked(document: Json) -> Asked:
    of: dict[str, Any] = dict(document)
    headers = tuple(Header(name=name, value=value) for name, value in of.pop("headers"))
    return Asked(port=of.pop("port"), sent=Sent(headers=headers, **of))


async def shrunk(world: World, fails: Callable[[World], Awaitable[bool]]) -> World:
    """Return a part of a world's objects that fails as well, and of which none can be left out."""
    left, size = world.objects, len(world.objects) // 2
    while size:
        at = 0
        while at < len(left):
            fewer = World(seed=world.seed, objects=(*left[:at], *left[at + size :]))
            if await fails(fewer):
                left = fewer.objects
            else:
                at += size
        size //= 2
    return World(seed=world.seed, objects=left)


async def keep(judge: Judge, world: World, faults: Sequence[Fault]) -> Path:
    """Write a world that is wrong to the corpus, with as few objects as it takes for its first fault."""
    first = faults[0]
    asked = [] if first.asked is None else [first.asked]

    async def fails(fewer: World) -> bool:
        return bool(await judge.faults(fewer, asked))

    least = await shrunk(world, fails) if await fails(world) else world
    path = FOLDER / f"seed-{world.seed}.yaml"
    path.write_text(text(least, await judge.faults(least, asked) or faults), encoding="utf-8")
    return path
