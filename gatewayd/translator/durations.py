"""Gateway API durations to milliseconds.

https://gateway-api.sigs.k8s.io/geps/gep-2257/
"""

import re

_TERM = re.compile(r"([0-9]{1,5})(h|ms|m|s)")
_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def milliseconds(duration: str | None) -> int:
    """Return the length of a duration such as "1h30m" or "500ms"; 0 for an absent one and for "0s"."""
    return sum(int(count) * _MILLISECONDS[unit] for count, unit in _TERM.findall(duration or ""))
