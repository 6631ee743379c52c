"""Certificates and what is verified with them, for both sides of the proxy."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

_MESSAGE: Final = b"1"
"""Of the message that is made of a certificate or a bundle: another number for other bytes of the same content."""


def _version(*parts: bytes) -> str:
    """Return 16 hexadecimal digits that stand for a content, the same in every process."""
    digest = blake2b(_MESSAGE, digest_size=8)
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


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

    @property
    def version(self) -> str:
        """What stands for the content, name included: proxies know a certificate by it."""
        return _version(b"certificate", self.name.encode(), self.chain, self.key)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SharedSecret:
    """A secret that is no key of a certificate. `name` is unique in a ProxyConfig."""

    name: str
    content: PrivateBytes

    @property
    def version(self) -> str:
        """What stands for the content, name included."""
        return _version(b"shared", self.name.encode(), self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """The certificates that a Secret held when it held good ones, the last one first: history, and so an input.

    The one before the last is kept as well, since proxies may refuse what can be read.
    """

    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationLists:
    """Lists of certificates that are good no more, PEM. `name` says whose they are.

    `whole_chain`: of each CA of a chain there must be one, else of the issuer of the client's certificate alone.
    """

    name: str
    lists: bytes
    whole_chain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustBundle:
    """CA certificates, PEM, and what of theirs is revoked: it comes with them, so that a new list changes no listener.

    `name` and that of `revoked` are unique together in a ProxyConfig.
    """

    name: str
    certificates: bytes
    revoked: RevocationLists | None = None

    @property
    def version(self) -> str:
        """What stands for the content, name included: proxies know a bundle by it."""
        parts = (b"trust", self.name.encode(), self.certificates)
        if self.revoked is None:
            return _version(*parts)
        revoked = self.revoked
        return _version(*parts, revoked.name.encode(), revoked.lists, b"chain" if revoked.whole_chain else b"leaf")


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
class SanMatcher:
    """One accepted subjectAltName of a backend's certificate."""

    kind: SanKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamTLS:
    """TLS to a backend. `sni` is sent; its certificate must carry one of `names`; `client` is shown when asked for."""

    sni: str
    trust: TrustBundle | SystemTrust
    names: tuple[SanMatcher, ...]
    client: Certificate | None
