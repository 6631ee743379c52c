"""docs/mesh.md: the example does what the page says, in a real Envoy."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gatewayd.cli.explain import app
from gatewayd.ir.mesh import PRODUCER_PORT
from gatewayd.translator.mesh.consumers import assigned
from tests.feature.harness import redirected
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.usefixtures("node_ports")]

PAGE = (Path(__file__).parents[2] / "docs" / "mesh.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MANIFESTS = [text for kind, text in FENCE.findall(PAGE) if kind == "yaml"]
[REQUESTS] = [text for kind, text in FENCE.findall(PAGE) if kind == "requests"]
REQUEST = re.compile(r"from (\S+) to (\S+):(\d+) GET (\S+?)(?: with (\S+) (\S+?))?: (\d+)(?: (\S+))?")
BASE = MANIFESTS[0]
PORTS = {"shop": PRODUCER_PORT, **assigned(["blog"])}


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example(world: World) -> None:
    await world.apply(*MANIFESTS[1:])
    for line in REQUESTS.splitlines():
        asked = REQUEST.fullmatch(line)
        assert asked is not None, line
        namespace, address, port, path, name, value, status, backend = asked.groups()
        headers = [(name, value)] if name else []
        answer = await redirected.ask(PORTS[namespace], address, int(port), path, *headers)
        assert (answer.status, answer.backend) == (int(status), backend), line


def test_what_the_page_has_explain_say(tmp_path: Path) -> None:
    (tmp_path / "mesh.yaml").write_text("---\n".join(MANIFESTS), encoding="utf-8")
    [command] = re.findall(r"^gatewayd explain \./mesh (.+)$", PAGE, re.MULTILINE)
    told = CliRunner().invoke(app, [str(tmp_path), *command.split()])
    assert told.exit_code == 0, told.output
    assert "by routes for callers of namespace 'blog'" in told.output
    assert "HTTPRoute blog/impatient" in told.output
