"""What policies come to, as values that a Route carries."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal

from gatewayd.ir.backend import Upstream
from gatewayd.ir.key_sets import KeySetSource, ProxyKeySet
from gatewayd.ir.tls import PrivateBytes, SharedSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRange:
    """The addresses that begin with the first `bits` of `network`.

    `is_peer`: the address of the connection is meant, not the one that the proxy takes for the client's.
    """

    network: str
    bits: int
    is_peer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRule:
    """Lets in who is in `allow` (empty: everybody) and not in `deny`."""

    allow: tuple[AddressRange, ...]
    deny: tuple[AddressRange, ...]


def lets_in(rule: AddressRule, client: str) -> bool:
    """Return whether a rule lets in a client whose address is also that of its connection."""
    address = ip_address(client)

    def within(ranges: tuple[AddressRange, ...]) -> bool:
        return any(address in ip_network(f"{each.network}/{each.bits}") for each in ranges)

    return not within(rule.deny) and (not rule.allow or within(rule.allow))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAddresses:
    """Answer 403 unless all the rules let the client in."""

    rules: tuple[AddressRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SameOrigin:
    """Answer 403 to a request that may change something, unless a page of its host or of one of `hosts` has sent it.

    A host that begins with "*." stands for all below it.
    """

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldHeaders:
    """Take headers away from what the client sends, since policies tell backends by them who it is."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimHeader:
    """A header of the request that tells the backend a claim of the token; `WithheldHeaders` has it too."""

    claim: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Whose tokens are good. `keys` is a JSON Web Key Set, or where it is; `audiences` empty: for whomever they are."""

    name: str
    issuer: str
    audiences: tuple[str, ...]
    keys: str | KeySetSource | ProxyKeySet
    claim_headers: tuple[ClaimHeader, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Answer 401 unless there is a good token of one of the issuers, or none at all where it is optional.

    It is a bearer token, or the content of `cookie` where one is named.
    """

    issuers: tuple[TokenIssuer, ...]
    is_optional: bool
    cookie: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Send who has not logged in to an OpenID provider; who comes back to `callback_path` has a session in cookies.

    `provider` is asked at `token_endpoint`, as `client_id` with `client_secret`; browsers go to the other endpoints
    (`end_session_endpoint` "" for none). Cookies are signed with `session_key`; `mark` is a part of their names.
    `takes_tokens`: requests that carry a bearer token need no session, since `Tokens` looks at it.
    """

    issuer: str
    provider: Upstream
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str
    client_id: str
    client_secret: SharedSecret
    session_key: SharedSecret
    mark: str
    scopes: tuple[str, ...]
    callback_path: str
    logout_path: str
    cookie_domain: str
    forwards_token: bool
    takes_tokens: bool = False

    @property
    def token_cookie(self) -> str:
        """The cookie that has the ID token."""
        return f"IdToken-{self.cookie_mark}"

    @property
    def keeps_id_token(self) -> bool:
        """Whether somebody asks for the ID token after the login: `Tokens`, or the provider at a logout."""
        return self.takes_tokens or bool(self.end_session_endpoint)

    @property
    def cookie_mark(self) -> str:
        """How names of cookies end: a session that lacks a token that is asked for now is none."""
        return f"{self.mark}{'a' if self.forwards_token else ''}{'i' if self.keeps_id_token else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class APIKey:
    """The key of a client."""

    client: str
    key: PrivateBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """A header, a parameter of the query or a cookie that a key may be in."""

    kind: Literal["Header", "Query", "Cookie"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class APIKeyClients:
    """Answer 401 unless there is a key of one of the clients. `client_header`, if any, tells the backend whose."""

    keys: tuple[APIKey, ...]
    sources: tuple[KeySource, ...]
    client_header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicUser:
    """A user with the SHA-1 hash of the password, as htpasswd writes it."""

    name: str
    sha1: PrivateBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicUsers:
    """Answer 401 unless there is the name and password of a user. `client_header`, if any, tells the backend who."""

    users: tuple[BasicUser, ...]
    client_header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValues:
    """A claim or a header that has one of the values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCondition:
    """Holds when all parts do; an empty one does. `paths` are prefixes by segments."""

    claims: tuple[NamedValues, ...]
    headers: tuple[NamedValues, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def holds_always(self) -> bool:
        """Whether there is no part that could fail to hold."""
        return not (self.claims or self.headers or self.methods or self.paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Lets a request pass for which one of `allow` holds (empty: any), and none of `deny`."""

    allow: tuple[RequestCondition, ...]
    deny: tuple[RequestCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Answer 403 unless all the rules let the request pass."""

    rules: tuple[Permission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Lets `requests` pass in `unit_s` seconds, and `burst` at once after a quiet time.

    Each combination of what it is for has as many: the client's address if `per_client`, the values of `headers`, in
    lower case, and those of `claims` of the token; a request without one of them does not count.
    `is_late`: only requests that may come in count.
    """

    requests: int
    unit_s: int
    burst: int
    per_client: bool
    headers: tuple[str, ...]
    claims: tuple[str, ...]
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Answer 429 to a request for which one of the limits is reached.

    All routes that a policy has put under its limits count together; `policy` is its namespace and name.
    """

    policy: str
    limits: tuple[RateLimit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimit:
    """Answer 413 to a request with more bytes; the others go on as a whole."""

    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """Let so many KiB go on in a second, of what goes to the backend or comes from it; of both together."""

    kib_per_s: int
    of_requests: bool
    of_responses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """Compress responses by one of `algorithms`, the best first: "br", "gzip", "zstd".

    `min_bytes` 0 and `content_types` empty: what Envoy has by itself.
    """

    algorithms: tuple[str, ...]
    min_bytes: int
    content_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Let `delay_percent` of the requests wait, and answer `abort_percent` of them with `abort_status`."""

    delay_ms: int
    delay_percent: int
    abort_status: int
    abort_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """What is said with a status, as a content type."""

    status: int
    body: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPages:
    """Say something else with errors, whoever they come from; one page for a status."""

    pages: tuple[ErrorPage, ...]
