"""docs/client-policies.md: each example does what the page says, in a real Envoy; it may drain."""

import json

import pytest

from gatewayd.api.clientpolicy import ClientSections
from tests.feature.harness.pki import authority
from tests.feature.harness.world import World
from tests.feature.test_policies_page import BASE_OF_PAGE, Example, asked, examples, sections

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PAGE = "client-policies"
EXAMPLES = tuple(examples(PAGE))
LISTS = authority().revoking().decode()


async def test_every_section_of_a_policy_has_an_example() -> None:
    wanted = {f"ClientPolicy: {name}" for name in ClientSections.__struct_encode_fields__}
    assert {title for title, _ in sections(PAGE) if title.startswith("ClientPolicy: ")} == wanted
    assert {each.title for each in EXAMPLES} == wanted


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
async def test_an_example(world: World, example: Example) -> None:
    await world.apply(BASE_OF_PAGE, *(each.replace("'<lists>'", json.dumps(LISTS)) for each in example.manifests))
    assert [await asked(world, line) for line in example.requests] == list(example.requests)
