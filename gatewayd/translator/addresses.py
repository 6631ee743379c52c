"""The addresses that a Gateway has, and those that it asked for in vain.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec (addresses)
"""

from dataclasses import dataclass

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, query
from gatewayd.ir.outcome import Address, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.gatewayclass import environment

SUPPORTED = ("IPAddress",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What the Gateway is reached under. `refused`: bad Accepted verdict; `missing`: bad Programmed verdict."""

    assigned: tuple[Address, ...]
    refused: Verdict | None
    missing: Verdict | None


@query
def addresses(view: View, gateway: ObjectKey) -> Addresses:
    """Return the addresses of a Gateway of ours."""
    row = view.get(Gateway, gateway)
    asked = row.spec.addresses if row is not None else ()
    for at, each in enumerate(asked):
        if each.type not in SUPPORTED:
            message = f"spec.addresses[{at}].type: {each.type} is not supported; allowed: {', '.join(SUPPORTED)}"
            refused = verdicts.not_accepted("UnsupportedAddress", message)
            return Addresses(assigned=(), refused=refused, missing=None)
    own = environment(view).address
    for at, each in enumerate(asked):
        if each.value not in (None, "", own):
            message = f"spec.addresses[{at}].value: {each.value} is not an address of this proxy; it has {own}"
            missing = verdicts.not_programmed("AddressNotUsable", message)
            return Addresses(assigned=(), refused=None, missing=missing)
    return Addresses(assigned=(Address(type="IPAddress", value=own),), refused=None, missing=None)
