"""GatewayOutcome -> Gateway status.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus, #listenerstatus
"""

from gatewayd.ir.outcome import Address, GatewayOutcome, ListenerOutcome
from gatewayd.status.condition import Json, conditions


def gateway_status(outcome: GatewayOutcome) -> Json:
    """Return all of the status that is ours to write."""
    return {
        "addresses": [_address(each) for each in outcome.addresses],
        "attachedListenerSets": outcome.attached_sets,
        "conditions": conditions(outcome.verdicts, outcome.generation),
        "listeners": [listener_status(each, outcome.generation) for each in outcome.listeners],
    }


def _address(of: Address) -> Json:
    where = {} if of.routability is None else {"routability": of.routability}
    return {"type": of.type, "value": of.value, **where}


def listener_status(outcome: ListenerOutcome, generation: int) -> Json:
    """Return the entry of one listener; `generation` is that of the object that the listener stands in."""
    return {
        "name": outcome.name,
        "supportedKinds": [{"group": group, "kind": kind} for group, kind in outcome.kinds],
        "attachedRoutes": outcome.attached,
        "conditions": conditions(outcome.verdicts, generation),
    }
