"""Spans of time as other APIs write them (Go's, and protobuf's in JSON), as the Gateway API does.

https://pkg.go.dev/time#ParseDuration, https://gateway-api.sigs.k8s.io/geps/gep-2257/
"""

import re
from typing import Final

_PART: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(ns|us|µs|ms|s|m|h)")
_MILLISECONDS: Final = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1_000.0, "m": 60_000.0, "h": 3_600_000.0}
_LONGEST: Final = 99_999 * 3_600_000
"""Five digits of hours, the most that a duration of the Gateway API can say."""


def span(text: str) -> int | None:
    """Return a duration in milliseconds, None for what is none; a part of a millisecond counts as one."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    total = sum(float(number) * _MILLISECONDS[unit] for number, unit in parts)
    return min(-int(-total // 1), _LONGEST)


def duration(milliseconds: int) -> str:
    """Return milliseconds as the Gateway API writes them."""
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, rest = divmod(rest, 1_000)
    if not hours and rest and not minutes and milliseconds < 100_000:
        return f"{milliseconds}ms"
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"), (rest, "ms"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
