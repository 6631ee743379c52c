"""docs/policies.md and its sisters: each example does what the page says, in a real Envoy and without a drain."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.feature.harness.issuers import Kept, becomes, fetching, issuer
from tests.feature.harness.limiter import limiter
from tests.feature.harness.manifests import service
from tests.feature.harness.policies import drains
from tests.feature.harness.processor import processor
from tests.feature.harness.tokens import Provider
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("policies", "backend-policies")
_FENCE = re.compile(r"^```(yaml|requests)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+)(?: from (?P<source>\S+))?(?: with (?P<with>.+))?: (?P<end>.+)")


class Example(NamedTuple):
    """A section of the page: what is applied, and what requests then get."""

    title: str
    manifests: tuple[str, ...]
    requests: tuple[str, ...]


def sections(page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for part in re.split(r"^## ", (DOCS / f"{page}.md").read_text(encoding="utf-8"), flags=re.MULTILINE):
        yield part.splitlines()[0], _FENCE.findall(part)


def examples(page: str) -> Iterator[Example]:
    for title, fences in sections(page):
        requests = [line for kind, text in fences if kind == "requests" for line in text.splitlines() if line]
        if requests:
            yield Example(title, tuple(text for kind, text in fences if kind == "yaml"), tuple(requests))


PROVIDER = Provider()
TOKENS = {
    "<token>": PROVIDER.token(groups=["guests"], scope="read"),
    "<token write>": PROVIDER.token(groups=["guests"], scope="read write"),
    "<token nobody>": PROVIDER.token(),
}
BASE_OF_PAGE = next(text for _, fences in sections("policies") for kind, text in fences if kind == "yaml")
EXAMPLES = tuple(example for page in PAGES for example in examples(page))


async def test_every_section_of_a_policy_has_an_example() -> None:
    titled = re.compile(r"(Access|Route|Backend)Policy: |RouteFilter")
    titles = {title for page in PAGES for title, _ in sections(page) if titled.match(title)}
    assert titles == {each.title for each in EXAMPLES if titled.match(each.title)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_an_example(world: World, example: Example) -> None:
    await world.apply(BASE_OF_PAGE)
    before = await drains(world)
    await world.apply(*(each.replace("<keys>", PROVIDER.keys) for each in example.manifests))
    assert await drains(world) == before
    if any("globalLimits" in each for each in example.manifests):
        await enter_limiter(world)
    if any("externalProcessing" in each for each in example.manifests):
        await enter_processor(world)
    if any("keys: {uri" in each for each in example.manifests):
        await enter_fetched(world)
    assert [await asked(world, line) for line in example.requests] == list(example.requests)


async def enter_fetched(world: World) -> None:
    """Publish the keys where the page says, and have them fetched for the rest of the world."""
    idp = await world.stack.enter_async_context(issuer())
    idp.body = PROVIDER.keys
    await world.apply(service("idp", idp.port))
    await world.stack.enter_async_context(fetching(world, Kept()))
    await becomes(world, lambda: any(each.key_sets for each in world.reconciler.configs.values()))


async def enter_limiter(world: World) -> None:
    """Serve the rate limit service that the page names, for the rest of the world."""
    service_of_page = await world.stack.enter_async_context(limiter())
    await world.apply(service("ratelimit", service_of_page.port, namespace="gatewayd-system"))
    service_of_page.configure(world)


async def enter_processor(world: World) -> None:
    """Serve the firewall of the page, which says what it has seen, for the rest of the world."""
    firewall = await world.stack.enter_async_context(processor())
    firewall.sets = {"x-seen": "yes"}
    await world.apply(service("firewall", firewall.port))


async def asked(world: World, line: str) -> str:
    """Send the request of a line and return the line with what came of it."""
    found = _REQUEST.fullmatch(line)
    assert found is not None, line
    pairs = [pair.strip().partition(" ") for pair in (found["with"] or "").split(", ") if pair]
    headers = [(name, _with_token(value)) for name, _, value in pairs if name != "body"]
    body = next((b"x" * int(value) for name, _, value in pairs if name == "body"), b"")
    answer = await world.ask(
        found["path"], *headers, method=found["method"], body=body, source=found["source"] or "", host="shop.example"
    )
    status, _, named = found["end"].partition(", ")
    name = named.partition(" ")[0]
    shown = [f"{name} {answer.one(name)}"] if name else []
    assert status.isdigit()
    return f"{line[: found.start('end')]}{', '.join((str(answer.status), *shown))}"


def _with_token(value: str) -> str:
    for name, token in TOKENS.items():
        value = value.replace(name, token)
    return value
