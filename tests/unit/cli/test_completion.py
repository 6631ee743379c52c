import os
import shutil
import subprocess
import sys

import pytest

from tests.unit.cli.command import Gatewayd

BASH = """
gatewayd() { %s -m gatewayd "$@"; }
eval "$(gatewayd completion bash)"
COMP_WORDS=(gatewayd %s) COMP_CWORD=%d
env() { command env "${@:1:$#-1}" %s -m gatewayd; }
_gatewayd_completion gatewayd
echo "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_asks_gatewayd(gatewayd: Gatewayd, shell: str) -> None:
    ran = gatewayd("completion", shell)
    assert ran.code == 0
    assert f"_GATEWAYD_COMPLETE=complete_{shell}" in ran.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        ("wh", {"why"}),
        ("check --st", {"--strict"}),
        ("co", {"completion", "convert"}),
        ("diff --f", {"--fail-on", "--from", "--full"}),
    ],
)
def test_bash_completes(words: str, candidates: set[str]) -> None:
    script = BASH % (sys.executable, words, len(words.split()), sys.executable)
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env=dict(os.environ))
    assert set(done.stdout.decode().split()) == candidates


def test_a_shell_that_is_not_known(gatewayd: Gatewayd) -> None:
    assert gatewayd("completion", "tcsh").code == 1
