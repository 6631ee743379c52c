"""Which resources of a refused response are to blame.

In: the type, the names of the response, Envoy's words. Out: the names at fault; none when the words do not say.
Envoy applies the good clusters or listeners of a response and lists the bad ones ("Error adding/updating cluster(s)
NAME: REASON, NAME: REASON", one listener a line):
https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/upstream/cds_api_impl.cc
https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/listener_manager/lds_api.cc
But it remembers the version of none of them, and would not name them after a reconnect: so even what was applied is
sent once more, without the bad ones, and counts when that is ACKed. Everything else (a body that does not parse, a
broken constraint, every other type) refuses a response as a whole or stops in the middle of it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from gatewayd.ir.limits import REFUSAL_WORDS, REFUSALS_IN_WORDS
from gatewayd.xds.resource import CLUSTER, LISTENER, TypeUrl

_LISTS = {CLUSTER: "Error adding/updating cluster(s) ", LISTENER: "Error adding/updating listener(s) "}
MANY_REFUSALS = f"in other words than the first {REFUSALS_IN_WORDS} resources of this type"
"""What stands for a client's words that are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One resource that a client does not take: its version and the client's words.

    It is not sent to that client again until its version changes. `leads_to`: the client was not asked, as it is this
    that it refuses.
    """

    version: str
    message: str
    leads_to: str = ""


def culprits(type_url: TypeUrl, names: Collection[str], message: str) -> frozenset[str]:
    """Return which of the resources that a response made were refused: the listed ones, or the only one.

    A list entry is `NAME: ` at the start of the list or after one of its separators.
    """
    text = message.partition(_LISTS[type_url])[2] if type_url in _LISTS else ""
    listed = frozenset(
        name for name in names if text.startswith(f"{name}: ") or f", {name}: " in text or f"\n{name}: " in text
    )
    return frozenset(names) if len(names) == 1 else listed


def shortened(message: str) -> str:
    """Bound what is kept of a client's words, in characters."""
    return message if len(message) <= REFUSAL_WORDS else message[:REFUSAL_WORDS] + "..."
