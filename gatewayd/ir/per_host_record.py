"""Route tables that are discovered per host <-> the annotation of a Gateway's Service that records them.

A replica that starts reads from it what those before it have decided, so that no restart turns a listener back.
"""

from typing import Final

from gatewayd.ir.host_groups import read_group, read_table
from gatewayd.ir.http import PerHostTables
from gatewayd.ir.limits import PER_HOST_RECORD
from gatewayd.own_group import own

PER_HOST_ANNOTATION: Final = own("routes-per-host")


def recorded(of: PerHostTables) -> str:
    """Return the annotation: `PORT` or `PORT/LISTENER` for each table, `TABLE:#NUMBER` for each group that is apart.

    Sorted, tables first, as many as there is room for.
    """
    kept: list[str] = []
    length = 0
    for text in (*map(str, sorted(of.tables)), *map(str, sorted(of.apart))):
        length += len(text) + 1
        if length > PER_HOST_RECORD:
            break
        kept.append(text)
    return ",".join(kept)


def read_record(text: str) -> PerHostTables:
    """Return what an annotation names; what is not understood names nothing."""
    each = text.split(",")
    groups = {one: read_group(one) for one in each}
    tables = (read_table(one) for one, group in groups.items() if group is None)
    return PerHostTables(
        tables=frozenset(table for table in tables if table is not None),
        apart=frozenset(group for group in groups.values() if group is not None),
    )
