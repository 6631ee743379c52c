"""What a response of the state-of-the-world variant carries.

In: the ledger of a type, and names to send. Out: the content of the response.
"""

from envoy.config.endpoint.v3 import endpoint_pb2

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.sharing.response_encoder import Mode, ResponseContent, state_version
from gatewayd.xds.resource import ENDPOINT, Resource, resource


def state_of_the_world(ledger: Ledger, names: tuple[str, ...]) -> ResponseContent:
    """Return the content of a response of the SotW variant that carries these names.

    SPEC#grouping-resources-into-responses: "the server must include the complete state of the world" for listeners and
    clusters (and Envoy reads scopes that way too), what may not change yet as it was before.
    """
    target, state = ledger.target, ledger.effective(frozenset(names))
    resources = tuple(state) if ledger.row.wildcard else tuple(target[name] for name in sorted(names) if name in target)
    if ledger.row.url == ENDPOINT:
        resources += tuple(_no_endpoints(name) for name in sorted(names) if name not in target)
    return ResponseContent(
        mode=Mode.SOTW, type_url=ledger.row.url, made=resources, removed=(), version=state_version(state)
    )


def _no_endpoints(name: str) -> Resource:
    """Return the assignment of a cluster that has no endpoints."""
    message = endpoint_pb2.ClusterLoadAssignment(cluster_name=name)
    return resource(ENDPOINT, name, message.SerializeToString(deterministic=True))
