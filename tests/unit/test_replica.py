"""The process of a replica; tests/unit/cli/test_control_plane.py starts it, and ends it by a signal."""

import subprocess
import sys


def test_it_keeps_nothing_of_the_command_line() -> None:
    script = (
        "import sys, gatewayd.replica\n"
        "print(sorted({'typer', 'click', 'rich', 'rich.console', 'pygments', 'pydantic', 'markdown_it'}"
        " & {name for name, module in sys.modules.items() if module is not None}))"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"
