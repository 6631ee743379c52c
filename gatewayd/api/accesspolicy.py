"""AccessPolicy: who may come in. A kind of our own group."""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.httproute import CORSMethod, CORSOrigin
from gatewayd.api.inherited import InheritedSpec, Section, Sections
from gatewayd.api.meta import Resource, Shape
from gatewayd.api.scalars import SET, HeaderName, PositiveCount

CIDR = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=49,
        description="an IP address, or a range of them such as 10.0.0.0/8 or 2001:db8::/32",
        pattern=r"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?\Z",
    ),
]


class AddressRange(Shape, frozen=True, kw_only=True):
    """Addresses. `Client` is the address that the proxy takes for the client's, `Peer` that of the connection."""

    cidr: CIDR
    source: Literal["Client", "Peer"] = "Client"


AddressRanges = Annotated[tuple[AddressRange, ...], Meta(max_length=256)]


class Clients(Section, frozen=True, kw_only=True):
    """Whose requests are answered: those in `allow` (empty: everybody) who are not in `deny`; a 403 for the others."""

    allow: AddressRanges = ()
    deny: AddressRanges = ()


class Cors(Section, frozen=True, kw_only=True):
    """What pages of other origins may do, as the CORS filter of an HTTPRoute has it; `maxAge` in seconds (5)."""

    allow_origins: Annotated[tuple[CORSOrigin, ...], Meta(max_length=64, extra=SET)] = ()
    allow_credentials: bool | None = None
    allow_methods: Annotated[tuple[CORSMethod, ...], Meta(max_length=9, extra=SET)] = ()
    allow_headers: Annotated[tuple[HeaderName, ...], Meta(max_length=64, extra=SET)] = ()
    expose_headers: Annotated[tuple[HeaderName, ...], Meta(max_length=64, extra=SET)] = ()
    max_age: PositiveCount | None = None


class AccessSections(Sections, frozen=True, kw_only=True):
    """Who may come in."""

    clients: Clients | None = None
    cors: Cors | None = None


class AccessPolicySpec(InheritedSpec, frozen=True, kw_only=True):
    """What the policy is for, and either a default or an override. Overrides of several levels add up."""

    default: AccessSections | None = None
    override: AccessSections | None = None


class AccessPolicy(Resource, frozen=True, kw_only=True):
    """Who may come in: by address, and from pages of which origin."""

    spec: AccessPolicySpec
