"""The Node message of a client's first request, for display: no decision depends on it.

In: a Node message. Out: the few words of it that are kept. Raises ProtocolError when they are longer than any client's.
"""

from dataclasses import dataclass

from envoy.config.core.v3 import base_pb2

from gatewayd.ads.protocol.subscription import ProtocolError
from gatewayd.ir.limits import DEFAULT_DRAIN_SECONDS, LONGEST_DRAIN_SECONDS, NODE_BYTES
from gatewayd.xds.bootstrap import DRAIN_FIELD


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientNode:
    """What is kept of a Node message, which is large and may carry the names of all resources that the client has.

    `drain` is how long its listeners drain, in seconds.
    """

    id: str
    cluster: str
    version: str
    drain: float


NOBODY = ClientNode(id="", cluster="", version="", drain=DEFAULT_DRAIN_SECONDS)


def node_of(message: base_pb2.Node) -> ClientNode:
    """Read the first request's node; the version is the build, as it says. Raises ProtocolError."""
    words = {"id": message.id, "cluster": message.cluster, "user_agent_name": message.user_agent_name}
    for field, text in (*words.items(), ("user_agent_version", message.user_agent_version)):
        size = len(text.encode())
        if size > NODE_BYTES:
            raise ProtocolError(f"node.{field}: {size} bytes; at most {NODE_BYTES} are allowed")
    build = message.user_agent_build_version.version
    has_build = message.HasField("user_agent_build_version")
    version = f"{build.major_number}.{build.minor_number}.{build.patch}" if has_build else ""
    return ClientNode(id=message.id, cluster=message.cluster, version=version, drain=_drain(message))


def _drain(message: base_pb2.Node) -> float:
    """Read how long listeners drain, as the bootstrap of our Envoys says it; Envoy's default of others."""
    field = message.metadata.fields.get(DRAIN_FIELD)
    seconds = field.number_value if field is not None else DEFAULT_DRAIN_SECONDS
    return seconds if 0.0 < seconds <= LONGEST_DRAIN_SECONDS else DEFAULT_DRAIN_SECONDS
