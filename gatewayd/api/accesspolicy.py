"""AccessPolicy: who may come in. A kind of our own group."""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, field

from gatewayd.api.filters import ForwardBody, GRPCAuthConfig, HTTPAuthConfig
from gatewayd.api.httproute import CORSMethod, CORSOrigin
from gatewayd.api.inherited import InheritedSpec, PolicyPart, PolicySection, Sections
from gatewayd.api.meta import GroupKind, KubernetesObject
from gatewayd.api.refs import BackendObjectRef
from gatewayd.api.scalars import (
    LABEL,
    SET,
    HeaderName,
    HTTPMethod,
    NamespaceName,
    ObjectName,
    PositiveCount,
    PreciseHostname,
    map_list,
)

CIDR = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=49,
        description="an IP address, or a range of them such as 10.0.0.0/8 or 2001:db8::/32",
        pattern=r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?\Z",
    ),
]


HeaderNames = Annotated[tuple[HeaderName, ...], Meta(max_length=64, extra=SET)]
Word = Annotated[str, Meta(min_length=1, max_length=253)]
PathPrefix = Annotated[str, Meta(min_length=1, max_length=1024, description="begins with '/'", pattern=r"^/")]
ProviderName = Annotated[
    str,
    Meta(min_length=1, max_length=63, description="lower-case letters, digits and '-'", pattern=rf"^{LABEL}\Z"),
]

EndpointURL = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=1024,
        description="http:// or https://, a host, and a path if there is one",
        pattern=r"^https?://[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[-A-Za-z0-9/._~!$&'()*+,;=:@%?]*)?\Z",
    ),
]
OwnPath = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=256,
        description="'/' and letters, digits and any of -._~/",
        pattern=r"^/[-A-Za-z0-9._~/]+\Z",
    ),
]
Scope = Annotated[
    str,
    Meta(min_length=1, max_length=128, description="visible ASCII but '\"' and '\\'", pattern=r"^[!#-\[\]-~]+\Z"),
]


KeySetURI = Annotated[
    str,
    Meta(
        min_length=9,
        max_length=1024,
        description="an absolute URI of the scheme https, or http where a backendRef says who is asked",
        pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?\Z",
    ),
]


class ClientAddressRange(PolicyPart, frozen=True, kw_only=True):
    """Addresses. `Client` is the address that the proxy takes for the client's, `Peer` that of the connection."""

    cidr: CIDR
    source: Literal["Client", "Peer"] = "Client"


AddressRanges = Annotated[tuple[ClientAddressRange, ...], Meta(max_length=256)]


class Clients(PolicySection, frozen=True, kw_only=True):
    """Whose requests are answered: those in `allow` (empty: everybody) who are not in `deny`; a 403 for the others."""

    allow: AddressRanges = ()
    deny: AddressRanges = ()


class CorsSection(PolicySection, frozen=True, kw_only=True):
    """What pages of other origins may do, as the CORS filter of an HTTPRoute has it; `maxAge` in seconds (5)."""

    allow_origins: Annotated[tuple[CORSOrigin, ...], Meta(max_length=64, extra=SET)] = ()
    allow_credentials: bool | None = None
    allow_methods: Annotated[tuple[CORSMethod, ...], Meta(max_length=9, extra=SET)] = ()
    allow_headers: HeaderNames = ()
    expose_headers: HeaderNames = ()
    max_age: PositiveCount | None = None


OriginHost = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        description="a host in lower case, '*.' in front for all below it, and a port if pages have one in their URL",
        pattern=r"^(\*\.)?[a-z0-9]([-.a-z0-9]*[a-z0-9])?(:[0-9]{1,5})?\Z",
    ),
]


class CSRF(PolicySection, frozen=True, kw_only=True):
    """Requests that change something get a 403, unless a page of the same host, or of one of these, has sent them.

    That is what Origin says, else Referer: a client that sends neither, as programs do, may only read.
    """

    additional_hosts: Annotated[tuple[OriginHost, ...], Meta(max_length=16, extra=SET)] = ()


class PolicyBackendRef(BackendObjectRef, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Service or an XBackend. One in another namespace needs a ReferenceGrant there."""


class KeySet(PolicyPart, frozen=True, kw_only=True):
    """The public keys that tokens are signed with, a JSON Web Key Set: `inline`, or fetched from `uri`.

    `backendRef` says who is asked for `uri`, which may then be of the scheme http. With `fetchedBy` Proxy each proxy
    asks by itself, and gatewayd does not.
    """

    inline: Annotated[str, Meta(min_length=2, max_length=65536)] | None = None
    uri: KeySetURI | None = None
    backend_ref: PolicyBackendRef | None = None
    fetched_by: Literal["Gatewayd", "Proxy"] | None = None


class ClaimToHeader(PolicyPart, frozen=True, kw_only=True):
    """A header that tells backends a claim of the token. Clients cannot set it, nor where no token is asked for."""

    claim: Annotated[str, Meta(min_length=1, max_length=253)]
    header: HeaderName


class JWTProvider(PolicyPart, frozen=True, kw_only=True):
    """Whose tokens are good: signed with one of `keys`, of `issuer`, for one of `audiences` (empty: for any)."""

    name: ProviderName
    issuer: Annotated[str, Meta(min_length=1, max_length=253)]
    audiences: Annotated[tuple[Word, ...], Meta(max_length=8, extra=SET)] = ()
    keys: KeySet
    claim_headers: Annotated[tuple[ClaimToHeader, ...], Meta(max_length=8, extra=map_list("header"))] = ()


class JWT(PolicySection, frozen=True, kw_only=True):
    """A request needs a token of one of `providers`, or gets a 401. `optional`: one without a token comes in too."""

    providers: Annotated[tuple[JWTProvider, ...], Meta(max_length=4, extra=map_list("name"))] = ()
    optional: bool | None = None


class SecretRef(PolicyPart, frozen=True, kw_only=True):
    """A Secret. One in another namespace needs a ReferenceGrant there."""

    # As in BackendObjectRef; it is in no manifest.
    written_in: ClassVar[GroupKind | None] = None
    name: ObjectName
    namespace: NamespaceName | None = None


class APIKeySource(PolicyPart, frozen=True, kw_only=True):
    """Where a request has its key."""

    type: Literal["Header", "Query", "Cookie"]
    name: HeaderName


class APIKeys(PolicySection, frozen=True, kw_only=True):
    """A request needs the key of a client, or gets a 401. Each entry of the Secrets is a client's name with its key.

    The first of `sources` that the request has counts (none given: header x-api-key); backends do not see it.
    `clientHeader` tells them the client's name, and clients cannot set it.
    """

    secret_refs: Annotated[tuple[SecretRef, ...], Meta(max_length=8)] = ()
    sources: Annotated[tuple[APIKeySource, ...], Meta(max_length=4)] = ()
    client_header: HeaderName | None = None


class Basic(PolicySection, frozen=True, kw_only=True):
    """A request needs the name and password of a user, or gets a 401. The Secret has a `.htpasswd` with SHA-1 hashes.

    `clientHeader` tells backends the user's name, and clients cannot set it.
    """

    secret_ref: SecretRef | None = None
    client_header: HeaderName | None = None


class PolicyGRPCAuth(GRPCAuthConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to ask by Envoy's ext_authz protocol; without `allowedHeaders` all headers go along."""

    allowed_headers: HeaderNames = ()


class PolicyHTTPAuth(HTTPAuthConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to ask by HTTP, for the path of the request below `path`; a 200 lets it through."""

    allowed_headers: HeaderNames = ()
    allowed_response_headers: HeaderNames = ()


class PolicyForwardBody(ForwardBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the body goes along, in bytes; a request with a longer one is refused."""


class OIDC(PolicySection, frozen=True, kw_only=True):
    """Who has not logged in is sent to an OpenID provider, and comes back with a session in cookies.

    The proxy asks `backendRef` at `tokenEndpoint`; browsers go to the other endpoints. Without endpoints they are what
    the provider says at `issuer`. The Secret has the client's secret as `client-secret`. `callbackPath`
    (/oauth2/callback) and `logoutPath` (/logout) the proxy itself answers at each host that the policy counts at.
    `scopes` are asked for beside openid. With `forwardAccessToken` backends get it as a bearer token.
    """

    issuer: EndpointURL | None = None
    authorization_endpoint: EndpointURL | None = None
    token_endpoint: EndpointURL | None = None
    end_session_endpoint: EndpointURL | None = None
    backend_ref: PolicyBackendRef | None = None
    client_id: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[!-~]+\Z")] | None = field(
        name="clientID", default=None
    )
    client_secret_ref: SecretRef | None = None
    scopes: Annotated[tuple[Scope, ...], Meta(max_length=16, extra=SET)] = ()
    callback_path: OwnPath | None = None
    logout_path: OwnPath | None = None
    cookie_domain: PreciseHostname | None = None
    forward_access_token: bool | None = None


class ExternalAuthSection(PolicySection, frozen=True, kw_only=True):
    """A server is asked before a request goes on, as the ExternalAuth filter of an HTTPRoute has it done.

    `failOpen`: requests go on while the server does not answer; never because what is written here is wrong.
    """

    protocol: Literal["HTTP", "GRPC"] | None = None
    backend_ref: PolicyBackendRef | None = None
    grpc: PolicyGRPCAuth | None = None
    http: PolicyHTTPAuth | None = None
    forward_body: PolicyForwardBody | None = None
    fail_open: bool | None = None


class Values(PolicyPart, frozen=True, kw_only=True):
    """A claim or header that must have one of the values; of a claim that is a list, one element must."""

    name: Annotated[str, Meta(min_length=1, max_length=253)]
    values: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=16, extra=SET)]


class HeaderValues(Values, frozen=True, kw_only=True):
    """A header that must have one of the values."""

    name: HeaderName


class RequestParts(PolicyPart, frozen=True, kw_only=True):
    """What a request must have. `paths` are prefixes, by segments.

    None is an empty list: it would be a part to the API server, and say nothing of a request.
    """

    claims: Annotated[tuple[Values, ...], Meta(min_length=1, max_length=8)] = ()
    headers: Annotated[tuple[HeaderValues, ...], Meta(min_length=1, max_length=8)] = ()
    methods: Annotated[tuple[HTTPMethod, ...], Meta(min_length=1, max_length=9, extra=SET)] = ()
    paths: Annotated[tuple[PathPrefix, ...], Meta(min_length=1, max_length=16, extra=SET)] = ()


class AccessCondition(RequestParts, frozen=True, kw_only=True):
    """Holds for a request when all of its parts do. `paths` are prefixes, by segments."""


class CallerCondition(RequestParts, frozen=True, kw_only=True):
    """Holds for a request when all of its parts do. `paths` are prefixes, by segments.

    Of one of `namespaces` is what their pods send to a Service that has a route; what comes by a Gateway is of none.
    """

    namespaces: Annotated[tuple[NamespaceName, ...], Meta(min_length=1, max_length=64, extra=SET)] = ()


class Authorization(PolicySection, frozen=True, kw_only=True):
    """Lets a request pass for which one of `allow` holds (empty: any), and none of `deny`; others get a 403."""

    allow: Annotated[tuple[CallerCondition, ...], Meta(max_length=16)] = ()
    deny: Annotated[tuple[AccessCondition, ...], Meta(max_length=16)] = ()


class Require(PolicySection, frozen=True, kw_only=True):
    """What each rule below must have, or it answers 500: a section that lets nobody in of whom it does not know.

    That is oidc, apiKeys, basic, a jwt that is not optional, or an externalAuth that does not fail open.
    """

    what: Literal["Authentication"] | None = None


class AccessSections(Sections, frozen=True, kw_only=True):
    """Who may come in."""

    clients: Clients | None = None
    cors: CorsSection | None = None
    csrf: CSRF | None = None
    jwt: JWT | None = None
    oidc: OIDC | None = None
    api_keys: APIKeys | None = None
    basic: Basic | None = None
    external_auth: ExternalAuthSection | None = None
    authorization: Authorization | None = None
    require: Require | None = None


WAYS_IN: Final = (("jwt", "oidc"), ("api_keys",), ("basic",))
"""Sections, as attributes, that find out who a client is. A rule has one way in; those in one way go together."""


class AccessPolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override. Overrides of several levels add up."""

    default: AccessSections | None = None
    override: AccessSections | None = None


class AccessPolicy(KubernetesObject, frozen=True, kw_only=True):
    """Who may come in: by address, origin, token, and what a request is like."""

    spec: AccessPolicySpec
    # Why all but the targets could not be read, in a stand-in for such a policy (see `unreadable`); no manifest has it.
    unreadable: str = ""
