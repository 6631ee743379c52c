"""The known name that a misspelt one was meant to be."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

_ALIKE: Final = 0.75
"""The least share of equal letters: `backendRef` is `backendRefs`, `path` is not `port`."""
_SWAPPED: Final = 0.9
_PREFIX: Final = 4
"""Letters after which the beginning of a name is enough: `host` is `hostnames`."""
_LONGEST: Final = 100
"""Letters beyond which nothing is compared: names of fields, kinds and objects that people write are shorter."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `name` is most like, None when it is like none of them."""
    if not name or len(name) > _LONGEST:
        return None
    best = max(((_likeness(name.lower(), each.lower()), each) for each in known), default=(0.0, ""))
    return best[1] if best[0] >= _ALIKE else None


def _likeness(name: str, known: str) -> float:
    if name == known:
        return 1.0
    if sorted(name) == sorted(known):
        # Two letters have changed places.
        return _SWAPPED
    if min(len(name), len(known)) >= _PREFIX and (known.startswith(name) or name.startswith(known)):
        return max(_ALIKE, _ratio(name, known))
    return _ratio(name, known)


def _ratio(name: str, known: str) -> float:
    return SequenceMatcher(None, name, known, autojunk=False).ratio()
