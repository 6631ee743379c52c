"""Rules about what a Gateway has besides listeners.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

import re2

from gatewayd.api.gateway import FrontendValidation, GatewayAddress, GatewayInfrastructure, GatewaySpec
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.names import is_dns_subdomain, shown

_HOSTNAME: Final = re2.compile(r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_METADATA_KEY: Final = re2.compile(
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$"
)
_IMPLEMENTATION_PATH: Final = re2.compile(r"^.*/.+$")


def is_ip(text: str) -> bool:
    """Whether text is an IPv4 or IPv6 address as Go reads them: without zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _repeated(spec: GatewaySpec, address_type: str) -> Problems:
    seen: dict[str, int] = {}
    for index, address in enumerate(spec.addresses):
        if address.type != address_type or address.value is None:
            continue
        before = seen.setdefault(address.value, index)
        if before != index:
            yield Problem(
                path=f"addresses[{index}].value",
                message=f"repeats addresses[{before}].value; {address_type} values must be unique",
            )


def ip_addresses_unique(spec: GatewaySpec) -> Problems:
    """Check that no IPAddress value stands twice (spec.addresses)."""
    return _repeated(spec, "IPAddress")


def hostname_addresses_unique(spec: GatewaySpec) -> Problems:
    """Check that no Hostname value stands twice (spec.addresses)."""
    return _repeated(spec, "Hostname")


def ip_address_is_one(address: GatewayAddress) -> Problems:
    """Check that the value of an IPAddress is an IPv4 or IPv6 address (the schema's oneOf of spec.addresses[])."""
    if address.type == "IPAddress" and address.value is not None and not is_ip(address.value):
        yield Problem(path="value", message=f"{shown(address.value)} is not an IPv4 or IPv6 address")


def hostname_address_is_one(address: GatewayAddress) -> Problems:
    """Check that the value of a Hostname address is a DNS name, perhaps with a wildcard (spec.addresses[])."""
    if address.type == "Hostname" and address.value is not None and not _HOSTNAME.search(address.value):
        yield Problem(path="value", message=f"{shown(address.value)} is not a lower-case DNS name")


def routability_known(address: GatewayAddress) -> Problems:
    """Check that routability is empty, Cluster, or an implementation's own path outside k8s.io."""
    text = address.routability or ""
    domain = text.partition("/")[0]
    reserved = domain == "k8s.io" or domain.endswith(".k8s.io")
    if text in {"", "Cluster"}:
        return
    if not _IMPLEMENTATION_PATH.search(text) or not is_dns_subdomain(domain) or reserved:
        yield Problem(
            path="routability",
            message=f"{shown(text)} is not known; Cluster or a path such as example.com/private is allowed",
        )


def _malformed_keys(field: str, keys: Iterable[str]) -> Problems:
    for key in keys:
        if not _METADATA_KEY.search(key):
            yield Problem(
                path=field, message=f"{shown(key)} is not a key; an optional DNS name and '/' and a name are allowed"
            )


def _long_prefixes(field: str, keys: Iterable[str]) -> Problems:
    for key in keys:
        if len(key.partition("/")[0]) >= 253:
            yield Problem(path=field, message=f"{shown(key)} has too long a prefix; 252 characters are allowed")


def label_keys_formed(infrastructure: GatewayInfrastructure) -> Problems:
    """Check that label keys are an optional DNS name with "/" and a name of up to 63 characters."""
    return _malformed_keys("labels", infrastructure.labels)


def label_prefixes_short(infrastructure: GatewayInfrastructure) -> Problems:
    """Check that what stands before the first "/" of a label key is shorter than 253 (spec.infrastructure.labels)."""
    return _long_prefixes("labels", infrastructure.labels)


def annotation_keys_formed(infrastructure: GatewayInfrastructure) -> Problems:
    """Check that annotation keys have the form of label keys (spec.infrastructure.annotations)."""
    return _malformed_keys("annotations", infrastructure.annotations)


def annotation_prefixes_short(infrastructure: GatewayInfrastructure) -> Problems:
    """Check that what stands before the first "/" of an annotation key is shorter than 253."""
    return _long_prefixes("annotations", infrastructure.annotations)


def trust_bundle_without_namespace(validation: FrontendValidation) -> Problems:
    """Check that a ClusterTrustBundle has no namespace (spec.tls.frontend...validation.caCertificateRefs)."""
    for index, ref in enumerate(validation.ca_certificate_refs):
        cluster_scoped = (ref.group, ref.kind) == ("certificates.k8s.io", "ClusterTrustBundle")
        if cluster_scoped and ref.namespace is not None:
            yield Problem(
                path=f"caCertificateRefs[{index}].namespace",
                message="must not be set for a ClusterTrustBundle, which is cluster-scoped",
            )
