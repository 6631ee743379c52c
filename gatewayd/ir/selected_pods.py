"""The Service without an address by which pods that an object selects get EndpointSlices, as Kubernetes makes them."""

from dataclasses import dataclass
from hashlib import blake2b

from gatewayd.ir.infrastructure import Pairs
from gatewayd.own_group import MANAGER

_LONGEST = 63
_READABLE = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectingService:
    """What shall be there for the XBackend `namespace`/`backend` with this `uid`, or (`is_wanted` False) shall go.

    `is_there`: whether it is, so that one that somebody deletes is wanted anew. `manager` marks whose it is.
    """

    namespace: str
    backend: str
    uid: str
    selector: Pairs
    port: int
    manager: str
    is_wanted: bool
    is_there: bool

    @property
    def name(self) -> str:
        """The name of the Service."""
        return selecting_name(self.backend)


def selecting_name(backend: str) -> str:
    """Return the name of the Service of an XBackend: its own after ours, shortened with a hash where that is no name.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names
    """
    name = f"{MANAGER}-xbackend-{backend}"
    if len(name) <= _LONGEST and "." not in backend:
        return name
    readable = backend.replace(".", "-")[:_READABLE].strip("-")
    return f"{MANAGER}-xbackend-{readable}-{blake2b(backend.encode(), digest_size=5).hexdigest()}"
