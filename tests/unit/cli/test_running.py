from pathlib import Path

import pytest
import typer

from gatewayd.ads.listen import ListenError
from gatewayd.cli.output import Form
from gatewayd.cli.running import code_of, envoy_binary, options, serve
from gatewayd.introspection.rows import EMPTY
from gatewayd.run.foreground import Ended, RunEnding, Serving

ENVOY = Path("/bin/true")


def serving(folder: Path) -> Serving:
    return Serving(options(folder, envoy=ENVOY))


def ended(why: RunEnding, reason: str = "") -> Ended:
    return Ended(why=why, board=EMPTY, reason=reason)


async def test_ends_and_their_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = serving(tmp_path)

    assert code_of(ended(RunEnding.ASKED), run) == 0
    assert code_of(ended(RunEnding.DONE), run) == 0  # it has not read the folder yet
    assert code_of(ended(RunEnding.GAVE_UP, "no such processor"), run) == 3
    assert code_of(ended(RunEnding.TOO_LATE), run) == 3
    assert capsys.readouterr().err == (
        "gatewayd: no such processor\n"
        "gatewayd: not everything was in Envoy before the deadline; --deadline gives it longer\n"
    )


async def test_a_run_is_written_line_by_line_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yaml").write_text("a: [")
    run = serving(tmp_path)

    async def read() -> None:
        await run.until(lambda onlooker: bool(onlooker.board().problems))

    found = await serve(run, Form.TEXT, read, 20.0)

    assert found.why is RunEnding.DONE
    assert "bad.yaml:2: not valid YAML" in capsys.readouterr().out
    assert code_of(found, run) == 1


async def test_a_folder_without_manifests_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = serving(tmp_path)

    async def read() -> None:
        await run.until(lambda onlooker: onlooker.run is not None and onlooker.run.has_read)

    found = await serve(run, Form.TEXT, read, 20.0)

    assert code_of(found, run) == 1
    assert f"gatewayd: {tmp_path}: holds no .yaml, .yml or .json file\n" in capsys.readouterr().err


def test_the_envoy_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAYD_ENVOY", str(ENVOY))
    assert envoy_binary(None) == ENVOY
    monkeypatch.setenv("GATEWAYD_ENVOY", str(tmp_path / "none"))
    with pytest.raises(typer.Exit) as caught:
        envoy_binary(None)
    assert caught.value.exit_code == 3


async def test_a_run_that_fails_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def fail() -> None:
        raise ExceptionGroup("unhandled errors in a TaskGroup", [ExceptionGroup("inner", [ValueError("no such port")])])

    with pytest.raises(typer.Exit) as caught:
        await serve(serving(tmp_path), Form.TEXT, fail, 20.0)
    assert caught.value.exit_code == 3
    assert capsys.readouterr().err == "gatewayd: ValueError: no such port\n"


async def test_a_socket_that_cannot_be_made_is_all_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail() -> None:
        raise ExceptionGroup("two", [ValueError("follows from it"), ListenError("the name of the socket is too long")])

    with pytest.raises(typer.Exit):
        await serve(serving(tmp_path), Form.TEXT, fail, 20.0)
    assert capsys.readouterr().err == "gatewayd: the name of the socket is too long\n"
