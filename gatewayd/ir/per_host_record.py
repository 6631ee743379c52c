"""Route tables that are discovered per host <-> the annotation of a Gateway's Service that records them.

A replica that starts reads from it what those before it have decided, so that no restart turns a listener back.
"""

from collections.abc import Iterable
from typing import Final

from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.limits import PER_HOST_RECORD
from gatewayd.own_group import own

PER_HOST_ANNOTATION: Final = own("routes-per-host")


def recorded(tables: Iterable[RouteTableKey]) -> str:
    """Return the annotation: `PORT` or `PORT/LISTENER` for each table, sorted, as many as there is room for."""
    kept: list[str] = []
    length = 0
    for table in sorted(tables):
        text = f"{table.port}/{table.listener}" if table.listener else str(table.port)
        length += len(text) + 1
        if length > PER_HOST_RECORD:
            break
        kept.append(text)
    return ",".join(kept)


def read_record(text: str) -> frozenset[RouteTableKey]:
    """Return the tables that an annotation names; what is not understood names none."""
    pairs = (each.partition("/") for each in text.split(","))
    return frozenset(
        RouteTableKey(port=int(port), listener=listener)
        for port, _, listener in pairs
        if port.isascii() and port.isdecimal() and len(port) <= len("65535")
    )
