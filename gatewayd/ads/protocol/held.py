"""What a client has of a name, as far as that is known.

Held         what the client has                              comes from
Resource     that, which this stream has carried              a target that moved on
str          that version, which it declared                  declare
None         nothing                                          a target that moved on
Unsure       one of two things                                nack of another name; declare, after such a stream
UNKNOWN      unknown, and it waits for an answer              subscribe, refresh
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from gatewayd.xds.resource import Resource


class Unknown(Enum):
    """It is unknown what the client has; it waits for an answer, even if the resource does not exist."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """The client has what it had before, or what a refused response carried beside the culprit; this one is likely."""

    likely: Resource | None


# Names of which a client may have something else than it says, unless it says this: a version, "" for nothing;
# with None, whatever it says.
Doubts: TypeAlias = Mapping[str, str | None]

# A resource that this stream has carried; the version that the client declared; nothing; or nobody knows.
Held: TypeAlias = Resource | str | Unsure | Unknown | None


def version_of(held: Held) -> str | None:
    """Return the version that the client has, None when it has none or that is unknown."""
    match held:
        case Resource():
            return held.version
        case str():
            return held
        case _:
            return None


def unsure(before: Held, applied: Resource | None) -> Held:
    """Return what a client may have after a response that was refused for another resource."""
    match before:
        case Unknown() if applied is None:
            return before
        case Unsure():
            return Unsure(likely=applied or before.likely)
        case Resource():
            return Unsure(likely=applied or before)
        case _:
            return Unsure(likely=applied)
