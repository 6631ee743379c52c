"""What releases before the supported range refuse configurations with, in Envoy's words.

It is no excuse for a release of the range: there nothing may stand here (`tests/unit/ir/test_envoy_releases.py`).
"""

from collections.abc import Mapping
from typing import Final

_INSIDE: Final = "filter factory from server factory context is not supported"
"""A filter inside of a matcher of a route: a redirect that keeps the host of the request."""
_NAMELESS: Final = "Didn't find a registered implementation for '' with type URL: ''"
"""The same of a filter that asks a server."""
_GLOBAL: Final = "config must be present for global config"
"""A local rate limit that a route turns on."""

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "1.36.4": (_INSIDE, _NAMELESS, _GLOBAL),
    "1.37.0": (_INSIDE, _GLOBAL),
    "1.38.3": (_INSIDE,),
    "1.39.3": (_INSIDE,),
}


def is_known(version: str, said: str) -> bool:
    """Say whether a release is known to refuse something in such words."""
    return any(words in said for words in KNOWN.get(version, ()))
