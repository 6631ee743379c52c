"""SecurityPolicy of Envoy Gateway: who may come in, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicyspec
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.envoy_gateway.fields import (
    SERVER_SETTINGS,
    Refused,
    TheirBackendRef,
    TheirPolicySpec,
    TheirSecretRef,
    TheirServer,
    TheirShape,
    differs,
    refused,
)
from gatewayd.api.scalars import Duration, HeaderName, HTTPMethod

Text = Annotated[str, Meta(min_length=1, max_length=253)]
Origin = Annotated[str, Meta(min_length=1, max_length=253)]
_ROUTING = "allowed: false; a rule is chosen once, before its policies are asked"


class SecurityCORS(TheirShape, frozen=True, kw_only=True):
    """What pages of other origins may do."""

    allow_origins: tuple[Origin, ...] = ()
    allow_methods: tuple[Text, ...] = ()
    allow_headers: tuple[Text, ...] = ()
    expose_headers: tuple[Text, ...] = ()
    max_age: Duration | None = None
    allow_credentials: bool | None = None


class SecurityCSRF(TheirShape, frozen=True, kw_only=True):
    """Whose pages may send requests that change something."""

    shadow_fraction: Annotated[Refused, refused("allowed: none; what is not enforced protects nobody")] = None
    additional_origins: Annotated[tuple[Origin, ...], Meta(max_length=16)] = ()


class SecurityBasicAuth(TheirShape, frozen=True, kw_only=True):
    """Names and passwords of users."""

    users: TheirSecretRef
    forward_username_header: HeaderName | None = None


class SecurityKeySource(TheirShape, frozen=True, kw_only=True):
    """Where a request has its key."""

    headers: tuple[HeaderName, ...] = ()
    params: tuple[Text, ...] = ()
    cookies: tuple[Text, ...] = ()


class SecurityAPIKeyAuth(TheirShape, frozen=True, kw_only=True):
    """Keys of clients."""

    credential_refs: tuple[TheirSecretRef, ...]
    extract_from: Annotated[tuple[SecurityKeySource, ...], Meta(min_length=1)]
    forward_client_id_header: HeaderName | None = field(name="forwardClientIDHeader", default=None)
    sanitize: Annotated[bool | None, differs("backends never see keys, as with sanitize: true", True)] = None


class SecurityRemoteKeys(TheirShape, frozen=True, kw_only=True):
    """Keys that are fetched."""

    uri: Annotated[str, Meta(min_length=1, max_length=1024)]
    backend_ref: TheirBackendRef | None = None
    backend_refs: Annotated[tuple[TheirBackendRef, ...], Meta(max_length=16)] = ()
    backend_settings: Annotated[Refused, refused(SERVER_SETTINGS)] = None
    cache_duration: Annotated[
        Duration | None, differs("the control plane fetches keys when it sees fit, and keeps the last good ones")
    ] = None
    failed_refetch_duration: Annotated[
        Duration | None, differs("the control plane asks again after pauses of its own")
    ] = None


class SecurityLocalKeys(TheirShape, frozen=True, kw_only=True):
    """Keys that are written down."""

    type: Literal["Inline", "ValueRef"] = "Inline"
    inline: Annotated[str, Meta(min_length=2, max_length=65536)] | None = None
    value_ref: Annotated[Refused, refused("allowed: inline, or remoteJWKS")] = None


class SecurityClaimHeader(TheirShape, frozen=True, kw_only=True):
    """A header that tells backends a claim."""

    header: HeaderName
    claim: Text


class SecurityJWTProvider(TheirShape, frozen=True, kw_only=True):
    """Whose tokens are good."""

    name: Text
    issuer: Text | None = None
    audiences: Annotated[tuple[Text, ...], Meta(max_length=8)] = ()
    remote_jwks: SecurityRemoteKeys | None = field(name="remoteJWKS", default=None)
    local_jwks: SecurityLocalKeys | None = field(name="localJWKS", default=None)
    claim_to_headers: tuple[SecurityClaimHeader, ...] = ()
    recompute_route: Annotated[bool | None, refused(_ROUTING, False)] = None
    extract_from: Annotated[Refused, refused("allowed: none; a token is a bearer token in Authorization")] = None


class SecurityJWT(TheirShape, frozen=True, kw_only=True):
    """Tokens that requests need."""

    optional: bool | None = None
    fail_open: Annotated[bool | None, refused("allowed: false, or optional; a bad token never comes in", False)] = None
    providers: Annotated[tuple[SecurityJWTProvider, ...], Meta(min_length=1, max_length=16)]


class SecurityOIDCProvider(TheirShape, frozen=True, kw_only=True):
    """Where to log in."""

    issuer: Text
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    end_session_endpoint: str | None = None
    backend_ref: Annotated[Refused, refused("allowed: backendRefs")] = None
    backend_refs: Annotated[tuple[TheirBackendRef, ...], Meta(max_length=16)] = ()
    backend_settings: Annotated[Refused, refused(SERVER_SETTINGS)] = None


class SecurityOIDC(TheirShape, frozen=True, kw_only=True):
    """A login for those who have a browser."""

    provider: SecurityOIDCProvider
    client_id: Annotated[str, Meta(min_length=1)] | None = field(name="clientID", default=None)
    client_id_ref: Annotated[Refused, refused("allowed: clientID")] = field(name="clientIDRef", default=None)
    client_secret: TheirSecretRef
    cookie_names: Annotated[Refused, refused("allowed: none; names follow from the login")] = None
    cookie_config: Annotated[Refused, refused("allowed: none; cookies are SameSite=Lax")] = None
    cookie_domain: str | None = None
    scopes: tuple[Text, ...] = ()
    resources: Annotated[Refused, refused("allowed: none")] = None
    redirect_url: Annotated[
        str | None, differs("its path counts; the host is that of the request")
    ] = field(name="redirectURL", default=None)  # fmt: skip
    deny_redirect: Annotated[
        Refused, refused("allowed: none; requests that say in Sec-Fetch-Mode that they cannot log in get a 401")
    ] = None
    logout_path: str | None = None
    forward_access_token: bool | None = None
    forward_id_token: Annotated[Refused, refused("allowed: forwardAccessToken")] = field(
        name="forwardIDToken", default=None
    )
    default_token_ttl: Annotated[
        Duration | None, differs("a session lasts as long as the provider says")
    ] = field(name="defaultTokenTTL", default=None)  # fmt: skip
    refresh_token: Annotated[bool | None, differs("sessions are always refreshed", True)] = None
    default_refresh_token_ttl: Annotated[
        Duration | None, differs("a session lasts as long as the provider says")
    ] = field(name="defaultRefreshTokenTTL", default=None)  # fmt: skip
    csrf_token_ttl: Annotated[Duration | None, differs("a login may take ten minutes")] = field(
        name="csrfTokenTTL", default=None
    )
    disable_token_encryption: Annotated[
        bool | None, refused("allowed: false; tokens in cookies are encrypted", False)
    ] = None
    pass_through_auth_header: bool | None = None


class SecurityGRPCServer(TheirServer, frozen=True, kw_only=True):
    """A server that speaks Envoy's ext_authz protocol."""


class SecurityHTTPServer(SecurityGRPCServer, frozen=True, kw_only=True):
    """A server that is asked by HTTP."""

    path: str | None = None
    path_override: Annotated[Refused, refused("allowed: path, which goes before that of the request")] = None
    headers_to_backend: tuple[HeaderName, ...] = ()


class SecurityBody(TheirShape, frozen=True, kw_only=True):
    """How much of the body goes along."""

    max_request_bytes: Annotated[int, Meta(ge=1, le=4_294_967_295)]


class SecurityExtAuth(TheirShape, frozen=True, kw_only=True):
    """A server that is asked before a request goes on."""

    grpc: SecurityGRPCServer | None = None
    http: SecurityHTTPServer | None = None
    headers_to_ext_auth: tuple[HeaderName, ...] = ()
    body_to_ext_auth: SecurityBody | None = None
    timeout: Annotated[Duration | None, differs("the server has as long as all that are asked so")] = None
    fail_open: Annotated[
        bool | None, differs("counts while the server does not answer, never for what is wrong here", False)
    ] = None
    recompute_route: Annotated[bool | None, refused(_ROUTING, False)] = None
    include_route_metadata: Annotated[bool | None, refused("allowed: false", False)] = None
    context_extensions: Annotated[Refused, refused("allowed: none")] = None
    status_on_error: Annotated[int | None, refused("allowed: 403", 403)] = None


class SecurityClaim(TheirShape, frozen=True, kw_only=True):
    """A claim of a token, and what it may be."""

    name: Text
    value_type: Literal["String", "StringArray"] = "String"
    values: Annotated[tuple[str, ...], Meta(min_length=1, max_length=128)]


class SecurityTokenPrincipal(TheirShape, frozen=True, kw_only=True):
    """Who has a token that says something."""

    provider: Text
    claims: Annotated[tuple[SecurityClaim, ...], Meta(max_length=16)] = ()
    scopes: Annotated[Refused, refused("allowed: claims")] = None


class SecurityHeader(TheirShape, frozen=True, kw_only=True):
    """A header and what it may be."""

    name: HeaderName
    values: Annotated[tuple[str, ...], Meta(min_length=1, max_length=256)]


class SecurityPrincipal(TheirShape, frozen=True, kw_only=True):
    """Who sends a request: all that is said must hold."""

    client_cidrs: tuple[Text, ...] = field(name="clientCIDRs", default=())
    jwt: SecurityTokenPrincipal | None = None
    headers: Annotated[tuple[SecurityHeader, ...], Meta(max_length=256)] = ()
    client_ip_geo_locations: Annotated[Refused, refused("allowed: clientCIDRs")] = field(
        name="clientIPGeoLocations", default=None
    )


class SecurityPath(TheirShape, frozen=True, kw_only=True):
    """Paths that a rule is for."""

    type: Annotated[
        Literal["Exact", "PathPrefix", "RegularExpression"] | None, refused("allowed: PathPrefix", "PathPrefix")
    ] = None
    value: Annotated[str, Meta(max_length=1024)] = "/"
    invert: Annotated[bool | None, refused("allowed: false", False)] = None


class SecurityOperation(TheirShape, frozen=True, kw_only=True):
    """What a request asks for."""

    methods: Annotated[tuple[HTTPMethod, ...], Meta(max_length=16)] = ()
    path: SecurityPath | None = None


class SecurityRule(TheirShape, frozen=True, kw_only=True):
    """What becomes of requests for which all of this holds."""

    name: Text | None = None
    action: Literal["Allow", "Deny"]
    operation: SecurityOperation | None = None
    principal: SecurityPrincipal | None = None
    cel: Annotated[Refused, refused("allowed: principal and operation")] = None


class SecurityAuthorization(TheirShape, frozen=True, kw_only=True):
    """The first rule that holds decides, else `defaultAction`."""

    rules: tuple[SecurityRule, ...] = ()
    default_action: Literal["Allow", "Deny"] = "Deny"


class SecurityPolicySpec(TheirPolicySpec, frozen=True, kw_only=True):
    """Who may come in."""

    api_key_auth: SecurityAPIKeyAuth | None = field(name="apiKeyAuth", default=None)
    cors: SecurityCORS | None = None
    csrf: SecurityCSRF | None = None
    basic_auth: SecurityBasicAuth | None = None
    jwt: SecurityJWT | None = None
    oidc: SecurityOIDC | None = None
    ext_auth: SecurityExtAuth | None = None
    authorization: SecurityAuthorization | None = None
