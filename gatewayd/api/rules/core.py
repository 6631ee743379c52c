"""Rules about Services, Secrets, ConfigMaps and EndpointSlices whose breach would reach a proxy.

The API server has many more; these are the ones that matter for objects that come from files.
https://kubernetes.io/docs/reference/kubernetes-api/
"""

import base64
import ipaddress
from collections.abc import Mapping
from typing import Final

from gatewayd.api.core import ConfigMap, Secret, Service, ServiceSpec
from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.names import (
    entry,
    is_data_key,
    is_dns_label,
    is_dns_subdomain,
    is_label_value,
    is_port_name,
    is_qualified_name,
    shown,
)

_ADDRESS: Final[Mapping[str, type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]]] = {
    "IPv4": ipaddress.IPv4Address,
    "IPv6": ipaddress.IPv6Address,
}
_LAST_PORT: Final = 65535
_KEY_RULE: Final = "up to 253 of a-z, A-Z, 0-9, '-', '_' and '.' are allowed"


def _bad_keys(field: str, data: Mapping[str, str]) -> Problems:
    for key in data:
        if not is_data_key(key):
            yield Problem(path=field, message=f"{shown(key)} is not a key; {_KEY_RULE}")


def _not_base64(field: str, data: Mapping[str, str]) -> Problems:
    for key, text in data.items():
        try:
            base64.b64decode("".join(text.split("\n")).replace("\r", ""), validate=True)
        except ValueError:  # binascii.Error is one
            yield Problem(path=entry(field, key), message="is not base64; use stringData for plain text")


def secret_data_readable(secret: Secret) -> Problems:
    """Check that keys are file names and values base64; no value stands in a message."""
    yield from _bad_keys("data", secret.data)
    yield from _bad_keys("stringData", secret.string_data)
    yield from _not_base64("data", secret.data)


def config_data_readable(config: ConfigMap) -> Problems:
    """Check that keys are file names, differ between data and binaryData, and binary values are base64."""
    yield from _bad_keys("data", config.data)
    yield from _bad_keys("binaryData", config.binary_data)
    yield from _not_base64("binaryData", config.binary_data)
    for key in config.data.keys() & config.binary_data.keys():
        yield Problem(path=entry("binaryData", key), message="stands in data as well; a key must be in one of them")


def service_ports_named(spec: ServiceSpec) -> Problems:
    """Check that ports have different names, which only a single port may leave out."""
    seen: dict[str, int] = {}
    for index, port in enumerate(spec.ports):
        if port.name and not is_dns_label(port.name):
            yield Problem(path=f"ports[{index}].name", message=f"{shown(port.name)} is not a DNS label")
        if not port.name and len(spec.ports) > 1:
            yield Problem(path=f"ports[{index}].name", message="is required when there are several ports")
        elif seen.setdefault(port.name, index) != index:
            yield Problem(path=f"ports[{index}].name", message=f"repeats ports[{seen[port.name]}].name")


def service_ports_unique(spec: ServiceSpec) -> Problems:
    """Check that no two ports have the same number and protocol."""
    seen: dict[tuple[str, int], int] = {}
    for index, port in enumerate(spec.ports):
        before = seen.setdefault((port.protocol, port.port), index)
        if before != index:
            yield Problem(path=f"ports[{index}]", message=f"has the port and protocol of ports[{before}]")


def service_ports_lead_somewhere(spec: ServiceSpec) -> Problems:
    """Check that target ports and protocols of applications can be some."""
    for index, port in enumerate(spec.ports):
        # 0 and "" are what nobody has written: the port itself.
        if isinstance(port.target_port, int) and not 0 <= port.target_port <= _LAST_PORT:
            yield Problem(path=f"ports[{index}].targetPort", message=f"must be from 1 to {_LAST_PORT}")
        if isinstance(port.target_port, str) and port.target_port and not is_port_name(port.target_port):
            message = f"{shown(port.target_port)} is not the name of a port; up to 15 of a-z, 0-9 and '-' are allowed"
            yield Problem(path=f"ports[{index}].targetPort", message=message)
        yield from _application(f"ports[{index}].appProtocol", port.app_protocol)


def _application(path: str, protocol: str | None) -> Problems:
    if protocol is not None and not is_qualified_name(protocol):
        yield Problem(path=path, message=f"{shown(protocol)} is not valid; allowed: http, or example.com/name")


def selector_formed(spec: ServiceSpec) -> Problems:
    """Check that a selector has labels as pods have them."""
    for key, value in spec.selector.items():
        if not (is_qualified_name(key) and is_label_value(value)):
            yield Problem(path=entry("selector", key), message=f"{shown(key)}: {shown(value)} is no label")


def service_has_ports(service: Service) -> Problems:
    """Check that a Service has a port, unless it is headless or an ExternalName."""
    spec = service.spec
    if not spec.ports and spec.type != "ExternalName" and spec.cluster_ip != "None":
        yield Problem(path="spec.ports", message="is required")


def external_name_given(spec: ServiceSpec) -> Problems:
    """Check that an ExternalName Service has a DNS name."""
    if spec.type == "ExternalName" and not is_dns_subdomain(spec.external_name.removesuffix(".")):
        yield Problem(path="externalName", message=f"{shown(spec.external_name)} is not a DNS name")


def addresses_of_type(endpoints: EndpointSlice) -> Problems:
    """Check that every address is of the slice's addressType."""
    for index, endpoint in enumerate(endpoints.endpoints):
        for position, address in enumerate(endpoint.addresses):
            if not _is_of_type(endpoints.address_type, address):
                yield Problem(
                    path=f"endpoints[{index}].addresses[{position}]",
                    message=f"{shown(address)} is not of type {endpoints.address_type}",
                )


def slice_ports_named(endpoints: EndpointSlice) -> Problems:
    """Check that the names of ports are labels and differ; one port may have none."""
    seen: dict[str, int] = {}
    for index, port in enumerate(endpoints.ports):
        if port.name and not is_dns_label(port.name):
            yield Problem(path=f"ports[{index}].name", message=f"{shown(port.name)} is not a DNS label")
        elif seen.setdefault(port.name, index) != index:
            yield Problem(path=f"ports[{index}].name", message=f"repeats ports[{seen[port.name]}].name")


def slice_values_formed(endpoints: EndpointSlice) -> Problems:
    """Check that protocols, and hostnames, zones and nodes of endpoints are written as such."""
    for index, port in enumerate(endpoints.ports):
        yield from _application(f"ports[{index}].appProtocol", port.app_protocol)
    for index, endpoint in enumerate(endpoints.endpoints):
        zones = [zone.name for zone in endpoint.hints.for_zones] if endpoint.hints is not None else []
        if len(set(zones)) < len(zones) or not all(zone and is_label_value(zone) for zone in zones):
            path = f"endpoints[{index}].hints.forZones"
            yield Problem(path=path, message="must be names of zones, each once; such as eu-west-1a")
        if endpoint.hostname is not None and not is_dns_label(endpoint.hostname):
            yield Problem(path=f"endpoints[{index}].hostname", message=f"{shown(endpoint.hostname)} is not a DNS label")
        if endpoint.node_name is not None and not is_dns_subdomain(endpoint.node_name):
            message = f"{shown(endpoint.node_name)} is not the name of a node"
            yield Problem(path=f"endpoints[{index}].nodeName", message=message)


def _is_of_type(address_type: str, address: str) -> bool:
    parse = _ADDRESS.get(address_type)
    if parse is None:
        return is_dns_subdomain(address)
    try:
        parse(address)
    except ValueError:
        return False
    return "%" not in address
