"""The virtual host of an HTTPProxy: its name, its certificate, and what is asked of clients there.

https://projectcontour.io/docs/main/config/tls-termination/
"""

from dataclasses import dataclass
from typing import Final

from gatewayd.convert.draft import HTTPS, StreamPort
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
    """A root HTTPProxy with its hostname; `at` is its listener for HTTPS, None where it has none.

    `stream` is the listener whose connections are led on instead, None where requests are.
    """

    root: ReadSource
    name: str
    at: HTTPS | None
    secret: str
    stream: StreamPort | None = None

    @property
    def is_secured(self) -> bool:
        """Whether clients that come by HTTP may be sent to TLS."""
        return self.at is not None or self.stream is not None


def contour_host(root: ReadSource) -> ContourHost:
    """Return the host of a root HTTPProxy."""
    virtualhost = root.spec.one("virtualhost")
    tls, name = virtualhost.one("tls"), virtualhost.text("fqdn").lower()
    tls.lost_if_written(_UNHAD)
    if "clientValidation" in tls:
        tls.lost("clientValidation", _CLIENTS, protects=True)
    passes = tls.boolean("passthrough")
    namespace, _, secret = tls.text("secretName").rpartition("/")
    of = namespace or root.key.namespace
    if "tcpproxy" in root.spec and (secret or passes):
        stream = StreamPort(of, name, 0, "Passthrough" if passes else "Terminate")
        return ContourHost(root=root, name=name, at=None, secret=secret, stream=stream)
    if "tcpproxy" in root.spec:
        root.spec.lost("tcpproxy", "without TLS there is no name to tell its connections by; Contour refused it too")
    if passes:
        tls.lost("passthrough", "there is no tcpproxy for what passes through; Contour refused it too")
    return ContourHost(root=root, name=name, at=HTTPS(of, name) if secret else None, secret=secret)


def allows_http(route: Fields) -> bool:
    """Return whether a route of a host with a certificate is served by HTTP as well."""
    return route.boolean("permitInsecure")
