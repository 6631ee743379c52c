"""docs/tutorial.md: step after step, requests get what the page says, in a real Envoy."""

import re
from pathlib import Path

import pytest

from tests.feature.harness.echo import http_backend
from tests.feature.harness.https import CA
from tests.feature.harness.world import World, running_world

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(yaml|requests)\n(.*?)^```", re.MULTILINE | re.DOTALL)
REQUEST = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/]+)(?P<path>\S+?)(?: with (?P<header>\S+) (?P<value>\S+))?: (?P<end>.+)"
)
PORTS = {"http": "8080", "https": "8443", "shop-v1": "3001", "shop-v2": "3002"}


def named(world: World, text: str) -> str:
    """Replace the ports of the page by those of this world."""
    for name, number in PORTS.items():
        at = world.backends[name].port if name in world.backends else world.port(name)
        text = re.sub(rf"\b{number}\b", str(at), text)
    return text


async def outcome(world: World, line: str) -> None:
    """Send the request of a line, and compare."""
    request = REQUEST.fullmatch(line)
    assert request is not None, line
    host, is_tls = request["host"], request["scheme"] == "https"
    answer = await world.ask(
        request["path"],
        *([(request["header"], request["value"])] if request["header"] else []),
        host=host,
        port=request["scheme"],
        tls=CA.trusting() if is_tls else None,
        server_name=host if is_tls else None,
    )
    status, _, rest = request["end"].partition(" ")
    told = answer.backend or answer.one("location") or ""
    assert answer.status == int(status), line
    assert told in named(world, rest).split(" or "), line


async def test_the_steps() -> None:
    async with running_world() as world:
        for name in ("shop-v1", "shop-v2"):
            world.backends[name] = await world.stack.enter_async_context(http_backend(name))
        await world.apply(CA.issue("shop.example", "blog.example").secret("shop-cert"))
        steps = FENCE.findall(PAGE)
        assert len([kind for kind, _ in steps if kind == "requests"]) == 6
        for kind, text in steps:
            if kind == "yaml":
                await world.apply(named(world, text))
            else:
                for line in text.splitlines():
                    await outcome(world, line)
