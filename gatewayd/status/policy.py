"""PolicyOutcome -> the `ancestors` of a policy's status.

https://gateway-api.sigs.k8s.io/reference/spec/#policystatus, #policyancestorstatus
"""

from gatewayd.ir.outcome import PolicyOutcome
from gatewayd.status.condition import Json, conditions
from gatewayd.status.route import reference


def policy_status(outcome: PolicyOutcome, controller: str) -> Json:
    """Return our entries, one for each Gateway that the policy takes effect on."""
    return {
        "ancestors": [
            {
                "ancestorRef": reference(each.ref),
                "controllerName": controller,
                "conditions": conditions(each.verdicts, outcome.generation),
            }
            for each in outcome.ancestors
        ]
    }
