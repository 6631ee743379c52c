"""docs/envoy-gateway-kinds.md: each example does what the page says, in a real Envoy."""

import pytest

from tests.feature.harness.policies import drains
from tests.feature.harness.world import World
from tests.feature.test_policies_page import BASE_OF_PAGE, Example, asked, examples

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

EXAMPLES = tuple(examples("envoy-gateway-kinds"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_an_example(world: World, example: Example) -> None:
    await world.apply(BASE_OF_PAGE)
    before = await drains(world)
    await world.apply(*example.manifests)
    # How clients may speak is a matter of listeners.
    assert (await drains(world) == before) is not example.title.startswith("ClientTrafficPolicy")
    assert [await asked(world, line) for line in example.requests] == list(example.requests)
