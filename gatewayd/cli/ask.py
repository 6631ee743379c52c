"""`gatewayd ask URL`: one request through a proxy; which rule answered, beside what `explain` foretells."""

import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from gatewayd.cli.asked_run import AskedFor, AskedRun, answer_of_any, asked_run, asking, status_of_all
from gatewayd.cli.completed_names import gateway_names
from gatewayd.cli.entrances import Entrance, entrances, leading_to
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


_Data = Annotated[str | None, typer.Option("--data", "-d", help="Body of the request; POST unless -X says else.")]
_Gateway = Annotated[
    str,
    typer.Option(
        "--gateway",
        metavar="NAMESPACE/NAME",
        help="Ask this Gateway, where several have the port.",
        autocompletion=gateway_names,
    ),
]


@app.command()
@asking
def ask(  # noqa: PLR0913 (each is an option)
    url: Annotated[str, typer.Argument(help="What to ask for, such as https://shop.example:8443/cart.")],
    *,
    method: MethodOption = None,
    header: HeaderOption = [],  # noqa: B006 (typer)
    data: _Data = None,
    gateway: _Gateway = "",
    body: Annotated[bool, typer.Option("--body", help="Write the body of the answer too.")] = False,
    asked_for: AskedFor,
    output: FormOption = Form.TEXT,
) -> None:
    """Send a request through a proxy of a run or a cluster, and say which rule answered and which should.

    The host of the URL need not be known to DNS: the request goes to a listener of that port, on this machine or, by
    the API server, in a proxy's pod. Its certificate is not checked.

    Exit codes: 0 when the rule that answered is the one that explain foretells, 1 when not, 3 when nobody runs.
    """
    if not is_url(url):
        raise end(f"{url}: is no URL; one such as http://shop.example:8080/cart is allowed", INVALID)
    wanted = with_more(from_url(url), method or ("POST" if data is not None else "GET"), header, "", grpc=False)
    way = _by_cluster if asked_for.is_cluster else _by_run
    outcome = way(asked_for, gateway, wanted, (data or "").encode())
    _show(wanted, outcome, output, with_body=body)
    raise typer.Exit(OK if outcome.agrees else INVALID)


def _by_run(asked_for: AskedFor, gateway: str, wanted: WantedRequest, body: bytes) -> _Outcome:
    run = run_socket(
        asked_for.socket, "no `gatewayd up` of this user is running; --socket names a run, --cluster asks one"
    )
    status = status_of(run)
    entrance = _entrances(status.board, gateway, wanted)[0]
    request = sent(wanted)
    response, entry = _sent(run, entrance, request, body)
    return _outcome(response, entry, _foretold(status.folder, request, entrance.port))


def _by_cluster(asked_for: AskedFor, gateway: str, wanted: WantedRequest, body: bytes) -> _Outcome:
    from gatewayd.cli.cluster_ask import CLIENT, forwarded_proxy
    from gatewayd.cli.one_request import NoAnswerError, send

    request = sent(wanted)
    with asked_run(asked_for) as asked:
        known = _entrances(status_of_all(asked).board, gateway, wanted)
        entrance, foretold = _foretold_by_replica(asked, replace(request, client=CLIENT), known)
    with forwarded_proxy(asked_for, entrance.gateway, entrance.bound) as proxy:
        try:
            response = send(request, "127.0.0.1", proxy.port, body)
        except NoAnswerError as error:
            raise end(f"proxy {proxy.pod} of {entrance.gateway}: {error}", INVALID) from error
        return _outcome(response, proxy.written(request), foretold)


def _outcome(response: "Response", entry: "LogEntry | None", foretold: str) -> _Outcome:
    upstream = "" if entry is None else entry.text("upstream")
    return _Outcome(response=response, answered=_answered(entry), foretold=foretold, upstream=upstream)


def _sent(run: Path, entrance: Entrance, request: "Sent", body: bytes) -> "tuple[Response, LogEntry | None]":
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


def _entrances(board: "Board", gateway: str, wanted: WantedRequest) -> list[Entrance]:
    """Return the listeners that a URL leads to, one at least; ends the program when there is none."""
    known = entrances(board, gateway)
    leading = leading_to(wanted.port, known)
    if not leading:
        ports = ", ".join(sorted({str(each.bound) for each in known})) or "none"
        of = f"Gateway {gateway}" if gateway else "any Gateway"
        raise end(f"no listener of {of} has port {wanted.port}; there are: {ports}", INVALID)
    return leading


def _foretold_by_replica(asked: AskedRun, request: "Sent", known: list[Entrance]) -> tuple[Entrance, str]:
    """Return the listener whose Gateway takes the request, and the rule that is to answer; else the first, and ""."""
    from gatewayd.introspection.client import fetch_explanation

    for entrance in known:
        explain = partial(fetch_explanation, sent=request, port=entrance.port)
        for answer in answer_of_any(asked, explain).shape["answers"]:
            if answer["gateway"] == entrance.gateway and answer["result"] == "rule":
                rule = answer["rule"]
                return entrance, f"{rule['kind']} {rule['namespace']}/{rule['name']} {_rule_field(rule['field'])}"
    return known[0], ""


def _rule_field(field: str) -> str:
    """Return the field of the rule that a match stands in."""
    return field.partition(".matches[")[0].partition(".http.paths[")[0]


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
