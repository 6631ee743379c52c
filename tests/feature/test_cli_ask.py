"""`gatewayd ask`: the rule that answered is found in the log, and is the one that explain foretells."""

import json
from pathlib import Path

import pytest

from tests.feature.harness.ports import free_port
from tests.feature.test_cli import run, started
from tests.feature.test_cli_logs import SHOP

pytestmark = pytest.mark.envoy


async def test_the_rule_that_answers_is_the_one_that_was_foretold(folder: Path, runtime: dict[str, str]) -> None:
    port = free_port()
    (folder / "shop.yaml").write_text(SHOP.replace("PORT", str(port)))
    outcomes = []
    async with started(runtime, "up", folder) as up:
        await up.line("HTTPRoute default/shop", "Programmed yes")
        for path in ("/go", "/nothing"):
            code, out = await run(runtime, "ask", f"http://shop.example:{port}{path}", "-o", "json")
            outcomes.append((code, json.loads(out)))
    (code, taken), (other, nobodys) = outcomes
    assert (code, taken["status"], taken["agrees"]) == (0, 302, True)
    assert taken["answered"] == taken["foretold"] == "HTTPRoute default/shop spec.rules[0]"
    assert (other, nobodys["status"], nobodys["answered"]) == (0, 404, None)
