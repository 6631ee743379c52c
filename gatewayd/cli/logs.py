"""`gatewayd logs`: what the Envoys of a run, or of a cluster, have written down, each line with its rule and place."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from heapq import nlargest
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final, NamedTuple, cast

import typer

from gatewayd.cli.asked_proxies import ProxyChoice
from gatewayd.cli.asked_run import AskedFor, asking
from gatewayd.cli.completed_names import object_names
from gatewayd.cli.output import Form, FormOption, end, standard_output, write_json
from gatewayd.cli.run_socket import run_socket
from gatewayd.run.exit_codes import CANNOT_START, INVALID

if TYPE_CHECKING:
    from gatewayd.access_log.entry import Choice, LogEntry
    from gatewayd.introspection.places import RulePlace

app = typer.Typer(add_completion=False)

_LOOK: Final = 0.2
"""Seconds between two looks at the files."""
_MOST: Final = 1000
_FIRST_WITH_MORE: Final = 10
_AT_ONCE: Final = 500
"""Entries that are shown together, and whose places are asked for in one go."""

Show = Callable[["list[LogEntry]"], None]
Places = Callable[["list[LogEntry]"], "Iterator[tuple[LogEntry, RulePlace]]"]

_Route = Annotated[
    str | None,
    typer.Option(
        "--route", metavar="KIND/NAMESPACE/NAME", help="Only what this route took.", autocompletion=object_names
    ),
]


@app.command()
@asking
def logs(  # noqa: PLR0913 (each is an option)
    *,
    asked_for: AskedFor,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    route: _Route = None,
    status: Annotated[str | None, typer.Option("--status", help="Only answers such as 404, 5xx or 404,5xx.")] = None,
    gateway: Annotated[
        str, typer.Option("--gateway", metavar="NAMESPACE/NAME", help="Only what came in at this Gateway.")
    ] = "",
    namespace: Annotated[str, typer.Option("-n", "--namespace", help="Only the Gateways of this namespace.")] = "",
    tail: Annotated[
        int | None,
        typer.Option("--tail", min=0, help="Of the lines that are there the last. Default: 1000; 10 with -f."),
    ] = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Show the requests that proxies have taken, each with the rule that took it.

    Those of a running `gatewayd up`, with the file and line of the rule; with --cluster those of a cluster, from the
    logs of the proxies' pods.

    Exit codes: 0, 1 for a route or a status that is none, 3 when nobody runs.
    """
    from gatewayd.access_log.entry import BadChoiceError, by_gateway, by_namespace, by_route, by_status

    wanted = ((by_route, route), (by_status, status), (by_gateway, gateway or None), (by_namespace, namespace or None))
    try:
        choices = [make(text) for make, text in wanted if text is not None]
    except BadChoiceError as error:
        raise end(str(error), INVALID) from error
    with _source(asked_for, ProxyChoice(gateway=gateway, namespace=namespace), follow=follow) as source:
        show = _shown_by(output, source.places)
        most = (_FIRST_WITH_MORE if follow else _MOST) if tail is None else tail
        _show_all(show, _last(_chosen(source.read(), choices), most))
        while follow and not standard_output().is_closed:
            time.sleep(_LOOK)
            _show_all(show, sorted(_chosen(source.read(), choices), key=_time))


class _LogSource(NamedTuple):
    """Where lines are from: what gives those that have come, and where their rules stand."""

    read: "Callable[[], Iterable[bytes]]"
    places: "Places"


@contextmanager
def _source(asked_for: AskedFor, choice: ProxyChoice, *, follow: bool) -> "Iterator[_LogSource]":
    if asked_for.is_cluster:
        from gatewayd.cli.cluster_logs import cluster_lines

        with cluster_lines(asked_for, choice, follow=follow) as lines:
            yield _LogSource(lines.lines, _in_no_file)
        return
    from gatewayd.access_log.tail import Tail

    run = _run(asked_for.socket)
    # The socket is in a folder of its own, beside those of the Envoys.
    with closing(Tail(run.parent.parent)) as tails:
        yield _LogSource(tails.lines, _Places(run).of)


def _run(socket: Path | None) -> Path:
    nobody = "no `gatewayd up` of this user is running; --socket names a run, --cluster asks a cluster"
    run = run_socket(socket, nobody)
    if not run.exists():
        raise end(nobody, CANNOT_START)
    return run


def _chosen(lines: Iterable[bytes], choices: "list[Choice]") -> "Iterator[LogEntry]":
    """Yield the entries that are asked for."""
    from gatewayd.access_log.entry import read_entry

    for line in lines:
        entry = read_entry(line)
        if entry is not None and all(choice(entry) for choice in choices):
            yield entry


def _last(entries: "Iterable[LogEntry]", most: int) -> "list[LogEntry]":
    """Return the latest entries by time, whichever Envoy has written them; of the others none is kept."""
    # Those of one millisecond stay as they were written.
    return sorted(nlargest(most, entries, key=_time), key=_time)


def _time(entry: "LogEntry") -> str:
    return entry.text("time")


def _show_all(show: Show, entries: "list[LogEntry]") -> None:
    for at in range(0, len(entries), _AT_ONCE):
        show(entries[at : at + _AT_ONCE])


class _Places:
    """Where rules stand, asked anew for each lot of entries: files change while requests come."""

    def __init__(self, run: Path) -> None:
        self._run = run

    def of(self, entries: "list[LogEntry]") -> "Iterator[tuple[LogEntry, RulePlace]]":
        """Yield the entries with the places of their rules; without, when the run has ended meanwhile."""
        from gatewayd.introspection.client import NobodyError, fetch_places
        from gatewayd.introspection.places import NOWHERE

        rules = tuple(dict.fromkeys(entry.route for entry in entries if entry.route is not None))
        try:
            known = fetch_places(self._run, rules) if rules else {}
        except NobodyError:
            known = {}
        for entry in entries:
            yield entry, NOWHERE if entry.route is None else known.get(entry.route, NOWHERE)


def _in_no_file(entries: "list[LogEntry]") -> "Iterator[tuple[LogEntry, RulePlace]]":
    """Yield the entries of a cluster, whose objects are in no file that is known."""
    from gatewayd.introspection.places import NOWHERE

    for entry in entries:
        yield entry, NOWHERE


def _shown_by(form: Form, places: "Places") -> Show:
    from rich.console import Console

    from gatewayd.cli.view.log_lines import entry_json, entry_line, heading

    def as_json(entries: "list[LogEntry]") -> None:
        for entry, place in places(entries):
            write_json(entry_json(entry, place), indent=None)

    if form is Form.JSON:
        return as_json
    console = Console(file=cast("IO[str]", standard_output()), highlight=False)
    console.print(heading(), soft_wrap=True)

    def as_table(entries: "list[LogEntry]") -> None:
        for entry, place in places(entries):
            console.print(entry_line(entry, place), soft_wrap=True)

    return as_table
