"""ListenerSetOutcome -> ListenerSet status.

https://gateway-api.sigs.k8s.io/reference/spec/#listenersetstatus
"""

from gatewayd.ir.outcome import ListenerSetOutcome
from gatewayd.status.condition import Json, conditions
from gatewayd.status.gateway import listener_status


def listenerset_status(outcome: ListenerSetOutcome) -> Json:
    """Return all of the status that is ours to write."""
    return {
        "conditions": conditions(outcome.verdicts, outcome.generation),
        "listeners": [listener_status(each, outcome.generation) for each in outcome.listeners],
    }
