"""ClientPolicy: how clients may speak to proxies, and whose word about them counts. A kind of our own group.

For those who run Gateways: it is for a GatewayClass, a Gateway, a ListenerSet, or one listener of these.
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.accesspolicy import CIDR
from gatewayd.api.filters import HTTPHeader
from gatewayd.api.inherited import InheritedSpec, PolicyPart, PolicySection, Sections
from gatewayd.api.meta import KubernetesObject
from gatewayd.api.scalars import SET, Duration, HeaderName, ObjectName, PortNumber, PositiveCount, map_list

TLSVersion = Literal["1.0", "1.1", "1.2", "1.3"]
Cipher = Literal[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
]
Curve = Literal["X25519MLKEM768", "X25519", "P-256", "P-384", "P-521"]
ClientWindowBytes = Annotated[int, Meta(ge=65_535, le=67_108_864)]
CertificateHash = Annotated[
    str,
    Meta(
        min_length=64,
        max_length=64,
        description="the SHA-256 of a certificate's DER, as 64 lower-case hexadecimal digits",
        pattern=r"^[0-9a-f]{64}\Z",
    ),
]
PublicKeyHash = Annotated[
    str,
    Meta(
        min_length=44,
        max_length=44,
        description="the SHA-256 of the DER of a certificate's SubjectPublicKeyInfo, in base64",
        pattern=r"^[A-Za-z0-9+/]{43}=\Z",
    ),
]


class ClientAddressSection(PolicySection, frozen=True, kw_only=True):
    """Whose X-Forwarded-For counts: that of so many proxies in front, or of those with these addresses."""

    trusted_hops: Annotated[int, Meta(ge=1, le=16)] | None = None
    trusted_ranges: Annotated[tuple[CIDR, ...], Meta(max_length=64, extra=SET)] = ()


class ClientTLSSection(PolicySection, frozen=True, kw_only=True):
    """What TLS listeners agree to. `ciphers` are for versions up to 1.2; `curves` in order of preference."""

    min_version: TLSVersion | None = None
    max_version: TLSVersion | None = None
    ciphers: Annotated[tuple[Cipher, ...], Meta(max_length=16, extra=SET)] = ()
    curves: Annotated[tuple[Curve, ...], Meta(max_length=8, extra=SET)] = ()


class RevocationListRef(PolicyPart, frozen=True, kw_only=True):
    """A ConfigMap or Secret of the policy's namespace with revocation lists, PEM, under `ca.crl`."""

    kind: Literal["ConfigMap", "Secret"] = "ConfigMap"
    name: ObjectName


class Revocation(PolicyPart, frozen=True, kw_only=True):
    """Which certificates are good no more. `checks`: all of a chain but its root, or the client's own alone."""

    lists: Annotated[tuple[RevocationListRef, ...], Meta(min_length=1, max_length=8)]
    checks: Literal["Chain", "Certificate"] = "Chain"


class ClientCertificateSection(PolicySection, frozen=True, kw_only=True):
    """What backends are told of a client's certificate, by x-forwarded-client-cert, and what else it must be.

    With hashes it must have one of them, of either kind.
    """

    forward: Annotated[
        tuple[Literal["Subject", "URI", "DNS", "Certificate", "Chain"], ...], Meta(max_length=5, extra=SET)
    ] = ()
    hashes: Annotated[tuple[CertificateHash, ...], Meta(max_length=64, extra=SET)] = ()
    public_key_hashes: Annotated[tuple[PublicKeyHash, ...], Meta(max_length=64, extra=SET)] = ()
    revocation: Revocation | None = None


class ClientHTTP1Section(PolicySection, frozen=True, kw_only=True):
    """HTTP/1: whether requests of version 1.0 are served (they are when it is left out)."""

    http10: Literal["Serve", "Refuse"] | None = None


class ClientHTTP2Section(PolicySection, frozen=True, kw_only=True):
    """HTTP/2: how much a connection may have under way."""

    max_concurrent_streams: PositiveCount | None = None
    stream_window_bytes: ClientWindowBytes | None = None
    connection_window_bytes: ClientWindowBytes | None = None


class ClientHTTP3Section(PolicySection, frozen=True, kw_only=True):
    """HTTP/3, which HTTPS listeners speak beside the others. `advertisedPort`: under which clients get there."""

    advertised_port: PortNumber | None = None


class EarlyHeaders(PolicyPart, frozen=True, kw_only=True):
    """What is done to the headers of a request before a route is chosen."""

    set: Annotated[tuple[HTTPHeader, ...], Meta(max_length=16, extra=map_list("name"))] = ()
    remove: Annotated[tuple[HeaderName, ...], Meta(max_length=16, extra=SET)] = ()


class ClientHeadersSection(PolicySection, frozen=True, kw_only=True):
    """How many headers (100), of how many KiB together (60), and what becomes of names with an underscore (Reject)."""

    max_count: Annotated[int, Meta(ge=16, le=1000)] | None = None
    max_kib: Annotated[int, Meta(ge=8, le=1024)] | None = None
    underscores: Literal["Reject", "Drop", "Allow"] | None = None
    early: EarlyHeaders | None = None


class ClientPathSection(PolicySection, frozen=True, kw_only=True):
    """What becomes of %2F and %5C in a path, and of several slashes together (one)."""

    escaped_slashes: Literal["Redirect", "Unescape", "Reject", "Keep"] | None = None
    repeated_slashes: Literal["Merge", "Keep"] | None = None


class ClientTimeoutsSection(PolicySection, frozen=True, kw_only=True):
    """How long a client may be slow or silent: TLS (15s), headers (60s), a stream (5m), a connection (15m)."""

    tls_handshake: Duration | None = None
    request_headers: Duration | None = None
    stream_idle: Duration | None = None
    idle: Duration | None = None


class ClientConnectionsSection(PolicySection, frozen=True, kw_only=True):
    """How many connections one proxy takes for a listener, and after how many requests, or how long, each ends."""

    max: PositiveCount | None = None
    max_requests_each: PositiveCount | None = None
    max_age: Duration | None = None


class ClientSocketSection(PolicySection, frozen=True, kw_only=True):
    """What all listeners of a port have in common: the PROXY protocol of a balancer in front, and bytes held back."""

    proxy_protocol: Literal["Required", "Optional"] | None = None
    buffer_bytes: Annotated[int, Meta(ge=4096, le=16_777_216)] | None = None


class ClientSections(Sections, frozen=True, kw_only=True):
    """How clients may speak."""

    client_address: ClientAddressSection | None = None
    tls: ClientTLSSection | None = None
    client_certificate: ClientCertificateSection | None = None
    http1: ClientHTTP1Section | None = None
    http2: ClientHTTP2Section | None = None
    http3: ClientHTTP3Section | None = None
    headers: ClientHeadersSection | None = None
    path: ClientPathSection | None = None
    timeouts: ClientTimeoutsSection | None = None
    connections: ClientConnectionsSection | None = None
    socket: ClientSocketSection | None = None


class ClientPolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override."""

    default: ClientSections | None = None
    override: ClientSections | None = None


class ClientPolicy(KubernetesObject, frozen=True, kw_only=True):
    """How clients may speak to proxies: TLS, HTTP, limits. For GatewayClasses, Gateways, ListenerSets and listeners."""

    spec: ClientPolicySpec
