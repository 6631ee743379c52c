"""docs/members.md: the example does what the page says, in a real Envoy."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gatewayd.cli.check import app as check
from gatewayd.cli.why import app as why
from tests.feature.harness.manifests import GATEWAY
from tests.feature.harness.world import World

pytestmark = pytest.mark.envoy

PAGE = (Path(__file__).parents[2] / "docs" / "members.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECRET, MEMBER, HOME = [text for kind, text in FENCE.findall(PAGE) if kind == "yaml"]
[REQUESTS] = [text for kind, text in FENCE.findall(PAGE) if kind == "requests"]
BASE = GATEWAY


@pytest.mark.asyncio(loop_scope="module")
async def test_the_example(world: World) -> None:
    await world.apply(SECRET.replace("10.4.0.0/16", "127.0.0.0/8"), HOME)
    said = MEMBER.replace("10.4.1.7", "127.0.0.1").replace("8080", str(world.backends["one"].port))
    step = world.write({"west.member/store.yaml": said.encode()})
    assert not step.problems, step.problems
    await world.settle()
    asked = re.fullmatch(r"GET (\S+): (\d+) (\S+)\n", REQUESTS)
    assert asked is not None
    path, status, backend = asked.groups()
    answer = await world.ask(path, host="store.example")
    assert (answer.status, answer.backend) == (int(status), backend)
    # The home cluster's endpoints go: the member's turn.
    await world.apply(HOME.replace("derived-service: three", "derived-service: nobody"))
    answer = await world.ask(path, host="store.example")
    assert (answer.status, answer.backend) == (200, "one")


def test_it_is_read_by_check_and_why(tmp_path: Path) -> None:
    (tmp_path / "west.member").mkdir()
    (tmp_path / "west.member" / "store.yaml").write_text(MEMBER, encoding="utf-8")
    gateway = GATEWAY.replace("<http>", "80")
    (tmp_path / "home.yaml").write_text(f"{SECRET}---\n{HOME}---{gateway}", encoding="utf-8")
    found = CliRunner().invoke(check, [str(tmp_path)])
    assert "left out: 169.254.169.254 is not in the pod CIDRs of the member" in found.output, found.output
    [command] = re.findall(r"^\$ gatewayd why (\S+) \./folder$", PAGE, re.MULTILINE)
    told = CliRunner().invoke(why, [command, str(tmp_path)])
    assert "cluster west" in told.output, told.output
    assert "169.254.169.254 is not in the pod CIDRs of the member (10.4.0.0/16)" in told.output
