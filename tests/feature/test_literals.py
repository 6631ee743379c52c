"""Hundreds of generated texts where Envoy could take them for more than text: each arrives as it was written."""

import json
import random

import pytest

from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
ROUTES, HEADERS = 12, 15
"""A modifier may set 16 headers; one of them says which route it is."""
PIECES = (
    "%REQ(:path)%", "%", "%%", "%START_TIME%", "%ENVIRONMENT(HOME)%", "%DYNAMIC_METADATA(a:b)%", "{{", "}}", "${x}",
    "$1", "\\1", "\\", "'", '"', "`", ";", "|", "&", "<", ">", "#", "//", "..", "?", "*", "[a-z]", "(?i)", "^", "~",
    "@", "=", ",", ":", "lua", "inline_string", "\\n", "\\u0000", "a", "B", "7",
)  # fmt: skip


def text(dice: random.Random) -> str:
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 12)))


async def test_what_is_written_is_what_arrives(world: World) -> None:
    dice = random.Random("literals")  # noqa: S311 - the same texts each time
    values = [[text(dice) for _ in range(HEADERS)] for _ in range(ROUTES)]
    routes = []
    for number, own in enumerate(values):
        entries = [{"name": f"x-{at}", "value": value} for at, value in enumerate(own)]
        named = json.dumps([{"name": "x-route", "value": f"r{number}"}, *entries])
        rules = (
            "- filters:\n"
            f"  - {{type: RequestHeaderModifier, requestHeaderModifier: {{set: {named}}}}}\n"
            f"  - {{type: ResponseHeaderModifier, responseHeaderModifier: {{add: {json.dumps(entries)}}}}}\n"
            "  backendRefs: [{name: one, port: 80}]\n"
        )
        routes.append(http_route(f"r{number}", rules, host=f"r{number}.example"))
    await world.apply(*routes)

    wrong = []
    for number, own in enumerate(values):
        answer = await world.ask("/", host=f"r{number}.example")
        assert answer.said == (200, f"r{number}", "one")
        for at, value in enumerate(own):
            arrived = [*answer.seen(f"x-{at}"), *answer.all(f"x-{at}")]
            if arrived != [value, value]:
                wrong.append((value, arrived))
    assert wrong == []
