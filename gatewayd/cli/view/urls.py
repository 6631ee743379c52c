"""What to try: a request for each HTTP listener of a run, as one would type it.

In: the ProxyConfigs of a run. Out: lines with `curl`, which needs no DNS for them.
"""

from collections.abc import Iterable, Iterator

from gatewayd.ir.backend import ServiceBackend
from gatewayd.ir.http import ExactPath, Forward, PrefixPath, Redirect, Route, RouteTable, RouteTableKey
from gatewayd.ir.proxy import FilterChain, HTTPTraffic, ProxyConfig, StreamListener
from gatewayd.untrusted.printable import printable

_ANY = "*"


def requests_to_try(configs: Iterable[ProxyConfig], address: str) -> Iterator[str]:
    """Yield a command for each port and scheme, for the first host and path that there is."""
    for config in configs:
        tables = {table.key: table for table in config.route_tables}
        for listener in config.listeners:
            if isinstance(listener, StreamListener):
                command = next(
                    filter(None, (_command(chain, tables, listener.port, address) for chain in listener.chains)), ""
                )
                if command:
                    yield printable(command)


def _command(chain: FilterChain, tables: dict[RouteTableKey, RouteTable], port: int, address: str) -> str:
    if not isinstance(chain.traffic, HTTPTraffic):
        return ""
    table = tables.get(chain.traffic.table)
    hosts = [host for host in table.virtual_hosts if any(map(_answers, host.routes))] if table is not None else []
    host = next((each for each in hosts if _ANY not in each.domain), hosts[0] if hosts else None)
    if host is None:
        return ""
    path, scheme = _path(host.routes), chain.traffic.scheme
    insecure = " -k" if scheme == "https" else ""
    if host.domain == _ANY:
        return f"curl{insecure} {scheme}://{address}:{port}{path}"
    name = host.domain.replace(_ANY, "www")
    return f"curl{insecure} --resolve {name}:{port}:{address} {scheme}://{name}:{port}{path}"


def _answers(route: Route) -> bool:
    """Return whether a route does what its author wants: it has a backend that there is, or redirects."""
    match route.action:
        case Forward(backends=backends):
            return any(each.weight and isinstance(each.backend, ServiceBackend) for each in backends)
        case action:
            return isinstance(action, Redirect)


def _path(routes: Iterable[Route]) -> str:
    paths = (route.match.path for route in routes if _answers(route))
    return next((each.value or "/" for each in paths if isinstance(each, ExactPath | PrefixPath)), "/")
