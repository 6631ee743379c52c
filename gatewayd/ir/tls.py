"""Certificates and what is verified with them, for both sides of the proxy."""

from dataclasses import dataclass
from enum import StrEnum


class PrivateBytes(bytes):
    """Bytes that must never be shown: keys. Equal and hashable as bytes are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<redacted>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate chain with its key, both PEM. `name` is unique in a ProxyConfig: "namespace/secret"."""

    name: str
    chain: bytes
    key: PrivateBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """The certificate that a Secret held when it last held a good one: history, and so an input like any other."""

    certificate: Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustBundle:
    """CA certificates, PEM. `name` is unique in a ProxyConfig."""

    name: str
    certificates: bytes


class ClientValidation(StrEnum):
    """What a client without a good certificate gets."""

    REQUIRED = "required"
    INSECURE_FALLBACK = "insecure-fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTrust:
    """Client certificates are asked for and checked against `trust`."""

    trust: TrustBundle
    validation: ClientValidation


@dataclass(frozen=True, slots=True, kw_only=True)
class DownstreamTLS:
    """How a listener terminates TLS. `alpn` in order of preference, empty for none."""

    certificates: tuple[Certificate, ...]
    alpn: tuple[str, ...]
    client: ClientTrust | None


class SystemTrust(StrEnum):
    """The CA certificates of the machine that Envoy runs on."""

    SYSTEM = "system"


class SanKind(StrEnum):
    """Kinds of subjectAltName."""

    DNS = "dns"
    URI = "uri"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAltName:
    """One accepted subjectAltName of a backend's certificate."""

    kind: SanKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamTLS:
    """TLS to a backend. `sni` is sent; its certificate must carry one of `names`; `client` is shown when asked for."""

    sni: str
    trust: TrustBundle | SystemTrust
    names: tuple[SubjectAltName, ...]
    client: Certificate | None
