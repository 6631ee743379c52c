"""The virtual host of an HTTPProxy: its name, its certificate, and what is asked of clients there.

https://projectcontour.io/docs/main/config/tls-termination/
"""

from dataclasses import dataclass
from typing import Final

from gatewayd.convert.draft import HTTPS
from gatewayd.convert.fields import Fields
from gatewayd.convert.read_source import ReadSource

_CLIENTS: Final = "certificates of clients are asked for by a Gateway's tls.frontend, for all hosts of a port"
_UNHAD: Final = {
    "minimumProtocolVersion": "a ClientPolicy's tls says it, for a whole Gateway",
    "maximumProtocolVersion": "a ClientPolicy's tls says it, for a whole Gateway",
    "cipherSuites": "a ClientPolicy's tls says it, for a whole Gateway",
    "enableFallbackCertificate": "clients that name no host are not spoken to by TLS",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourHost:
    """A root HTTPProxy with its hostname; `at` is its listener for HTTPS, None where it has none."""

    root: ReadSource
    name: str
    at: HTTPS | None
    secret: str


def contour_host(root: ReadSource) -> ContourHost:
    """Return the host of a root HTTPProxy."""
    virtualhost = root.spec.one("virtualhost")
    tls, name = virtualhost.one("tls"), virtualhost.text("fqdn").lower()
    if "tcpproxy" in root.spec:
        root.spec.lost("tcpproxy", "a TCPRoute, or a TLSRoute where TLS passes through, has to be written for it")
    tls.lost_if_written(_UNHAD)
    if "clientValidation" in tls:
        tls.lost("clientValidation", _CLIENTS, protects=True)
    if tls.boolean("passthrough"):
        tls.lost("passthrough", "a TLSRoute on a listener of the mode Passthrough has to be written for it")
    namespace, _, secret = tls.text("secretName").rpartition("/")
    at = HTTPS(namespace or root.key.namespace, name) if secret else None
    return ContourHost(root=root, name=name, at=at, secret=secret)


def allows_http(route: Fields) -> bool:
    """Return whether a route of a host with a certificate is served by HTTP as well."""
    return route.boolean("permitInsecure")
