"""What people see in a real terminal: sizes, another size while it runs, pipes, no colours, completion."""

import re
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.terminal.conftest import GATEWAYD, ROUTES
from tests.terminal.panes import DEADLINE, Pane, pane

HEAD = f"1 Gateway, {ROUTES} routes: {ROUTES - 1} serving, 1 not"


def is_settled(seen: list[str]) -> bool:
    return any(HEAD in line for line in seen) and any("BackendNotFound" in line for line in seen)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50)])
def test_counts_and_problems_stand_on_every_screen(
    folder: Path, environment: dict[str, str], tmp_path: Path, width: int, height: int
) -> None:
    with pane(tmp_path, width, height, *GATEWAYD, "up", str(folder), "--drain", "0", **environment) as it:
        seen = it.until(is_settled, HEAD)

    assert max(map(len, seen)) <= width
    assert sum(HEAD in line for line in seen) == 1
    assert any(line.startswith("try: curl") for line in seen)
    assert any("more" in line for line in seen)
    # What is broken stands before what is well, and one line is one object.
    rows = [line for line in seen if line.startswith("HTTPRoute ")]
    assert rows[0].startswith("HTTPRoute default/route-07")
    assert len(rows) > 5


def test_requests_that_fail_stand_beside_programmed(folder: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with pane(tmp_path, 200, 50, *GATEWAYD, "up", str(folder), "--drain", "0", **environment) as it:
        seen = it.until(is_settled, HEAD)
        port = next(re.findall(r":(\d+):127.0.0.1", line)[0] for line in seen if line.startswith("try: curl"))
        host = "host-00.a-rather-long-name-of-a-host.example"
        # Nobody listens where the only endpoint is.
        asked = HTTPConnection("127.0.0.1", int(port), timeout=DEADLINE)
        asked.request("GET", "/", headers={"host": host})
        assert asked.getresponse().status == 503
        asked.close()
        seen = it.until(lambda lines: any(" 0/0/1 " in each for each in lines), "the answer is counted")

    head = next(line for line in seen if line.startswith("ROUTE "))
    row = next(line for line in seen if " 0/0/1 " in line)
    assert head.split()[3:6] == ["PROGRAMMED", "READY", "2XX/4XX/5XX"]
    assert row.split()[2:7] == ["yes", "yes", "yes", "1", "0/0/1"]


def test_a_window_of_another_size_is_drawn_anew(folder: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with pane(tmp_path, 120, 50, *GATEWAYD, "up", str(folder), "--drain", "0", **environment) as it:
        it.until(is_settled, HEAD)
        it.resize(80, 24)
        small = it.until(lambda seen: is_settled(seen) and _frames(seen) == 1 and len(seen) <= 24, "one small frame")
        it.resize(120, 50)
        large = it.until(lambda seen: is_settled(seen) and len(_rows(seen)) > len(_rows(small)), "a large frame")

    assert max(map(len, small)) <= 80
    assert _frames(large) == 1


def _frames(seen: list[str]) -> int:
    return sum(line.startswith("GATEWAY ") for line in seen)


def _rows(seen: list[str]) -> list[str]:
    return [line for line in seen if line.startswith("HTTPRoute ")]


def test_what_is_asked_is_cut_on_a_terminal_and_whole_in_a_pipe(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "up").mkdir()
    piped = f"{' '.join(GATEWAYD)} status | cat -v > {tmp_path / 'piped'}; echo done"
    with pane(tmp_path / "up", 80, 24, *GATEWAYD, "up", str(folder), "--drain", "0", **environment) as run:
        run.until(is_settled, HEAD)
        with pane(tmp_path, 80, ROUTES + 30, "bash", "-c", f"{' '.join(GATEWAYD)} status", **environment) as it:
            seen = it.until_text("route-07")
        (tmp_path / "pipe").mkdir()
        with pane(tmp_path / "pipe", 80, 24, "bash", "-c", piped, **environment) as it:
            it.until_text("done")

    assert max(map(len, seen)) <= 80
    assert any(line.endswith("...") for line in seen if line.startswith("HTTPRoute"))
    lines = (tmp_path / "piped").read_text().splitlines()
    assert "^[" not in "".join(lines)
    assert sum(line.startswith("HTTPRoute default/route-") for line in lines) == ROUTES
    assert all("a-rather-long-name-of-a-host.example" in line for line in lines if line.startswith("HTTPRoute "))


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_left_out_where_nobody_wants_them(
    folder: Path, environment: dict[str, str], tmp_path: Path, *, variables: dict[str, str], coloured: bool
) -> None:
    command = (*GATEWAYD, "why", "httproute/route-07", str(folder))
    with pane(tmp_path, 120, 50, *command, **environment, **variables) as it:
        it.until_text("crat")
        drawn = subprocess.run(
            ("tmux", "-S", str(it.server), "capture-pane", "-p", "-e"), check=True, capture_output=True, text=True
        ).stdout

    assert ("\x1b[31mNO" in drawn) is coloured


SHELLS = {
    "bash": (("bash", "--norc"), 'eval "$(gatewayd completion bash)"; echo rea""dy'),
    "zsh": (("zsh", "-f"), 'autoload -U compinit; compinit -u; eval "$(gatewayd completion zsh)"; echo rea""dy'),
    "fish": (("fish", "--no-config"), 'gatewayd completion fish | source; echo rea""dy'),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes_commands_options_and_names(
    folder: Path, environment: dict[str, str], tmp_path: Path, shell: str
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "gatewayd"
    script.write_text(f'#!/bin/sh\nexec {" ".join(GATEWAYD)} "$@"\n')
    script.chmod(0o755)
    (tmp_path / "up").mkdir()
    command, begin = SHELLS[shell]
    with pane(tmp_path / "up", 80, 24, *GATEWAYD, "up", str(folder), "--drain", "0", **environment) as run:
        run.until(is_settled, HEAD)
        path = f"{programs}:/usr/bin:/bin"
        with pane(tmp_path, 100, 30, *command, **{**environment, "PATH": path}) as it:
            it.type(begin, "Enter")
            it.until_text("ready")
            for typed, whole in (
                ("gatewayd wh", "gatewayd why"),
                ("gatewayd status --prob", "gatewayd status --problems"),
                ("gatewayd why gateway/", "gatewayd why gateway/web"),
                ("gatewayd proxy routes w", "gatewayd proxy routes web"),
            ):
                _complete(it, typed, whole)
                it.type("C-u")


def _complete(it: Pane, typed: str, whole: str) -> None:
    it.type(typed, "Tab")
    it.until(lambda seen: any(line.endswith(whole) for line in seen), whole)
