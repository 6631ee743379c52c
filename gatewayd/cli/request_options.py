"""A request as the options of `explain` and `ask` describe it, or as one URL does.

In: what was typed. Out: a `WantedRequest`, or the end of the program with what is allowed.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from gatewayd.cli.output import end
from gatewayd.run.exit_codes import INVALID

if TYPE_CHECKING:
    from gatewayd.explain.request import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRequest:
    """What a request is to be; `port` None: that of the scheme, or every one. `headers` as NAME:VALUE."""

    scheme: str
    host: str
    target: str
    port: int | None
    method: str | None = None
    headers: tuple[str, ...] = ()
    grpc: bool = False
    client: str = ""


def client_address(text: str) -> str:
    """Return the address as it is usually written; "" for one that is not given."""
    try:
        return str(ip_address(text)) if text else ""
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no IP address") from error


HeaderOption = Annotated[list[str], typer.Option("--header", "-H", metavar="NAME:VALUE", help="A header.")]
MethodOption = Annotated[str | None, typer.Option("--method", "-X", help="Default: GET, POST with --grpc.")]


def is_url(text: str) -> bool:
    """Return whether an argument is a URL and no path."""
    return text.startswith(("http://", "https://"))


def from_url(url: str) -> WantedRequest:
    """Return the request that a client makes of a URL; the port is the URL's, 80 or 443 without one."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise end(f"{url}: {error}; a URL such as https://shop.example:8443/cart is allowed", INVALID) from error
    if not parts.hostname:
        raise end(f"{url}: has no host; a URL such as https://shop.example:8443/cart is allowed", INVALID)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WantedRequest(scheme=parts.scheme, host=parts.netloc.rpartition("@")[2], target=target, port=port)


def from_options(host: str, path: str, queries: list[str], port: int | None, *, https: bool) -> WantedRequest:
    """Return the request that --host, --path and the like describe."""
    joined = "&".join(queries)
    target = path + ("&" if "?" in path else "?") + joined if joined else path
    rooted = target if target.startswith("/") or "://" in target or target == "*" else f"/{target}"
    return WantedRequest(scheme="https" if https else "http", host=host, target=rooted, port=port)


def sent(wanted: WantedRequest) -> "Sent":
    """Return the request as a client sends it."""
    from gatewayd.explain.request import Sent
    from gatewayd.ir.filters import Header

    lines = (*wanted.headers, *(("content-type: application/grpc",) if wanted.grpc else ()))
    wrong = next((each for each in lines if ":" not in each), None)
    if wrong is not None:
        raise end(f"--header {wrong}: has no colon; NAME:VALUE is allowed", INVALID)
    pairs = (each.partition(":") for each in lines)
    method = wanted.method or ("POST" if wanted.grpc else "GET")
    return Sent(
        scheme=wanted.scheme,
        method=method.upper(),
        host=wanted.host,
        target=wanted.target,
        headers=tuple(Header(name=name.strip(), value=value.strip()) for name, _, value in pairs),
        client=wanted.client,
    )


def with_more(
    wanted: WantedRequest, method: str | None, headers: list[str], client: str, *, grpc: bool
) -> WantedRequest:
    """Return the request with what no URL says."""
    return replace(wanted, method=method, headers=tuple(headers), client=client, grpc=grpc)
