"""`gatewayd explain`: which rule gets a request, what happens to it, and why the other rules do not get it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gatewayd.cli.asked_run import AskedFor, answer_of_any, asked_run, asking
from gatewayd.cli.output import EnvoyGatewayKindsOption, Form, FormOption, end, write_json, write_lines
from gatewayd.cli.request_options import (
    HeaderOption,
    MethodOption,
    WantedRequest,
    client_address,
    from_options,
    from_url,
    is_url,
    sent,
    with_more,
)
from gatewayd.cli.service_call import ToOption, call_of, show_call
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.explain.request import Sent
    from gatewayd.explain.trace import Trace
    from gatewayd.offline.translation import Translation

app = typer.Typer(add_completion=False)

_NOBODY: Final = "no gatewayd of this user is running; name a folder, a run with --socket, or a cluster with --cluster"


_Places = Annotated[
    list[str] | None,
    typer.Argument(metavar="[DIR...] [URL]", help="Manifests, else a run is asked; and a URL as curl takes it."),
]
_FromOption = Annotated[
    str, typer.Option("--from", metavar="ADDRESS", help="Of the client; with --to the namespace of the pod.")
]


@app.command()
@asking
def explain(  # noqa: PLR0913 (each is an option)
    places: _Places = None,
    *,
    host: Annotated[str, typer.Option("--host", help="Host of the request, with or without a port.")] = "",
    path: Annotated[str, typer.Option("--path", help="Path, with or without a query.")] = "/",
    method: MethodOption = None,
    header: HeaderOption = [],  # noqa: B006 (typer)
    query: Annotated[list[str], typer.Option("--query", metavar="NAME=VALUE", help="A query parameter.")] = [],  # noqa: B006
    port: Annotated[int | None, typer.Option("--port", help="Port. Default: 80 or 443, else every one.")] = None,
    https: Annotated[bool, typer.Option("--https", help="It comes over TLS; the host is the server name.")] = False,
    grpc: Annotated[bool, typer.Option("--grpc", help="It is a gRPC call: --path /package.Service/Method.")] = False,
    client: _FromOption = "",
    to: ToOption = "",
    asked_for: AskedFor,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    output: FormOption = Form.TEXT,
) -> None:
    """Tell which rule gets a request and why the others do not; nothing is sent.

    Without a folder a running `gatewayd up` is asked, or a cluster. Exit codes: 0 when a rule takes it, else 1.

    Examples: gatewayd explain ./gateway https://shop.example:8443/cart -H 'env: canary';
    gatewayd explain ./gateway --host shop.example --path /cart
    """
    from gatewayd.cli.offline import Reading, translation

    urls = [each for each in places or () if is_url(each)]
    folders = [Path(each) for each in places or () if not is_url(each)]
    reading = Reading(envoy_gateway_kinds=envoy_gateway_kinds)
    if to:
        asked = with_more(from_options(host, path, query, port, https=False), method, header, "", grpc=grpc)
        raise typer.Exit(show_call(call_of(client, to, folders), translation(folders, reading), asked, output))
    if len(urls) > 1 or bool(urls) == bool(host):
        raise end("the request is one URL, such as https://shop.example/cart, or --host with its options", INVALID)
    wanted = from_url(urls[0]) if urls else from_options(host, path, query, port, https=https)
    wanted = with_more(wanted, method, header, client_address(client), grpc=grpc)
    if not folders:
        raise typer.Exit(_show_running(asked_for, wanted, output))
    raise typer.Exit(_show(translation(folders, reading), wanted, output))


def foretold(translated: "Translation", request: "Sent", port: int | None) -> "tuple[Trace, ...]":
    """Return what becomes of a request at each port that it may come to; ends the program when there is none."""
    from gatewayd.explain.trace import Translated, traces

    at_ports = traces(Translated.of(translated.engine, translated.reconciler.configs), request, port)
    if not at_ports:
        raise _without_listener(request, port)
    return at_ports


def _without_listener(request: "Sent", port: int | None) -> typer.Exit:
    where = f" on port {port}" if port else ""
    return end(f"no listener of any Gateway is for {request.scheme}{where}", INVALID)


def _show_running(asked_for: AskedFor, wanted: WantedRequest, output: Form) -> int:
    """Show what a run, or a replica of a cluster, says of a request: all of them know the same rules."""
    from gatewayd.introspection.client import fetch_explanation

    request = sent(wanted)
    with asked_run(asked_for, _NOBODY) as asked:
        explanation = answer_of_any(asked, lambda path: fetch_explanation(path, request, wanted.port))
    if not explanation.lines:
        raise _without_listener(request, wanted.port)
    if output is Form.JSON:
        write_json(explanation.shape)
    else:
        write_lines("\n".join((f"in the run of {explanation.where}", *explanation.lines)))
    return OK if explanation.is_taken else INVALID


def _show(translated: "Translation", wanted: WantedRequest, output: Form) -> int:
    from gatewayd.explain.shape import traces_json
    from gatewayd.explain.trace import Passed, Taken
    from gatewayd.explain.words import trace_lines

    request = sent(wanted)
    at_ports = foretold(translated, request, wanted.port)
    if output is Form.JSON:
        write_json(traces_json(request, at_ports))
    else:
        place_of = translated.manifests.folder.place_of
        write_lines("\n".join(line for trace in at_ports for line in trace_lines(trace, place_of)))
    return OK if any(isinstance(trace.end, Taken | Passed) for trace in at_ports) else INVALID
