"""`gatewayd ask URL`: one request through the running proxy; which rule answered, beside what `explain` foretells."""

import re
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from gatewayd.cli.output import Form, FormOption, end, write, write_json
from gatewayd.cli.request_options import HeaderOption, MethodOption, WantedRequest, from_url, is_url, sent, with_more
from gatewayd.cli.run_socket import run_socket, status_of
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.access_log.entry import LogEntry
    from gatewayd.cli.one_request import Response
    from gatewayd.explain.request import Sent
    from gatewayd.introspection.rows import Board

app = typer.Typer(add_completion=False)

_WRITTEN_WITHIN: Final = 5.0
"""Seconds within which Envoy has written the line of a request that it has answered."""
_LOOK: Final = 0.05
_LISTENER: Final = re.compile(r"\S+ :(?P<port>[0-9]+)(?: \((?:served on :(?P<bound>[0-9]+))?.*\))?")


class _Entrance(NamedTuple):
    """Where a listener is reached: `port` is that of the Gateway, `bound` that of this machine."""

    address: str
    port: int
    bound: int


class _Outcome(NamedTuple):
    """What came of the request: `answered` is the rule that took it, `foretold` what explain says; "" for none."""

    response: "Response"
    answered: str
    foretold: str
    upstream: str

    @property
    def agrees(self) -> bool:
        """Whether the rule that answered is the one that was foretold."""
        return self.answered == self.foretold


@app.command()
def ask(  # noqa: PLR0913 (each is an option)
    url: Annotated[str, typer.Argument(help="What to ask for, such as https://shop.example:8443/cart.")],
    *,
    method: MethodOption = None,
    header: HeaderOption = [],  # noqa: B006 (typer)
    data: Annotated[
        str | None, typer.Option("--data", "-d", help="Body of the request; POST unless -X says else.")
    ] = None,
    body: Annotated[bool, typer.Option("--body", help="Write the body of the answer too.")] = False,
    socket: Annotated[Path | None, typer.Option("--socket", help="The run to ask. Default: the youngest one.")] = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Send a request through a running `gatewayd up`, and say which rule answered and which should.

    The host of the URL need not be known to DNS: the request goes to the run's own listener of that port, and its
    certificate is not checked.

    Exit codes: 0 when the rule that answered is the one that explain foretells, 1 when not, 3 when nobody runs.
    """
    if not is_url(url):
        raise end(f"{url}: is no URL; one such as http://shop.example:8080/cart is allowed", INVALID)
    wanted = with_more(from_url(url), method or ("POST" if data is not None else "GET"), header, "", grpc=False)
    run = run_socket(socket, "no `gatewayd up` of this user is running; --socket names a run")
    status = status_of(run)
    entrance = _entrance(status.board, wanted)
    request = sent(wanted)
    response, entry = _sent(run, entrance, request, (data or "").encode())
    outcome = _Outcome(
        response=response,
        answered=_answered(entry),
        foretold=_foretold(status.folder, request, entrance.port),
        upstream="" if entry is None else entry.text("upstream"),
    )
    _show(wanted, outcome, output, with_body=body)
    raise typer.Exit(OK if outcome.agrees else INVALID)


def _sent(run: Path, entrance: _Entrance, request: "Sent", body: bytes) -> "tuple[Response, LogEntry | None]":
    """Send the request; return the answer and the line that Envoy wrote of it. Ends the program without an answer."""
    from gatewayd.access_log.tail import Tail
    from gatewayd.cli.one_request import NoAnswerError, send

    with closing(Tail(run.parent.parent)) as tails:
        tails.skip()
        try:
            response = send(request, entrance.address, entrance.bound, body)
        except NoAnswerError as error:
            raise end(str(error), INVALID) from error
        return response, _logged(tails, response.client)


def _entrance(board: "Board", wanted: WantedRequest) -> _Entrance:
    """Return the listener that a URL leads to: by the port of this machine, else by the Gateway's."""
    entrances = [
        _Entrance(
            row.address.partition(",")[0] or "127.0.0.1", int(match["port"]), int(match["bound"] or match["port"])
        )
        for row in board.gateways
        for match in map(_LISTENER.fullmatch, row.listeners)
        if match is not None
    ]
    for entrance in (*(each for each in entrances if each.bound == wanted.port), *entrances):
        if wanted.port in (entrance.bound, entrance.port):
            return entrance
    ports = ", ".join(sorted({str(each.bound) for each in entrances})) or "none"
    raise end(f"no listener of the run has port {wanted.port}; there are: {ports}", INVALID)


def _logged(tails: Any, client: str) -> "LogEntry | None":
    """Return the line that Envoy writes of the request; None when it does not come."""
    from gatewayd.access_log.entry import read_entry

    until = time.monotonic() + _WRITTEN_WITHIN
    while time.monotonic() < until:
        for line in tails.lines():
            entry = read_entry(line)
            if entry is not None and entry.text("client") == client:
                return entry
        time.sleep(_LOOK)
    return None


def _answered(entry: "LogEntry | None") -> str:
    """Return the rule of a line of the log, as explain calls it."""
    from gatewayd.explain.route_chain import TABLES
    from gatewayd.ir.http import rule_field

    if entry is None or entry.route is None:
        return ""
    route = entry.route
    kind = TABLES[route.kind].__name__ if route.kind in TABLES else route.kind
    rule = "" if route.rule is None else f" {rule_field(route.rule)}"
    return f"{kind} {route.namespace}/{route.name}{rule}"


def _foretold(folder: str, request: "Sent", port: int) -> str:
    from gatewayd.cli.explain import foretold
    from gatewayd.cli.offline import translation
    from gatewayd.explain.trace import Taken

    if not Path(folder).is_dir():
        raise end(
            f"{folder}: the folder of the run is not here; start `gatewayd ask` where the run was started", INVALID
        )
    taken = [
        trace.end for trace in foretold(translation([Path(folder)]), request, port) if isinstance(trace.end, Taken)
    ]
    if not taken:
        return ""
    rule = taken[0].rule
    return f"{rule.kind} {rule.namespace}/{rule.name} {rule.rule_field}"


def _show(wanted: WantedRequest, outcome: _Outcome, output: Form, *, with_body: bool) -> None:
    response = outcome.response
    if output is Form.JSON:
        write_json({
            "status": response.status,
            "headers": [{"name": name, "value": value} for name, value in response.headers],
            "answered": outcome.answered or None,
            "foretold": outcome.foretold or None,
            "agrees": outcome.agrees,
            "upstream": outcome.upstream or None,
        })  # fmt: skip
        return
    write(f"{wanted.method} {wanted.scheme}://{wanted.host}{wanted.target}")
    by = f" by {outcome.answered}" if outcome.answered else ", and no rule took it"
    at = f", from {outcome.upstream}" if outcome.upstream not in {"", "-"} else ""
    write(f"{response.status} {response.reason} in {response.milliseconds:.0f} ms{by}{at}")
    location = next((value for name, value in response.headers if name.lower() == "location"), "")
    if location:
        write(f"location: {location}")
    foretold = outcome.foretold or "no rule"
    write("as explain foretells" if outcome.agrees else f"NOT as explain foretells: {foretold} should take it")
    if with_body:
        write("")
        for line in response.body.decode(errors="replace").splitlines():
            write(line)
