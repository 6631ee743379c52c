"""The process of a replica; tests/unit/cli/test_control_plane.py starts it, and ends it by a signal."""

import subprocess
import sys

from gatewayd.run.exit_codes import CANNOT_START


def test_it_keeps_nothing_of_the_command_line() -> None:
    script = (
        "import sys, gatewayd.run.replica\n"
        "print(sorted({'typer', 'click', 'rich', 'rich.console', 'pygments', 'pydantic', 'markdown_it'}"
        " & {name for name, module in sys.modules.items() if module is not None}))"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_what_ended_it_is_told_by_its_causes() -> None:
    script = """
import asyncio, sys
from pathlib import Path
from gatewayd.run import replica
from gatewayd.run.serve_options import ServeOptions, encoded

async def failing(what):
    raise KeyError(what)

async def broken(_options):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(failing("one Secret"))
        tasks.create_task(failing("one Gateway"))

replica.serve = broken
options = ServeOptions(
    kubeconfig=None, namespace="n", identity="i", uid="u", xds_host="h", xds_port=1, route_discovery=None,
    log_level="info",
)
sys.exit(replica.run(encoded(options)))
"""
    ran = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert ran.returncode == CANNOT_START
    assert (
        ran.stderr
        == "gatewayd: cannot serve: KeyError: 'one Secret'\ngatewayd: cannot serve: KeyError: 'one Gateway'\n"
    )
