"""Addresses that are asked for by where they can be reached from.

Only said of Gateways that ask for it: a CRD without the field (v1.6, or the standard channel) would drop the answer.
https://gateway-api.sigs.k8s.io/geps/gep-5093/
"""

from dataclasses import replace
from typing import NamedTuple

from gatewayd.api.gateway import GatewayAddress
from gatewayd.ir.outcome import Address, Verdict
from gatewayd.translator import verdicts

CLUSTER = "Cluster"


class Matched(NamedTuple):
    """An address for each entry that one was found for, and what is wrong with the others."""

    addresses: tuple[Address, ...]
    unsatisfied: tuple[str, ...]


def is_asked(requested: tuple[GatewayAddress, ...]) -> bool:
    """Return whether any entry speaks of routability."""
    return any(each.routability is not None for each in requested)


def inside_only(requested: tuple[GatewayAddress, ...]) -> bool:
    """Return whether every address shall be one of the cluster's own, so that nothing may lead in from outside."""
    return bool(requested) and all(each.routability == CLUSTER for each in requested)


def matched(requested: tuple[GatewayAddress, ...], had: tuple[Address, ...], inside: tuple[Address, ...]) -> Matched:
    """Give each entry an address of its own: one `inside` (ClusterIPs) for Cluster, else one that the Gateway `had`."""
    own = {each.value for each in inside}
    known = [replace(each, routability=CLUSTER if each.value in own else "") for each in had]
    free = [*known, *(replace(each, routability=CLUSTER) for each in inside if each not in had)]
    assigned: list[Address] = []
    unsatisfied: list[str] = []
    # Those that want one certain address choose first.
    for at, address in sorted(
        enumerate(requested), key=lambda pair: (not pair[1].value, not pair[1].routability, pair[0])
    ):
        candidates = free if address.value or address.routability else [one for one in free if one in known]
        taken = next((one for one in candidates if _fits(one, address)), None)
        if taken is None:
            unsatisfied.append(_unsatisfied(address, f"spec.addresses[{at}]"))
        else:
            free.remove(taken)
            assigned.append(taken)
    return Matched(tuple(sorted(assigned, key=lambda one: one.value)), tuple(sorted(unsatisfied)))


def _fits(one: Address, entry: GatewayAddress) -> bool:
    right_place = not entry.routability or entry.routability == one.routability
    return right_place and one.type == entry.type and entry.value in (None, "", one.value)


def _unsatisfied(entry: GatewayAddress, path: str) -> str:
    if entry.routability not in (None, "", CLUSTER):
        return f"{path}.routability: {entry.routability} is not known here; allowed: {CLUSTER}"
    where = " of the cluster's own" if entry.routability == CLUSTER else ""
    return f"{path}: no address{where}{f' {entry.value}' if entry.value else ''} has been assigned"


def assignment(match: Matched) -> Verdict:
    """Return the condition that says which entries got an address."""
    if not match.unsatisfied:
        return verdicts.addresses_assigned()
    unassigned = verdicts.addresses_partially_assigned if match.addresses else verdicts.addresses_not_assigned
    return unassigned("; ".join(match.unsatisfied))
