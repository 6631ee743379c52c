"""A snapshot that any Envoy of this machine can load, whoever has the ports.

In: a snapshot. Out: the same one, but its listeners bind none of their ports. Everything else in them is loaded as it
would be.
https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/listener/v3/listener.proto (bind_to_port)
"""

from envoy.config.listener.v3 import listener_pb2
from google.protobuf import wrappers_pb2

from gatewayd.xds.encoding import serialised
from gatewayd.xds.resource import LISTENER, Resource, Snapshot, resource, snapshot


def unbound(of: Snapshot) -> Snapshot:
    """Return the snapshot for a rehearsal; its version is another one."""
    items = (item for table in of.resources.values() for item in table.values())
    return snapshot(of.fleet, (_unbound(item) if item.type_url == LISTENER else item for item in items))


def _unbound(item: Resource) -> Resource:
    message = listener_pb2.Listener.FromString(item.body)
    if message.HasField("udp_listener_config"):
        # Envoy has no UDP listener that does not bind; it takes any port of the loopback interface here.
        message.address.socket_address.address = "127.0.0.1"
        message.address.socket_address.port_value = 0
    else:
        message.bind_to_port.CopyFrom(wrappers_pb2.BoolValue(value=False))
    return resource(LISTENER, item.name, serialised(message))
