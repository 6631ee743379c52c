"""Outputs that come back as rows: what has to be remembered of objects as they were.

The reconciler drains each after every batch and puts what it gives into the store, under the key of the object.
"""

from dataclasses import dataclass

from gatewayd.incremental.view import Output, Table
from gatewayd.ir.http import PerHostTables
from gatewayd.ir.tls import LastGood
from gatewayd.translator.certificates import LAST_GOOD
from gatewayd.translator.proxies.route_discovery import PER_HOST_TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """An output, and the kind of row that its values become."""

    output: Output
    row: Table


DERIVED = (
    Derived(output=LAST_GOOD, row=LastGood),
    Derived(output=PER_HOST_TABLES, row=PerHostTables),
)
