"""ClientTrafficPolicy of Envoy Gateway: how clients may speak, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#clienttrafficpolicyspec
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.backends import TrafficHTTP2
from gatewayd.api.envoy_gateway.fields import Refused, TheirPolicySpec, TheirShape, differs, refused
from gatewayd.api.filters import HTTPHeader
from gatewayd.api.scalars import Duration, HeaderName

Quantity = Annotated[int, Meta(ge=0)] | Annotated[str, Meta(min_length=1, max_length=32)]
Most = Annotated[int, Meta(ge=1, le=4_294_967_295)]
_OF_GATEWAY = "allowed: spec.tls.frontend of the Gateway, and a ClientPolicy (clientCertificate)"
_MEMORY = "allowed: none; bounds of memory are the proxy's own"


class ProxyProtocolIn(TheirShape, frozen=True, kw_only=True):
    """What a balancer says at the beginning of a connection."""

    optional: bool | None = None


class ForwardedFor(TheirShape, frozen=True, kw_only=True):
    """Whose X-Forwarded-For counts."""

    num_trusted_hops: Annotated[int, Meta(ge=0, le=16)] | None = None
    trusted_cidrs: tuple[str, ...] = field(name="trustedCIDRs", default=())
    disable_x_forwarded_for_append: Annotated[
        bool | None, differs("the address of the connection is appended", False)
    ] = field(name="disableXForwardedForAppend", default=None)


class AddressDetection(TheirShape, frozen=True, kw_only=True):
    """What is taken for the client's address."""

    x_forwarded_for: ForwardedFor | None = None
    custom_header: Annotated[Refused, refused("allowed: xForwardedFor")] = None
    direct_source_ip: dict[str, str] | None = field(name="directSourceIP", default=None)


class ClientTLS(TheirShape, frozen=True, kw_only=True):
    """What TLS listeners agree to."""

    client_validation: Annotated[Refused, refused(_OF_GATEWAY)] = None
    min_version: Literal["Auto", "1.0", "1.1", "1.2", "1.3"] | None = None
    max_version: Literal["Auto", "1.0", "1.1", "1.2", "1.3"] | None = None
    ciphers: tuple[str, ...] = ()
    ecdh_curves: tuple[str, ...] = ()
    signature_algorithms: Annotated[Refused, refused("allowed: ciphers, ecdhCurves")] = None
    alpn_protocols: Annotated[Refused, refused("allowed: none; h2 and http/1.1 are spoken")] = None
    fingerprints: Annotated[Refused, refused("allowed: none")] = None
    session: Annotated[Refused, refused("allowed: none")] = None


class ClientPath(TheirShape, frozen=True, kw_only=True):
    """What becomes of slashes."""

    escaped_slashes_action: (
        Literal["KeepUnchanged", "RejectRequest", "UnescapeAndRedirect", "UnescapeAndForward"] | None
    ) = None
    disable_merge_slashes: bool | None = None


class EarlyChanges(TheirShape, frozen=True, kw_only=True):
    """What is done to the headers of a request before a route is chosen."""

    set: tuple[HTTPHeader, ...] = ()
    add: Annotated[Refused, refused("allowed: set, remove")] = None
    add_if_absent: Annotated[Refused, refused("allowed: set, remove")] = None
    remove: tuple[HeaderName, ...] = ()
    remove_on_match: Annotated[Refused, refused("allowed: set, remove")] = None


ForwardMode = Literal["Sanitize", "ForwardOnly", "AppendForward", "SanitizeSet", "AlwaysForwardOnly"]


class ForwardedCertificate(TheirShape, frozen=True, kw_only=True):
    """What backends are told of a client's certificate."""

    mode: Annotated[
        ForwardMode | None,
        refused("allowed: Sanitize, SanitizeSet; what clients say of certificates is not passed on",
                "Sanitize", "SanitizeSet"),
    ] = None  # fmt: skip
    cert_details_to_add: Annotated[
        tuple[Literal["Subject", "Cert", "Chain", "DNS", "URI"], ...], Meta(max_length=5)
    ] = ()


class ClientHost(TheirShape, frozen=True, kw_only=True):
    """What is done to the host of a request."""

    strip_trailing_host_dot: Annotated[bool | None, differs("a dot at the end of a host never counts", True)] = None


class ClientHeaders(TheirShape, frozen=True, kw_only=True):
    """What is done to headers."""

    enable_envoy_headers: Annotated[bool | None, refused("allowed: false", False)] = None
    disable_rate_limit_headers: Annotated[
        bool | None, differs("responses tell of limits where a rule has xRateLimitHeaders: DraftVersion03", True)
    ] = None
    x_forwarded_client_cert: ForwardedCertificate | None = None
    with_underscores_action: Literal["Allow", "RejectRequest", "DropHeader"] | None = None
    preserve_x_request_id: Annotated[bool | None, differs("x-request-id is made anew", False)] = field(
        name="preserveXRequestID", default=None
    )
    request_id: Annotated[
        Literal["PreserveOrGenerate", "Preserve", "Generate", "Disable"] | None,
        differs("x-request-id is made anew", "Generate"),
    ] = field(name="requestID", default=None)
    early_request_headers: EarlyChanges | None = None
    late_response_headers: Annotated[Refused, refused("allowed: responseHeaderModifier of routes")] = None
    host: ClientHost | None = None
    max_request_header_limit: Quantity | None = None


class ClientTCPTimeout(TheirShape, frozen=True, kw_only=True):
    """How long a connection may take."""

    idle_timeout: Annotated[Refused, refused("allowed: timeout.http.idleTimeout")] = None
    tls_handshake_timeout: Duration | None = None
    connection_inspection_timeout: Annotated[Refused, refused("allowed: tlsHandshakeTimeout")] = None


class ClientHTTPTimeout(TheirShape, frozen=True, kw_only=True):
    """How long a client may be slow or silent."""

    request_received_timeout: Annotated[Refused, refused("allowed: requestHeadersReceivedTimeout")] = None
    request_headers_received_timeout: Duration | None = None
    idle_timeout: Duration | None = None
    stream_idle_timeout: Duration | None = None


class ClientTimeout(TheirShape, frozen=True, kw_only=True):
    """How long a client may take."""

    tcp: ClientTCPTimeout | None = None
    http: ClientHTTPTimeout | None = None


class ClientConnectionLimit(TheirShape, frozen=True, kw_only=True):
    """How many connections there may be, and how long each."""

    value: Most | None = None
    close_delay: Annotated[Duration | None, differs("connections that are too many end at once")] = None
    max_connection_duration: Duration | None = None
    max_requests_per_connection: Most | None = None
    max_stream_duration: Annotated[Refused, refused("allowed: timeouts of routes")] = None


class ClientConnection(TheirShape, frozen=True, kw_only=True):
    """How connections are held."""

    connection_limit: ClientConnectionLimit | None = None
    buffer_limit: Quantity | None = None
    socket_buffer_limit: Annotated[Refused, refused(_MEMORY)] = None
    max_accept_per_socket_event: Annotated[int | None, differs("the proxy's own number", 1)] = None


class ClientHTTP1(TheirShape, frozen=True, kw_only=True):
    """HTTP/1."""

    enable_trailers: Annotated[bool | None, refused("allowed: false", False)] = None
    preserve_header_case: Annotated[bool | None, refused("allowed: false", False)] = None
    http10: Annotated[Refused, refused("allowed: none; HTTP/1.0 with a Host is served")] = None
    disable_safe_max_connection_duration: Annotated[bool | None, refused("allowed: false", False)] = None
    ignored_upgrade_types: Annotated[Refused, refused("allowed: none")] = None


class ClientGRPC(TheirShape, frozen=True, kw_only=True):
    """gRPC."""

    enable_web: Annotated[bool | None, refused("allowed: false", False)] = None


class ClientTrafficPolicySpec(TheirPolicySpec, frozen=True, kw_only=True):
    """How clients may speak."""

    tcp_keepalive: Annotated[Refused, refused("allowed: none; connections of clients are asked anyway")] = None
    enable_proxy_protocol: bool | None = None
    proxy_protocol: ProxyProtocolIn | None = None
    client_ip_detection: AddressDetection | None = field(name="clientIPDetection", default=None)
    tls: ClientTLS | None = None
    path: ClientPath | None = None
    headers: ClientHeaders | None = None
    timeout: ClientTimeout | None = None
    connection: ClientConnection | None = None
    http1: ClientHTTP1 | None = None
    http2: TrafficHTTP2 | None = None
    http3: dict[str, str] | None = None
    grpc: ClientGRPC | None = None
    health_check: Annotated[Refused, refused("allowed: a rule with a RouteFilter (directResponse)")] = None
    scheme: Annotated[Literal["Preserve", "MatchBackend"] | None, refused("allowed: Preserve", "Preserve")] = None
