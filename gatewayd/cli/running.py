"""What `up` and `demo` share: the options of a run, and drawing it."""

import asyncio
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, assert_never, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gatewayd.access_log.minute import NO_REQUESTS, by_object
from gatewayd.ads.listen import ListenError
from gatewayd.api.meta import ObjectKey
from gatewayd.cli.environment import LOG_LEVEL, log_to_stderr, settings
from gatewayd.cli.output import Form, end, fail, standard_output, write, write_json
from gatewayd.cli.view.board_table import Room, Traffic, TrafficOf, changed_lines, draw
from gatewayd.cli.view.json_shapes import board_json
from gatewayd.cli.view.urls import requests_to_try
from gatewayd.explain.route_endpoints import ready_endpoints
from gatewayd.introspection.rows import EMPTY, Board, RouteRow
from gatewayd.ir.limits import OUTPUT_PATIENCE
from gatewayd.run.causes import causes, leaves
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK, REJECTED
from gatewayd.run.folder_lock import FolderServedError, folder_lock
from gatewayd.run.foreground import Ended, Job, RunEnding, Serving
from gatewayd.run.standalone import Options
from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy
from gatewayd.telemetry import logs
from gatewayd.untrusted.printable import printable

_MOST_HINTS = 4
"""Requests that are proposed."""


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold a folder for as long as it is served; ends the program when another run serves it."""
    try:
        with folder_lock(folder):
            yield
    except FolderServedError as error:
        raise end(str(error), INVALID) from error


def envoy_binary(named: Path | None) -> Path:
    """Return the Envoy to run, or end."""
    binary = find_envoy(named or settings().envoy)
    if isinstance(binary, NoEnvoy):
        raise end(binary.message, CANNOT_START)
    return binary


def options(
    folder: Path,
    *,
    address: str = "127.0.0.1",
    envoy: Path | None = None,
    concurrency: int = 1,
    drain: float = 5.0,
    zone: str = "",
) -> Options:
    """Return the options of a run, or end when there is no Envoy."""
    environment = settings()
    return Options(
        folder=folder,
        address=address,
        envoy=envoy_binary(envoy),
        concurrency=concurrency,
        drain=drain,
        zone=zone,
        runtime=environment.runtime,
        cache=environment.cache,
        route_discovery=environment.route_discovery,
    )


async def serve(
    serving: Serving, form: Form, job: Job, deadline: float | None, hints: Sequence[str] | None = None
) -> Ended:
    """Run to the end and draw meanwhile; ends the program when it cannot go on, and says why.

    `hints` are what to try, in the place of a request for each listener.
    """
    output = standard_output()
    output.patience = OUTPUT_PATIENCE
    console = Console(file=cast("IO[str]", output))
    try:
        if form is Form.TEXT and console.is_terminal:
            return await _live(serving, console, job, deadline, hints)
        return await _plain(serving, form, job, deadline, hints)
    except (ListenError, ExceptionGroup) as error:
        raise end(_why(error), CANNOT_START) from error


def _why(error: Exception) -> str:
    """Return what to tell of the end of a run: a socket that cannot be made says all that there is to say."""
    refused = error.subgroup(ListenError) if isinstance(error, ExceptionGroup) else error
    return "; ".join(causes(error) if refused is None else (str(each) for each in leaves(refused)))


async def _live(
    serving: Serving, console: Console, job: Job, deadline: float | None, hints: Sequence[str] | None
) -> Ended:
    logs.configure(settings().log_level or LOG_LEVEL, logs.Callback(tell=serving.onlooker.logged))
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:

        def show(board: Board) -> None:
            # Measured anew each time: one line is the cursor's.
            room = Room(width=console.width, height=max(4, console.height - 1))
            traffic = _traffic(serving)
            live.update(draw(board, room, _hints(serving) if hints is None else hints, traffic), refresh=True)

        def redraw() -> None:
            # What stands there has been wrapped by the terminal: it cannot be drawn over.
            live.stop()
            console.clear()
            live.start()
            show(serving.onlooker.board())

        live.update(Text(printable(f"reading {serving.served.options.folder}")), refresh=True)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, redraw)
        unwatch = serving.onlooker.last_minute.watch(serving.onlooker.changed)
        try:
            return await serving.run(show, job, deadline)
        finally:
            unwatch()
            loop.remove_signal_handler(signal.SIGWINCH)


def _traffic(serving: Serving) -> TrafficOf:
    """Return what tells of the requests of a route; requests are counted once for all that is drawn."""
    requests = by_object(serving.onlooker.last_minute.counts())
    engine = serving.served.reconciler.store.engine

    def traffic(row: RouteRow) -> Traffic:
        key = ObjectKey(*row.name.split("/", 1))
        return Traffic(endpoints=ready_endpoints(engine, row.kind, key), requests=requests.get(row.object, NO_REQUESTS))

    return traffic


def _hints(serving: Serving) -> list[str]:
    """Return what to try, as far as proxies serve something."""
    run = serving.onlooker.run
    if run is None:
        return []
    configs = (config for fleet, config in sorted(run.reconciler.configs.items()) if fleet not in run.claims.refusals)
    return [f"try: {each}" for each in requests_to_try(configs, run.options.address)][:_MOST_HINTS]


async def _plain(serving: Serving, form: Form, job: Job, deadline: float | None, hints: Sequence[str] | None) -> Ended:
    log_to_stderr()
    shown, proposed = EMPTY, set(hints or ())
    for line in hints or ():
        write(line)

    def show(board: Board) -> None:
        nonlocal shown
        if board != shown:
            _write_change(form, shown, board)
            lost = standard_output().regained()
            if lost is not None:
                serving.onlooker.note(str(lost))
        shown = board
        if (
            form is Form.TEXT
            and hints is None
            and serving.onlooker.run is not None
            and serving.onlooker.run.is_settled()
        ):
            for line in _hints(serving):
                if line not in proposed:
                    proposed.add(line)
                    write(f"{time.strftime('%H:%M:%S')} {line}")

    return await serving.run(show, job, deadline)


def _write_change(form: Form, before: Board, after: Board) -> None:
    match form:
        case Form.JSON:
            write_json(board_json(after), indent=None)
        case Form.TEXT:
            known = frozenset(after.notices)
            for line in changed_lines(before, after):
                # Notices have their time already.
                write(line if line in known else f"{time.strftime('%H:%M:%S')} {line}")
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
    if run is not None and not run.folder.documents and run.has_read:
        fail(f"{run.options.folder}: holds no .yaml, .yml or .json file")
        return INVALID
    findings = serving.onlooker.findings()
    if any(each.reason == "Rejected" for each in findings):
        return REJECTED
    if any(each.severity == "error" for each in findings) or (run is not None and run.step.problems):
        return INVALID
    return CANNOT_START if run is not None and run.claims.refusals else OK
