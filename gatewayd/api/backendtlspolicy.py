"""BackendTLSPolicy: TLS from the proxy to a backend.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import LocalObjectRef, PolicyTargetRefWithSection
from gatewayd.api.scalars import SUBDOMAIN, Hostname, PreciseHostname, TLSOptions

WellKnownCACertificates = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        description="System or an implementation's own such as example.com/bundle",
        pattern=rf"^(System|({SUBDOMAIN}/([A-Za-z0-9][-A-Za-z0-9_.]{{0,61}})?[A-Za-z0-9]))\Z",
    ),
]


class SubjectAltName(Shape, frozen=True, kw_only=True):
    """A name that the backend's certificate must carry; the member that `type` names is set."""

    type: Literal["Hostname", "URI"]
    hostname: Hostname | None = None
    uri: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=253,
                description="scheme, '://', host and path",
                pattern=r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?",
            ),
        ]
        | None
    ) = None


class BackendTLSValidation(Shape, frozen=True, kw_only=True):
    """How the backend's certificate is checked; `hostname` is also the SNI."""

    ca_certificate_refs: Annotated[tuple[LocalObjectRef, ...], Meta(min_length=1, max_length=8)] = ()
    well_known_ca_certificates: WellKnownCACertificates | None = field(default=None, name="wellKnownCACertificates")
    hostname: PreciseHostname
    subject_alt_names: Annotated[tuple[SubjectAltName, ...], Meta(max_length=5)] = ()


class BackendTLSPolicySpec(Shape, frozen=True, kw_only=True):
    """Which backends, and how."""

    target_refs: Annotated[tuple[PolicyTargetRefWithSection, ...], Meta(min_length=1, max_length=16)]
    validation: BackendTLSValidation
    options: TLSOptions = field(default_factory=dict)


class BackendTLSPolicy(KubernetesObject, frozen=True, kw_only=True):
    """A BackendTLSPolicy."""

    spec: BackendTLSPolicySpec
