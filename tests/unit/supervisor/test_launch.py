import os
import signal
import subprocess
import sys
from pathlib import Path

from gatewayd.supervisor import launch

LAUNCH = (sys.executable, "-I", "-S", launch.__file__)


def run(*command: str, parent: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAUNCH, str(parent), *command], capture_output=True, text=True, check=False)


def test_the_command_takes_the_place_of_the_launcher() -> None:
    ran = run("/bin/sh", "-c", "umask; exit 7", parent=os.getpid())
    assert (ran.returncode, ran.stdout.strip()) == (7, "0077")


def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    plain.chmod(0o755)
    for command, reason in ((plain, "Exec format error"), (tmp_path / "none", "No such file or directory")):
        ran = run(str(command), parent=os.getpid())
        assert (ran.returncode, ran.stderr) == (126, f"cannot run {command}: {reason}\n")


def test_a_parent_that_is_gone_starts_nothing() -> None:
    ran = run("/bin/echo", "ran", parent=1 if os.getppid() != 1 else 2**22)
    assert (ran.returncode, ran.stdout) == (launch.CANNOT_RUN, "")


def test_the_command_dies_with_its_parent() -> None:
    command = ("/bin/sh", "-c", "echo started; exec sleep 60")
    code = f"import os, subprocess; subprocess.Popen([*{LAUNCH!r}, str(os.getpid()), *{command!r}]).wait()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        parent.send_signal(signal.SIGKILL)
        # The end of the pipe is the end of the command: nobody else holds it.
        assert parent.stdout.read() == ""
