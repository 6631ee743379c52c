"""Backend and HTTPRouteFilter of Envoy Gateway: what rules of routes refer to, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#backendspec, #httproutefilterspec
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.fields import Refused, TheirShape, differs, refused
from gatewayd.api.envoy_gateway.traffic import TrafficBody
from gatewayd.api.refs import LocalObjectRef
from gatewayd.api.scalars import HeaderValue, PortNumber, PreciseHostname

_PROXY = "allowed: none; what is spoken under TLS is the same for all backends"


class OutsideName(TheirShape, frozen=True, kw_only=True):
    """A host that is found by DNS."""

    hostname: Annotated[str, Meta(min_length=1, max_length=253)]
    port: PortNumber


class OutsideAddress(TheirShape, frozen=True, kw_only=True):
    """An address."""

    address: Annotated[str, Meta(min_length=1, max_length=45)]
    port: PortNumber


class OutsideEndpoint(TheirShape, frozen=True, kw_only=True):
    """Where the backend is."""

    hostname: Annotated[str | None, differs("the host of the request stays")] = None
    fqdn: OutsideName | None = None
    ip: OutsideAddress | None = None
    unix: Annotated[Refused, refused("allowed: fqdn, ip")] = None
    zone: Annotated[str | None, differs("all endpoints get as much")] = None


class OutsideTLS(TheirShape, frozen=True, kw_only=True):
    """How the backend is spoken to under TLS."""

    ca_certificate_refs: Annotated[tuple[LocalObjectRef, ...], Meta(max_length=8)] = ()
    well_known_ca_certificates: Literal["System"] | None = field(name="wellKnownCACertificates", default=None)
    insecure_skip_verify: Annotated[bool | None, refused("allowed: false; who answers is always checked", False)] = None
    sni: PreciseHostname | None = None
    auto_sni_from_endpoint_hostname: Annotated[bool | None, differs("without sni that is so", True)] = field(
        name="autoSNIFromEndpointHostname", default=None
    )
    client_certificate_ref: Annotated[Refused, refused("allowed: that of the Gateway (spec.tls.backend)")] = None
    min_version: Annotated[Refused, refused(_PROXY)] = None
    max_version: Annotated[Refused, refused(_PROXY)] = None
    ciphers: Annotated[Refused, refused(_PROXY)] = None
    ecdh_curves: Annotated[Refused, refused(_PROXY)] = None
    signature_algorithms: Annotated[Refused, refused(_PROXY)] = None
    alpn_protocols: Annotated[Refused, refused(_PROXY)] = None


AppProtocol = Literal["gateway.envoyproxy.io/h2c", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"]


class OutsideSpec(TheirShape, frozen=True, kw_only=True):
    """A backend that is not a Service."""

    type: Annotated[Literal["Endpoints", "DynamicResolver"] | None, refused("allowed: Endpoints", "Endpoints")] = None
    endpoints: Annotated[tuple[OutsideEndpoint, ...], Meta(max_length=256)] = ()
    app_protocols: tuple[AppProtocol, ...] = ()
    fallback: Annotated[bool | None, refused("allowed: false, and failover of a BackendPolicy", False)] = None
    tls: OutsideTLS | None = None


class FilterReplacement(TheirShape, frozen=True, kw_only=True):
    """What is written for what matches."""

    pattern: str
    substitution: str


class FilterPathRewrite(TheirShape, frozen=True, kw_only=True):
    """Another path."""

    type: Literal["ReplaceRegexMatch"]
    replace_regex_match: FilterReplacement | None = None


class FilterRewrite(TheirShape, frozen=True, kw_only=True):
    """Another host or path on the way to the backend."""

    hostname: Annotated[Refused, refused("allowed: urlRewrite of the route (hostname)")] = None
    path: FilterPathRewrite | None = None
    append_x_forwarded_host: Annotated[
        bool | None, differs("x-forwarded-host is not added to", False)
    ] = field(name="appendXForwardedHost", default=None)  # fmt: skip


class FilterAnswer(TheirShape, frozen=True, kw_only=True):
    """Answer with this."""

    content_type: HeaderValue | None = None
    body: TrafficBody | None = None
    status_code: Annotated[int, Meta(ge=200, le=599)] = 200
    header: Annotated[Refused, refused("allowed: responseHeaderModifier of the route")] = None


class FilterSpec(TheirShape, frozen=True, kw_only=True):
    """What a rule does to its requests beyond what a route can say."""

    url_rewrite: FilterRewrite | None = field(name="urlRewrite", default=None)
    direct_response: FilterAnswer | None = None
    credential_injection: Annotated[Refused, refused("allowed: requestHeaderModifier of the route")] = None
    matches: Annotated[Refused, refused("allowed: matches of the route")] = None
