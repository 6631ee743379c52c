"""The proxies of a Status as a table."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from gatewayd.introspection.status import ProxyRow, TypeRow
from gatewayd.ir.envoy_releases import SUPPORTED, is_supported
from gatewayd.untrusted.printable import printable


def proxies_table(proxies: Iterable[ProxyRow]) -> Table:
    """Draw a row for each type at each proxy; text of others is never markup."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("Proxy", "Gateway", "Envoy", "Type", "Resources", "State"):
        table.add_column(column, overflow="fold")
    for proxy in proxies:
        for at, row in enumerate(proxy.types):
            first = (proxy.node, proxy.gateway) if at == 0 else ("", "")
            names = (*(Text(printable(each)) for each in first), release(proxy.envoy_version) if at == 0 else Text())
            table.add_row(*names, Text(row.type), Text(str(row.resources)), state(row))
    return table


def release(version: str) -> Text:
    """Say which Envoy it is, and whether it is one of those that read all that is sent."""
    if is_supported(version):
        return Text(printable(version))
    return Text(printable(f"{version}, outside of {SUPPORTED}"), style="yellow")


def state(row: TypeRow) -> Text:
    """Say how far a proxy is with a type."""
    if row.rejections:
        words = "; ".join(f"{', '.join(each.names)}: {each.message}" for each in row.rejections)
        return Text(printable(f"refused: {words}"), style="red")
    if row.pending:
        return Text(printable(f"{len(row.pending)} not ACKed yet: {', '.join(row.pending[:5])}"), style="yellow")
    return Text("ACKed", style="green")
