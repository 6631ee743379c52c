"""The addresses that a Gateway has, and those that it asked for in vain.

In a cluster they are those of the Gateway's own Service, or of the nodes where proxies have their network; without one,
the address that Envoy binds.
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec (addresses)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from gatewayd.api.core import Service
from gatewayd.api.gateway import Gateway, GatewayAddress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, query
from gatewayd.ir.infrastructure import object_name
from gatewayd.ir.outcome import Address, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.backends.endpoints import SLICES, slice_of
from gatewayd.translator.environment import environment
from gatewayd.translator.gateways.routability import assignment, is_asked, matched
from gatewayd.translator.parameters.chosen import chosen_parameters

SUPPORTED = ("IPAddress",)
MAX_ADDRESSES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What the Gateway is reached under. `refused`: bad Accepted verdict; `missing`: bad Programmed verdict.

    `requested`: the AddressesAssigned verdict, when it was asked for where addresses can be reached from.
    """

    assigned: tuple[Address, ...]
    refused: Verdict | None
    missing: Verdict | None
    requested: Verdict | None


@query
def addresses(view: View, gateway: ObjectKey) -> Addresses:
    """Return the addresses of a Gateway of ours."""
    row = view.get(Gateway, gateway)
    requested = row.spec.addresses if row is not None else ()
    refused = _refused(requested)
    if refused is not None:
        return Addresses(assigned=(), refused=refused, missing=None, requested=None)
    had = assigned(view, gateway)
    if is_asked(requested):
        return _by_routability(requested, had, _inside(view, gateway))
    missing = _unusable(requested, had)
    if missing is not None:
        return Addresses(assigned=had, refused=None, missing=missing, requested=None)
    wanted = {each.value for each in requested if each.value}
    kept = tuple(each for each in had if each.value in wanted) if wanted else had
    if not kept:
        missing = verdicts.address_not_assigned("no address has been assigned yet")
    return Addresses(assigned=kept[:MAX_ADDRESSES], refused=None, missing=missing, requested=None)


def _by_routability(
    requested: tuple[GatewayAddress, ...], had: tuple[Address, ...], inside: tuple[Address, ...]
) -> Addresses:
    assignments = matched(requested, had, inside)
    verdict = assignment(assignments)
    missing = None if assignments.addresses else verdicts.address_not_assigned(verdict.message)
    return Addresses(assigned=assignments.addresses, refused=None, missing=missing, requested=verdict)


def _refused(requested: tuple[GatewayAddress, ...]) -> Verdict | None:
    for at, address in enumerate(requested):
        if address.type not in SUPPORTED:
            message = f"spec.addresses[{at}].type: {address.type} is not supported; allowed: {', '.join(SUPPORTED)}"
            return verdicts.unsupported_address(message)
    return None


def _unusable(requested: tuple[GatewayAddress, ...], had: tuple[Address, ...]) -> Verdict | None:
    known = {each.value for each in had}
    shown = ", ".join(sorted(known)) or "none yet"
    for at, address in enumerate(requested):
        if address.value and address.value not in known:
            message = f"spec.addresses[{at}].value: {address.value} has not been assigned; assigned: {shown}"
            return verdicts.address_not_usable(message)
    return None


def assigned(view: View, gateway: ObjectKey) -> tuple[Address, ...]:
    """Return the addresses that traffic for the Gateway really comes in by, sorted."""
    here = environment(view)
    if here.standalone:
        return (Address(type="IPAddress", value=here.address, routability=None),)
    row = _service(view, gateway)
    if row is None:
        return ()
    if row.spec.type != "LoadBalancer" and chosen_parameters(view, gateway).parameters.host_network:
        values_of_service = list(_of_nodes(view, row))
    elif row.spec.type == "LoadBalancer":
        values_of_service = [each.ip or each.hostname for each in row.status.load_balancer.ingress]
    else:
        values_of_service = [row.spec.cluster_ip] if row.spec.cluster_ip not in ("", "None") else []
    values = sorted({*values_of_service, *row.spec.external_ips})
    return tuple(
        Address(type="IPAddress" if _is_ip(each) else "Hostname", value=each, routability=None)
        for each in values
        if each
    )


def _of_nodes(view: View, service: Service) -> Iterator[str]:
    """Yield the addresses of the nodes on which a proxy is ready: those of its pod."""
    for member in view.bucket(SLICES, service.metadata.key):
        piece = slice_of(view, member)
        for endpoint in piece.endpoints if piece is not None and piece.address_type != "FQDN" else ():
            if endpoint.conditions.ready is not False:
                yield endpoint.addresses[0]


def _inside(view: View, gateway: ObjectKey) -> tuple[Address, ...]:
    """Return the ClusterIPs of the Gateway's Service."""
    row = _service(view, gateway) if not environment(view).standalone else None
    cluster_ips = (row.spec.cluster_ips or (row.spec.cluster_ip,)) if row is not None else ()
    return tuple(
        Address(type="IPAddress", value=each, routability=None) for each in cluster_ips if each not in ("", "None")
    )


def _service(view: View, gateway: ObjectKey) -> Service | None:
    return view.get(Service, ObjectKey(gateway.namespace, object_name(gateway.namespace, gateway.name)))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
