"""A Service as a parent: which of its addresses and ports requests are led away from.

https://gateway-api.sigs.k8s.io/geps/gep-1294/ and https://gateway-api.sigs.k8s.io/geps/gep-1324/
"""

import re
from typing import Final, NamedTuple

from gatewayd.api.core import Service, ServicePort
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.incremental.view import View
from gatewayd.translator.backends.app_protocols import APP_PROTOCOLS

EVERYBODY: Final = ""
"""The view of callers whose namespace has no routes of its own for what they call."""

_HTTP_NAME: Final = re.compile(r"(?:http|grpc|h2c)(?!s).*")
_PLAIN: Final = tuple(name for name, each in APP_PROTOCOLS.items() if not each.under_tls and name != "tcp")
_SAYS_HTTP: Final = f"an appProtocol ({', '.join(_PLAIN)}), or a name that begins with http, grpc or h2c"


class Frontend(NamedTuple):
    """Where requests are sent to, an IP address of a Service and a port, by callers of a view.

    `view`: the namespace whose callers have routes of their own, EVERYBODY for all others.
    """

    view: str
    address: str
    port: int

    def __str__(self) -> str:
        """Return it as a proxy writes it: `10.96.0.1:80`, `[fd00::1]:80`."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class ServiceFrontends(NamedTuple):
    """The frontends that a parentRef leads to, never none, and what is to be known beside."""

    frontends: tuple[Frontend, ...]
    notes: tuple[str, ...]


def frontends_of(view: View, ref: ParentRef, service: ObjectKey, namespace: str, path: str) -> ServiceFrontends | str:
    """Return what a parentRef of a route in a namespace leads to, or why it leads nowhere."""
    row = view.get(Service, service)
    if row is None:
        return f'{path}: Service "{service}" does not exist'
    known = addresses(row)
    if not known:
        return f'{path}: Service "{service}" {_unaddressed(row)}; one with a cluster IP is allowed'
    tcp = [each for each in row.spec.ports if each.protocol == "TCP"]
    named = [each for each in tcp if _is_named(each, ref)]
    if not named:
        return f'{path}: Service "{service}" has no {_wanted(ref)}; TCP ports: {_numbers(tcp) or "none"}'
    taken = named if _names_a_port(ref) else [each for each in named if speaks_http(each)]
    if not taken:
        return (
            f'{path}: no port of Service "{service}" ({_numbers(named)}) says that it speaks HTTP; '
            f"allowed: {_SAYS_HTTP}, or a port in the parentRef"
        )
    view_name = EVERYBODY if namespace == service.namespace else namespace
    frontends = tuple(Frontend(view_name, address, each.port) for address in known for each in taken)
    left = [each for each in named if each not in taken]
    notes = (f"{path}: ports {_numbers(left)} are left as they are: they do not say HTTP",) if left else ()
    return ServiceFrontends(frontends, notes)


def speaks_http(port: ServicePort) -> bool:
    """Return whether a port says that plain HTTP is spoken to it. Nobody guesses by what is sent."""
    if port.app_protocol:
        return port.app_protocol.lower() in _PLAIN
    return _HTTP_NAME.fullmatch(port.name) is not None


def addresses(row: Service) -> tuple[str, ...]:
    """Return the cluster IPs of a Service, each once; none of a headless one and of an ExternalName."""
    if row.spec.type == "ExternalName":
        return ()
    written = row.spec.cluster_ips or (row.spec.cluster_ip,)
    return tuple(dict.fromkeys(each for each in written if each not in ("", "None")))


def _unaddressed(row: Service) -> str:
    if row.spec.type == "ExternalName":
        return "is of type ExternalName"
    return "is headless" if "None" in (row.spec.cluster_ip, *row.spec.cluster_ips) else "has no cluster IP"


def _names_a_port(ref: ParentRef) -> bool:
    return ref.port is not None or ref.section_name is not None


def _is_named(port: ServicePort, ref: ParentRef) -> bool:
    return ref.port in (None, port.port) and ref.section_name in (None, port.name)


def _wanted(ref: ParentRef) -> str:
    parts = [f"port {ref.port}"] if ref.port is not None else []
    if ref.section_name is not None:
        parts.append(f"port named {ref.section_name!r}")
    return " and ".join(parts) or "TCP port"


def _numbers(ports: list[ServicePort]) -> str:
    return ", ".join(str(each.port) for each in ports)
