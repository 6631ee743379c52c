"""What is done to a request or response on its way, beside sending it somewhere.

A new filter is a dataclass here and a member of `HTTPFilter` (docs/contributing.md, recipe 1).
"""

from dataclasses import dataclass
from enum import Enum

from gatewayd.ir.backend import Upstream
from gatewayd.ir.global_limits import SharedLimits
from gatewayd.ir.policy import (
    APIKeyClients,
    Bandwidth,
    BasicUsers,
    BodyLimit,
    ClientAddresses,
    Compression,
    ErrorPages,
    Fault,
    Login,
    Permissions,
    RateLimits,
    SameOrigin,
    Tokens,
    WithheldHeaders,
)
from gatewayd.ir.processing import Processing
from gatewayd.ir.scripts import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header to write. Names keep the case that the user wrote; comparison ignores it."""

    name: str
    value: str


class RequestValue(Enum):
    """A property of a request, by the name that manifests have for it; no text, which is a header."""

    CLIENT_ADDRESS = "ClientAddress"
    PEER_ADDRESS = "PeerAddress"
    HOST = "Host"
    METHOD = "Method"
    PATH = "Path"
    SCHEME = "Scheme"
    SERVER_NAME = "ServerName"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedHeader:
    """A header to write with a property of the request, or with its header of a name (a text); nothing without it."""

    name: str
    source: RequestValue | str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderChanges:
    """Headers to overwrite (`set`, then `copied`), to append (`add`) and to drop (`remove`)."""

    set: tuple[Header, ...]
    add: tuple[Header, ...]
    remove: tuple[str, ...]
    copied: tuple[CopiedHeader, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeaders:
    """Change the headers of the request before it goes to the backend."""

    changes: HeaderChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHeaders:
    """Change the headers of the response before it goes to the client."""

    changes: HeaderChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Cross-origin rules. `origins` as the spec writes them: "*", "https://a.example", "https://*.example:8443".

    "*" in `methods`, `allow_headers`, `expose_headers` means any. `max_age` in seconds.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age: int
    credentials: bool


_ALWAYS_SENT = ("authorization",)


@dataclass(frozen=True, slots=True, kw_only=True)
class GRPCCheck:
    """Ask by Envoy's ext_authz protocol. `headers`: which of the request go along; none of them: all."""

    headers: tuple[str, ...]

    @property
    def says(self) -> tuple[str, ...]:
        """Headers by which the server tells the backend something: any, so none can be named."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPCheck:
    """Ask by a request of the same method for the same path below `path_prefix`; a 200 lets the request through.

    `headers`: which of the request go along beside Authorization. `response_headers`: which of the answer go to the
    backend; none of them: all.
    """

    path_prefix: str
    headers: tuple[str, ...]
    response_headers: tuple[str, ...]

    @property
    def says(self) -> tuple[str, ...]:
        """Headers, in lower case, by which the server tells the backend something, and not the client.

        Without those that the server is sent: it has seen what the client says, and lets it through.
        """
        seen = {*_ALWAYS_SENT, *(name.lower() for name in self.headers)}
        return tuple(sorted({name.lower() for name in self.response_headers} - seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAuth:
    """Ask `upstream` before the request goes on; without its consent it is refused.

    `body_bytes`: the longest body that goes along, 0 for none; requests with a longer one are refused.
    """

    upstream: Upstream
    check: GRPCCheck | HTTPCheck
    body_bytes: int

    @property
    def says(self) -> tuple[str, ...]:
        """Headers, in lower case, by which the server tells the backend something, as far as they are named."""
        return self.check.says


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCheck:
    """Ask as a policy says, before the rule's own ExternalAuth.

    `fails_open`: requests go on while the server does not answer.
    """

    auth: ExternalAuth
    fails_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSource:
    """Reach the backend with the address of the client, which is of the family of all of its endpoints."""


HTTPFilter = (
    RequestHeaders
    | ResponseHeaders
    | Cors
    | ExternalAuth
    | PolicyCheck
    | WithheldHeaders
    | ClientAddresses
    | SameOrigin
    | Login
    | Tokens
    | APIKeyClients
    | BasicUsers
    | Permissions
    | RateLimits
    | SharedLimits
    | BodyLimit
    | Compression
    | Fault
    | ErrorPages
    | Processing
    | Script
    | Bandwidth
    | KeptSource
)
