"""docs/ingress.md: each example does what the page says, in a real Envoy."""

import pytest

from tests.feature.harness.manifests import GATEWAY
from tests.feature.harness.world import World
from tests.feature.test_policies_page import Example, asked, examples, sections

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PAGE = "ingress"
CLASS = next(text for _, fences in sections(PAGE) for kind, text in fences if kind == "yaml")
EXAMPLES = tuple(examples(PAGE))


async def test_there_are_examples() -> None:
    assert [each.title for each in EXAMPLES] == [
        "Hosts and paths",
        "Default backends",
        "Policies",
        "Beside routes",
        "Annotations of ingress-nginx",
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_an_example(world: World, example: Example) -> None:
    await world.apply(GATEWAY, CLASS, *example.manifests)
    assert [await asked(world, line) for line in example.requests] == list(example.requests)
