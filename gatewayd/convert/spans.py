"""Spans of time as other APIs write them (Go's, and protobuf's in JSON), as the Gateway API does.

https://pkg.go.dev/time#ParseDuration, https://gateway-api.sigs.k8s.io/geps/gep-2257/
"""

import re
from collections.abc import Collection
from typing import Final

from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields

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


def milliseconds(written: Fields, name: str, endless: Collection[str] = ()) -> int | None:
    """Return a duration, 0 for one without end, which is called so; None where there is none.

    One that cannot be read is none, and told.
    """
    text = written.text(name)
    if not text:
        return None
    read = 0 if text in endless else span(text)
    if read is None:
        written.lost(name, f"{text} is no duration such as 1.5s")
    return read


def timeouts(whole: int | None, each: int | None) -> JSON:
    """Return `timeouts` of a rule, of milliseconds for a request and for each try, which cannot be longer."""
    times = {
        **({"request": duration(whole)} if whole is not None else {}),
        **({"backendRequest": duration(each)} if each and (not whole or each <= whole) else {}),
    }
    return {"timeouts": times} if times else {}
