"""Quantities and durations as Envoy Gateway's kinds write them -> whole numbers."""

from decimal import ROUND_FLOOR

from gatewayd.api.names import shown
from gatewayd.ir.quantity import QUANTITY, amount
from gatewayd.translator.envoy_gateway.taken import Telling


def whole_bytes(written: int | str | None, path: str, telling: Telling) -> int | None:
    """Return a quantity of bytes; None where there is none, or what is there is none."""
    if written is None or isinstance(written, int):
        return written
    if QUANTITY.fullmatch(written) is None:
        telling.refuse(path, f"{shown(written)} is no quantity; allowed are such as 65536, 64Ki, 1M")
        return None
    return int(amount(written).to_integral_value(ROUND_FLOOR))
