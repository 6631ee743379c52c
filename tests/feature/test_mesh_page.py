"""docs/mesh.md: its examples do what the page says, in a real Envoy."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gatewayd.cli.explain import app
from tests.feature.harness import redirected
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.usefixtures("node_ports")]

PAGE = (Path(__file__).parents[2] / "docs" / "mesh.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCES = FENCE.findall(PAGE)
MANIFESTS = [text for kind, text in FENCES if kind == "yaml"]
REQUEST = re.compile(r"from (\S+) to (\S+):(\d+) ([A-Z]+) (\S+?)(?: with (\S+) (\S+?))?: (\d+)(?: (\S+))?")
BASE = MANIFESTS[0]


def examples() -> Iterator[tuple[list[str], str]]:
    """Yield the requests of the page, each with the manifests that stand before them."""
    manifests: list[str] = []
    for kind, text in FENCES:
        if kind == "yaml":
            manifests.append(text)
        if kind == "requests":
            yield manifests[1:], text


@pytest.mark.parametrize(("manifests", "requests"), tuple(examples()), ids=["routes", "policies"])
@pytest.mark.asyncio(loop_scope="module")
async def test_an_example(world: World, manifests: list[str], requests: str) -> None:
    await world.apply(*manifests)
    for line in requests.splitlines():
        asked = REQUEST.fullmatch(line)
        assert asked is not None, line
        namespace, address, port, method, path, name, value, status, backend = asked.groups()
        headers = [(name, value)] if name else []
        proxy_port = redirected.led_to(world, namespace, address, int(port))
        answer = await redirected.ask(proxy_port, address, int(port), path, *headers, method=method)
        assert (answer.status, answer.backend) == (int(status), backend), line


def test_what_the_page_has_explain_say(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text("---\n".join(MANIFESTS), encoding="utf-8")
    [command] = re.findall(r"^gatewayd explain \./mesh (.+)$", PAGE, re.MULTILINE)
    told = CliRunner().invoke(app, [str(tmp_path), *command.split()])
    assert told.exit_code == 0, told.output
    assert "by routes for callers of namespace 'blog'" in told.output
    assert "HTTPRoute blog/impatient" in told.output
    assert "under spec.default.authorization" in told.output
