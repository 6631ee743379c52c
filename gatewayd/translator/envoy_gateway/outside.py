"""Backend of Envoy Gateway -> where it is and how it is spoken to; one that cannot be had is one that leads nowhere.

https://gateway.envoyproxy.io/docs/api/extension_types/#backendspec
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatewayd.api.backendtlspolicy import BackendTLSValidation
from gatewayd.api.envoy_gateway.outside import OutsideEndpoint, OutsideSpec, OutsideTLS
from gatewayd.api.meta import Problem
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.taken import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A backend: a `hostname` that is resolved, or else `addresses` with their ports.

    `port` is that of the first endpoint. `validation`: under TLS, and how who answers is checked.
    """

    hostname: str
    addresses: tuple[tuple[str, int], ...]
    port: int
    speaks_http2: bool
    validation: BackendTLSValidation | None
    differs: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOutside:
    """Why a backend cannot be had, each with its path."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


def outside(written: Mapping[str, Any]) -> Outside | NoOutside:
    """Return what the spec of a Backend comes to."""
    telling = Telling(namespace="")
    spec = read(written, OutsideSpec, telling)
    named = [each.fqdn for each in spec.endpoints if each.fqdn is not None] if spec is not None else []
    addressed = [each.ip for each in spec.endpoints if each.ip is not None] if spec is not None else []
    if spec is not None and (len(named) > 1 or bool(named) == bool(addressed)):
        telling.refuse("spec.endpoints", "must be one with fqdn, or any number with ip")
    validation = _validation(spec.tls, spec.endpoints, telling) if spec is not None and spec.tls is not None else None
    if spec is None or telling.refused:
        return NoOutside(problems=tuple(telling.refused))
    return Outside(
        hostname=named[0].hostname if named else "",
        addresses=tuple((each.address, each.port) for each in addressed),
        port=(named or addressed)[0].port,
        speaks_http2="gateway.envoyproxy.io/h2c" in spec.app_protocols,
        validation=validation,
        differs=tuple(telling.differs),
    )


def _validation(
    written: OutsideTLS, endpoints: tuple[OutsideEndpoint, ...], telling: Telling
) -> BackendTLSValidation | None:
    names = (each.fqdn.hostname for each in endpoints if each.fqdn is not None)
    name = written.sni or next(names, "")
    if not name:
        telling.refuse("spec.tls.sni", "is required for endpoints with ip: it is whom the certificate must be of")
    if not written.ca_certificate_refs and written.well_known_ca_certificates is None:
        telling.refuse("spec.tls", "must have caCertificateRefs or wellKnownCACertificates: System")
    return BackendTLSValidation(
        ca_certificate_refs=written.ca_certificate_refs,
        well_known_ca_certificates=written.well_known_ca_certificates,
        hostname=name,
    )
