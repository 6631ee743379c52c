"""What `up` and `demo` share: the options of a run, and drawing it."""

from pathlib import Path
from typing import IO, assert_never, cast

from rich.console import Console
from rich.live import Live

from gatewayd.ads.listen import ListenError
from gatewayd.cli.environment import LOG_LEVEL, log_to_stderr, settings
from gatewayd.cli.output import Form, end, fail, standard_output, write, write_json
from gatewayd.cli.view.board_table import changed_lines, draw
from gatewayd.cli.view.json_shapes import board_json
from gatewayd.introspection.rows import EMPTY, Board
from gatewayd.ir.limits import OUTPUT_PATIENCE
from gatewayd.run.causes import causes, leaves
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK, REJECTED
from gatewayd.run.foreground import Ended, Job, RunEnding, Serving
from gatewayd.run.standalone import Options
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy
from gatewayd.telemetry import logs

_OTHER_LINES = 14
"""Lines of the screen that are not rows of routes."""


def envoy_binary(named: Path | None) -> Path:
    """Return the Envoy to run, or end."""
    binary = find_envoy(named or settings().envoy)
    if isinstance(binary, NoEnvoy):
        raise end(binary.message, CANNOT_START)
    return binary


def options(
    folder: Path, *, address: str = "127.0.0.1", envoy: Path | None = None, concurrency: int = 1, drain: float = 5.0
) -> Options:
    """Return the options of a run, or end when there is no Envoy."""
    environment = settings()
    return Options(
        folder=folder,
        address=address,
        envoy=envoy_binary(envoy),
        concurrency=concurrency,
        drain=drain,
        runtime=environment.runtime,
        cache=environment.cache,
        route_discovery=environment.route_discovery,
    )


async def serve(serving: Serving, form: Form, job: Job, deadline: float | None) -> Ended:
    """Run to the end and draw meanwhile; ends the program when it cannot go on, and says why."""
    output = standard_output()
    output.patience = OUTPUT_PATIENCE
    console = Console(file=cast("IO[str]", output))
    try:
        if form is Form.TEXT and console.is_terminal:
            return await _live(serving, console, job, deadline)
        return await _plain(serving, form, job, deadline)
    except (ListenError, ExceptionGroup) as error:
        raise end(_why(error), CANNOT_START) from error


def _why(error: Exception) -> str:
    """Return what to tell of the end of a run: a socket that cannot be made says all that there is to say."""
    refused = error.subgroup(ListenError) if isinstance(error, ExceptionGroup) else error
    return "; ".join(causes(error) if refused is None else (str(each) for each in leaves(refused)))


async def _live(serving: Serving, console: Console, job: Job, deadline: float | None) -> Ended:
    logs.configure(settings().log_level or LOG_LEVEL, logs.Callback(tell=serving.onlooker.logged))
    most_rows = max(5, console.height - _OTHER_LINES)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def show(board: Board) -> None:
            live.update(draw(board, most_rows), refresh=True)

        return await serving.run(show, job, deadline)


async def _plain(serving: Serving, form: Form, job: Job, deadline: float | None) -> Ended:
    log_to_stderr()
    shown = EMPTY

    def show(board: Board) -> None:
        nonlocal shown
        if board != shown:
            _write_change(form, shown, board)
            lost = standard_output().regained()
            if lost is not None:
                serving.onlooker.note(str(lost))
        shown = board

    return await serving.run(show, job, deadline)


def _write_change(form: Form, before: Board, after: Board) -> None:
    match form:
        case Form.JSON:
            write_json(board_json(after), indent=None)
        case Form.TEXT:
            for line in changed_lines(before, after):
                write(line)
        case _:
            assert_never(form)


def code_of(ended: Ended, serving: Serving) -> int:
    """Say why a run ended, where that is bad news, and return the exit code."""
    match ended.why:
        case RunEnding.ASKED:
            return OK
        case RunEnding.GAVE_UP | RunEnding.FAILED:
            fail(ended.reason)
            return CANNOT_START
        case RunEnding.TOO_LATE:
            fail("not everything was in Envoy before the deadline; --deadline gives it longer")
            return CANNOT_START
        case RunEnding.DONE:
            return _code_of_state(serving)
        case _:
            assert_never(ended.why)


def _code_of_state(serving: Serving) -> int:
    run = serving.onlooker.run
    findings = serving.onlooker.findings()
    if any(each.reason == "Rejected" for each in findings):
        return REJECTED
    if any(each.severity == "error" for each in findings) or (run is not None and run.step.problems):
        return INVALID
    return CANNOT_START if run is not None and run.claims.refusals else OK
