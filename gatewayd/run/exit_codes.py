"""What a command of `gatewayd` ends with."""

from typing import Final

OK: Final = 0
INVALID: Final = 1
"""The input is wrong."""
REJECTED: Final = 2
"""Envoy does not take it."""
CANNOT_START: Final = 3
