"""How an Envoy begins a stream.

In: the ledgers of the stream. Out: whether more is to be heard before anything may be concluded.
On a new stream Envoy asks for the types in an order of its own: for listeners, secrets, routes and endpoints it may ask
milliseconds before it says which clusters it has. What it has not asked for yet it may need all the same.
https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#aggregated-discovery-service
"""

from collections.abc import Mapping

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.xds.resource import CLUSTER, LISTENER, TypeUrl

Ledgers = Mapping[TypeUrl, Ledger]
"""What one client has, by type."""


def has_yet_to_ask(ledgers: Ledgers) -> bool:
    """Return whether whoever asks for listeners, which goes with asking for clusters, has not come to clusters yet."""
    return not ledgers[CLUSTER].subscription.seen and ledgers[LISTENER].subscription.seen
