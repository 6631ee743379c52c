"""GatewayClassOutcome -> GatewayClass status.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassstatus
"""

from gatewayd.ir.outcome import GatewayClassOutcome
from gatewayd.status.condition import Json, conditions


def gatewayclass_status(outcome: GatewayClassOutcome) -> Json:
    """Return all of the status that is ours to write."""
    return {
        "conditions": conditions(outcome.verdicts, outcome.generation),
        "supportedFeatures": [{"name": name} for name in outcome.features],
    }
