"""Istio's Gateways: where clients come in, for which hosts of which namespaces, and with which certificates.

https://istio.io/latest/docs/reference/config/networking/gateway/
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gatewayd.convert.draft import HTTPS, Carrier, DraftListener, PlainHTTP, StreamPort
from gatewayd.convert.fields import Fields, closing
from gatewayd.convert.read_source import ReadSource
from gatewayd.translator.hostnames import ANY

SERVERS: Final = "spec.servers"
_HTTP: Final = ("HTTP", "HTTP2", "GRPC", "GRPC-WEB")
_SECURED: Final = ("HTTPS", "TLS")
_STREAMS: Final = ("TCP", "MONGO", "MYSQL", "REDIS")
_PASSTHROUGH: Final = "PASSTHROUGH"
_OF_CLIENTS: Final = "certificates of clients are asked for by a Gateway's tls.frontend, for all hosts of a port"
_UNHAD: Final = {
    "minProtocolVersion": "a ClientPolicy's tls says it, for a whole Gateway",
    "maxProtocolVersion": "a ClientPolicy's tls says it, for a whole Gateway",
    "cipherSuites": "a ClientPolicy's tls says it, for a whole Gateway",
}
_CHECKS: Final = {
    "caCertificates": _OF_CLIENTS,
    "caCertCredentialName": _OF_CLIENTS,
    "caCrl": _OF_CLIENTS,
    "subjectAltNames": _OF_CLIENTS,
    "verifyCertificateSpki": _OF_CLIENTS,
    "verifyCertificateHash": _OF_CLIENTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Hosts of a Gateway at one of its ports: `hostname` is "*" for any, `namespace` "*" for VirtualServices of all.

    One that `redirects` sends all clients to HTTPS; `path` is where it is written.
    """

    gateway: ReadSource
    path: str
    port: int
    hostname: str
    namespace: str
    carrier: Carrier | StreamPort
    secret: str = ""
    redirects: bool = False

    @property
    def closed(self) -> tuple[str, ...]:
        """The fields that have kept clients out and are lost, as far as everything has been read."""
        return closing(self.gateway.fates, self.path, SERVERS)


def servers(gateways: Iterable[ReadSource]) -> tuple[Server, ...]:
    """Return the servers of all Gateways, those of older ones first."""
    return tuple(
        server
        for gateway in sorted(gateways, key=lambda each: each.order)
        for written in _of_gateway(gateway)
        for server in _servers(gateway, written)
    )


def _of_gateway(gateway: ReadSource) -> tuple[Fields, ...]:
    gateway.spec.exact("selector", "one Gateway serves all; its class says by which proxies")
    return gateway.spec.many("servers")


def _servers(gateway: ReadSource, written: Fields) -> Iterator[Server]:
    written.ignore("name")
    written.lost_if_written({"bind": "an address is said for a whole Gateway"})
    port, tls = written.one("port"), written.one("tls")
    port.ignore("name", "targetPort")
    protocol, number = port.text("protocol").upper(), port.number("number")
    passes = protocol in _SECURED and tls.text("mode") == _PASSTHROUGH
    secret = _secret(gateway, tls) if protocol in _SECURED and not passes else ""
    redirects = tls.boolean("httpsRedirect")
    if protocol not in (*_HTTP, *_STREAMS) and not secret and not passes:
        written.lost("", f"{protocol or 'no protocol'}{_mode(tls)}: nothing here takes its place")
        _read_all(tls)
        return
    mode = "Passthrough" if passes else "Terminate" if protocol == "TLS" else ""
    is_stream = bool(mode) or protocol in _STREAMS
    if protocol in _STREAMS and number in (80, 443):
        written.lost("", f"the port {number} is the one for HTTP, or HTTPS, that all share; another one is needed")
        return
    if number not in (80, 443) and not is_stream:
        port.approximate("number", f"served at the port for {'HTTPS' if secret else 'HTTP'} that all share")
    for host in written.texts("hosts"):
        namespace, _, name = host.rpartition("/")
        hostname = name.lower()
        own = gateway.key.namespace if namespace == "." else namespace
        listener_host = "" if hostname == ANY else hostname
        stream = StreamPort(gateway.key.namespace, listener_host if mode else "", 0 if number == 443 else number, mode)
        carrier = HTTPS(gateway.key.namespace, listener_host) if secret else PlainHTTP()
        yield Server(
            gateway=gateway,
            path=written.path,
            port=number,
            hostname=hostname,
            namespace=own or ANY,
            carrier=stream if is_stream else carrier,
            secret=secret,
            redirects=redirects and not secret,
        )


def _mode(tls: Fields) -> str:
    return f" with the mode {tls.text('mode')}" if "mode" in tls else ""


def _read_all(tls: Fields) -> None:
    tls.ignore(*tls.names())


def _secret(gateway: ReadSource, tls: Fields) -> str:
    """Return the Secret with the certificate of a server, "" where TLS does not end at it."""
    mode = tls.text("mode") or "SIMPLE"
    if mode not in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"):
        return ""
    if mode != "SIMPLE":
        tls.lost("mode", _OF_CLIENTS, protects=mode == "MUTUAL")
    tls.lost_if_written(_CHECKS, protects=True)
    tls.lost_if_written(_UNHAD)
    name = tls.text("credentialName")
    files = [each for each in ("serverCertificate", "privateKey") if each in tls]
    for each in files:
        tls.manual(each, "a file of the proxy's pods; the certificate has to be in a Secret")
    if name:
        where = f"the Secret {name} was in the namespace of the proxies; it has to be in {gateway.key.namespace}"
        tls.manual("credentialName", where)
    # It may have a scheme and a namespace in front: kubernetes://infra/cert.
    return name.rpartition("/")[2] or f"{gateway.key.name}-cert"


def listeners(all_servers: Iterable[Server], carried: Container[Carrier]) -> Iterator[DraftListener]:
    """Yield those of the listeners that are needed; of two Gateways with a certificate for a host the older counts."""
    by_carrier: dict[HTTPS, list[Server]] = {}
    for server in all_servers:
        if isinstance(server.carrier, HTTPS):
            by_carrier.setdefault(server.carrier, []).append(server)
    taken: dict[str, str] = {}
    for at, same in by_carrier.items():
        if taken.setdefault(at.hostname, at.namespace) == at.namespace and at in carried:
            yield DraftListener(
                at=at,
                secrets=(same[0].secret,),
                shared=any(each.namespace != at.namespace for each in same),
                origins=tuple(dict.fromkeys(each.gateway.source.name for each in same)),
            )
