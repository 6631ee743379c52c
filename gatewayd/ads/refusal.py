"""Which resources of a refused response are to blame.

In: the type, the names of the response, Envoy's words. Out: `Blame`.
Envoy applies the good clusters or listeners of a response and lists the bad ones ("Error adding/updating cluster(s)
NAME: REASON, NAME: REASON", one listener a line), so the others are as good as ACKed:
https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/upstream/cds_api_impl.cc
https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/listener_manager/lds_api.cc
Everything else (a body that does not parse, a broken constraint, every other type) refuses the response as a whole or
stops in the middle of it: then nothing may be taken as applied.
"""

from collections.abc import Collection
from dataclasses import dataclass

from gatewayd.xds.resource import CLUSTER, LISTENER, TypeUrl

_LISTS = {CLUSTER: "Error adding/updating cluster(s) ", LISTENER: "Error adding/updating listener(s) "}
_TRUNCATED = "...(truncated)"
_LONGEST = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One resource that a client does not take: its version and the client's words.

    It is not sent to that client again until its version changes.
    """

    version: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """`refused` are at fault. When `rest_applied`, the client took everything else; otherwise nobody knows."""

    refused: frozenset[str]
    rest_applied: bool


def blame(type_url: TypeUrl, names: Collection[str], message: str) -> Blame:
    """Read a NACK of a response that made the resources `names`."""
    listed = _listed(type_url, names, message)
    if listed:
        return Blame(refused=listed, rest_applied=not message.endswith(_TRUNCATED))
    if len(names) == 1:
        return Blame(refused=frozenset(names), rest_applied=False)
    return Blame(refused=frozenset(), rest_applied=False)


def _listed(type_url: TypeUrl, names: Collection[str], message: str) -> frozenset[str]:
    """Return the names that stand as `NAME: ` at the start of the list or after one of its separators."""
    head = _LISTS.get(type_url)
    if head is None:
        return frozenset()
    text = message.partition(head)[2]
    return frozenset(
        name for name in names if text.startswith(f"{name}: ") or f", {name}: " in text or f"\n{name}: " in text
    )


def shortened(message: str) -> str:
    """Bound what is kept of a client's words, in characters."""
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "..."
