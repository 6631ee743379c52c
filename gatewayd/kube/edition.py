"""Which gatewayd a replica is, as replicas tell each other: its version, and how it was told to make configurations.

Replicas of one edition make equal bytes of equal objects, so that they compare these. Those of two do not, as while an
upgrade runs, or while a flag of `gatewayd serve` is being changed.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_STAGES: Final = ("dev", "a", "b", "rc")
_RELEASED: Final = len(_STAGES)
# https://packaging.python.org/en/latest/specifications/version-specifiers/, as far as gatewayd's own versions go.
_VERSION: Final = re.compile(rf"(\d+)\.(\d+)\.(\d+)(?:\.?({'|'.join(_STAGES)})(\d+))?(?:\+.*)?")


@dataclass(frozen=True, kw_only=True)
class Edition:
    """An edition; `text` is "VERSION" or "VERSION+OPTIONS", "" where nobody said."""

    text: str

    @cached_property
    def rank(self) -> tuple[int, ...]:
        """What editions are ordered by; () for one whose version says nothing."""
        match = _VERSION.fullmatch(self.text)
        if match is None:
            return ()
        stage = _STAGES.index(match[4]) if match[4] else _RELEASED
        return (int(match[1]), int(match[2]), int(match[3]), stage, int(match[5] or 0))

    def is_newer_than(self, other: "Edition") -> bool:
        """Return whether this is a later version; never, where one of both says nothing."""
        return bool(self.rank) and bool(other.rank) and self.rank > other.rank


NO_EDITION: Final = Edition(text="")


def edition_of(version: str, *options: object) -> Edition:
    """Return the edition of a version that was told these options; None among them is what nobody said."""
    return Edition(text="+".join((version, *(str(each) for each in options if each is not None))))
