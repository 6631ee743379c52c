"""GatewayClassOutcome, MeshOutcome -> GatewayClass status, XMesh status: what a controller says of itself.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassstatus
"""

from gatewayd.ir.outcome import GatewayClassOutcome, MeshOutcome
from gatewayd.status.condition import Json, conditions


def controller_status(outcome: GatewayClassOutcome | MeshOutcome) -> Json:
    """Return all of the status that is ours to write."""
    return {
        "conditions": conditions(outcome.verdicts, outcome.generation),
        "supportedFeatures": [{"name": name} for name in outcome.features],
    }
