"""Durations of the Gateway API, such as 1h30m or 250ms, as whole milliseconds.

https://gateway-api.sigs.k8s.io/geps/gep-2257/
"""

import re
from typing import Final

_PART: Final = re.compile(r"([0-9]+)(ms|h|m|s)")
_MILLISECONDS: Final = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def milliseconds(duration: str | None) -> int:
    """Measure a duration that the structs of this package have accepted, in milliseconds; 0 for an absent one."""
    return sum(int(amount) * _MILLISECONDS[unit] for amount, unit in _PART.findall(duration or ""))
