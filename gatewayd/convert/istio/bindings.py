"""At which servers of Gateways a VirtualService serves, and for which hostnames.

https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService (hosts, gateways)
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.istio.gateways import Server
from gatewayd.convert.istio.matches import IstioMatch
from gatewayd.convert.read_source import ReadSource
from gatewayd.translator.hostnames import ANY, intersection

_MESH: Final = "mesh"


class Binding(NamedTuple):
    """A server at which a VirtualService serves, and the hostname that both have, "*" for any."""

    server: Server
    hostname: str

    def has(self, match: IstioMatch, namespace: str) -> bool:
        """Return whether a match of a VirtualService of a namespace counts at the server."""
        named = {gateway_key(name, namespace) for name in match.gateways}
        return match.port in (0, self.server.port) and (not named or self.server.gateway.key in named)


def bindings(owner: ReadSource, servers: Sequence[Server]) -> tuple[Binding, ...]:
    """Return where a VirtualService serves; where it does not, that is told."""
    spec = owner.spec
    spec.ignore("exportTo")
    names = spec.texts("gateways") or (_MESH,)
    if _MESH in names:
        spec.lost("gateways", "requests inside of the mesh are not served, at other gateways they are")
    keys = [gateway_key(name, owner.key.namespace) for name in names if name != _MESH]
    bound = tuple(
        Binding(server, hostname)
        for server in servers
        if server.gateway.key in keys and server.namespace in (ANY, owner.key.namespace)
        for host in spec.texts("hosts")
        if (hostname := intersection(host.lower(), server.hostname)) is not None
    )
    missing = [str(key) for key in keys if all(each.server.gateway.key != key for each in bound)]
    if missing:
        message = f"no server of {', '.join(missing)} among the files is for one of its hosts; it is not served there"
        spec.lost("gateways", message)
    return bound


def gateway_key(name: str, namespace: str) -> ObjectKey:
    """Return the Gateway that a VirtualService of a namespace calls so."""
    before, slash, after = name.rpartition("/")
    return ObjectKey(before if slash and before != "." else namespace, after)
