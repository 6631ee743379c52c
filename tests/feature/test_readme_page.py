"""README.md: its commands, in its order, in a folder where nothing is yet; what goes on is asked and then ended."""

import re
import shlex
from pathlib import Path

import pytest

from gatewayd.demo.backends import serve_backends
from tests.feature.harness.http1 import ask
from tests.feature.harness.ports import free_port
from tests.feature.test_cli import run, started

pytestmark = pytest.mark.envoy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^Then, with .*?^```\n(?P<lines>.*?)^```", re.MULTILINE | re.DOTALL)
CURL = re.compile(r"(?:127\.0\.0\.1|localhost):(?P<port>\d+)(?P<path>/\S*)")


def commands() -> list[list[str]]:
    block = BLOCK.search(PAGE)
    assert block is not None
    return [shlex.split(line, comments=True)[1:] for line in block["lines"].splitlines()]


async def goes_on(env: dict[str, str], words: list[str], where: Path) -> None:
    """Start what serves until it is ended, and ask it as it says."""
    async with started(env, *words, where=where) as running:
        await running.line("HTTPRoute ", "Programmed yes")
        if not any("curl " in line for line in running.lines):
            await running.line("curl ")
        assert any(line.startswith("page: http://127.0.0.1:") for line in running.lines) is ("--ui" in words)
        found = next(CURL.search(line) for line in running.lines if "curl " in line)
        assert found is not None, running.lines
        answer = await ask(int(found["port"]), found["path"])
        assert answer.status == 200, running.lines


async def test_its_commands_in_its_order(runtime: dict[str, str], tmp_path: Path) -> None:
    where = tmp_path / "empty"
    where.mkdir()
    ran: list[str] = []
    async with serve_backends(["own"]) as backends:
        for words in commands():
            ran.append(words[0])
            own = [each.replace(":3000", f":{backends['own']}") for each in words]
            if words[0] in ("demo", "up"):
                free = ["--port", str(free_port())] if "--to" in words else []
                await goes_on(runtime, [*own, *free], where)
            else:
                code, out = await run(runtime, *own, where=where)
                assert code == 0, (words, out)
    assert ran == ["demo", "up", "check", "explain", "up"]
    assert sorted(each.name for each in where.iterdir()) == ["gateway", "mine"]
