"""`gatewayd explain`: which rule gets a request, what happens to it, and why the other rules do not get it."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewayd.cli.output import Form, FormOption, end, write_json, write_lines
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.explain.request import Sent

app = typer.Typer()


def _address(text: str) -> str:
    """Return the address as it is usually written; "" for one that is not given."""
    try:
        return str(ip_address(text)) if text else ""
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no IP address") from error


@app.command()
def explain(  # noqa: PLR0913 (each is an option)
    paths: Annotated[list[Path], typer.Argument(help="Folders and files of manifests.")],
    *,
    host: Annotated[str, typer.Option("--host", help="Host of the request, with or without a port.")],
    path: Annotated[str, typer.Option("--path", help="Path, with or without a query.")] = "/",
    method: Annotated[str | None, typer.Option("--method", help="Default: GET, POST with --grpc.")] = None,
    header: Annotated[list[str], typer.Option("--header", "-H", metavar="NAME:VALUE", help="A header.")] = [],  # noqa: B006 (typer)
    query: Annotated[list[str], typer.Option("--query", metavar="NAME=VALUE", help="A query parameter.")] = [],  # noqa: B006
    port: Annotated[int | None, typer.Option("--port", help="Port. Default: 80 or 443, else every one.")] = None,
    https: Annotated[bool, typer.Option("--https", help="It comes over TLS; the host is the server name.")] = False,
    grpc: Annotated[bool, typer.Option("--grpc", help="It is a gRPC call: --path /package.Service/Method.")] = False,
    client: Annotated[str, typer.Option("--from", metavar="ADDRESS", callback=_address, help="Of the client.")] = "",
    output: FormOption = Form.TEXT,
) -> None:
    """Tell which rule gets a request and why the others do not; nothing is sent.

    Exit codes: 0 when a rule takes it, 1 when none does.

    Example: gatewayd explain ./gateway --host shop.example --path /cart -H 'env: canary'
    """
    from gatewayd.cli.offline import translation
    from gatewayd.explain.shape import traces_json
    from gatewayd.explain.trace import Taken, Translated, traces
    from gatewayd.explain.words import trace_lines

    headers = (*header, *(("content-type: application/grpc",) if grpc else ()))
    sent = _sent(host, path, method or ("POST" if grpc else "GET"), headers, query, https=https)
    sent = replace(sent, client=client)
    translated = translation(paths)
    configs = tuple(config for _, config in sorted(translated.reconciler.configs.items()))
    all_traces = traces(Translated(engine=translated.engine, configs=configs), sent, port)
    if not all_traces:
        raise end(f"no listener of any Gateway is for {sent.scheme}{f' on port {port}' if port else ''}", INVALID)
    if output is Form.JSON:
        write_json(traces_json(sent, all_traces))
    else:
        place_of = translated.manifests.folder.place_of
        write_lines("\n".join(line for trace in all_traces for line in trace_lines(trace, place_of)))
    raise typer.Exit(OK if any(isinstance(each.end, Taken) for each in all_traces) else INVALID)


def _sent(host: str, path: str, method: str, headers: tuple[str, ...], queries: list[str], *, https: bool) -> "Sent":
    from gatewayd.explain.request import Sent
    from gatewayd.ir.filters import Header

    pairs = [each.partition(":") for each in headers]
    wrong = next((each for each in headers if ":" not in each), None)
    if wrong is not None:
        raise end(f"--header {wrong}: has no colon; NAME:VALUE is allowed", INVALID)
    joined = "&".join(queries)
    target = path + ("&" if "?" in path else "?") + joined if joined else path
    return Sent(
        scheme="https" if https else "http",
        method=method.upper(),
        host=host,
        target=target if target.startswith("/") or "://" in target or target == "*" else f"/{target}",
        headers=tuple(Header(name=name.strip(), value=value.strip()) for name, _, value in pairs),
    )
