"""What a client that comes back declares, without a look at each of thousands of names where it is what it shall have.

In: a first request, and a set of resources. Out: the versions that it declares, and whether they are those of the set,
all of them and no others. Each client declares them in an order of its own; two messages are compared inside the
library, which makes no text of them, and the one to compare with is made once for all streams.
"""

from collections.abc import Mapping

from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.swept_cache import Recent
from gatewayd.ir.limits import COMPARED_VERSIONS
from gatewayd.xds.resource import Resources

_Request = discovery_pb2.DeltaDiscoveryRequest


class DeclaredVersions:
    """See the module's text."""

    __slots__ = ("_memo", "_versions")

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._memo: Recent[int, tuple[Resources, discovery_pb2.DeltaDiscoveryRequest]] = Recent(most=COMPARED_VERSIONS)

    def __call__(self, resources: Resources, message: discovery_pb2.DeltaDiscoveryRequest) -> Mapping[str, str]:
        """Return the versions that a request declares; of just these resources it is their very mapping."""
        is_same = self._are_all(resources, message)
        return self._versions(resources) if is_same else dict(message.initial_resource_versions)

    def _are_all(self, resources: Resources, message: discovery_pb2.DeltaDiscoveryRequest) -> bool:
        if len(message.initial_resource_versions) != len(resources):
            return False
        expected = self._expected(resources)
        for field in ("resource_names_subscribe", "resource_names_unsubscribe"):
            names = getattr(expected, field)
            del names[:]
            names.extend(getattr(message, field))
        expected.type_url, expected.response_nonce = message.type_url, message.response_nonce
        expected.node.CopyFrom(message.node)
        if not message.HasField("node"):
            expected.ClearField("node")
        return bool(expected == message)

    def sweep(self) -> None:
        """Forget the sets that nobody has asked about since the last sweep."""
        self._memo.sweep()

    def _expected(self, resources: Resources) -> discovery_pb2.DeltaDiscoveryRequest:
        known = self._memo.get(id(resources))
        if known is None:
            message = _Request(initial_resource_versions=self._versions(resources))
            known = self._memo.put(id(resources), (resources, message), weight=1 + len(resources))
        return known[1]
