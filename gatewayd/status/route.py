"""RouteOutcome -> the `parents` of a route's status.

https://gateway-api.sigs.k8s.io/reference/spec/#routestatus, #routeparentstatus
"""

from gatewayd.ir.outcome import Reference, RouteOutcome
from gatewayd.status.condition import Json, conditions


def route_status(outcome: RouteOutcome, controller: str) -> Json:
    """Return our entries, one for each parentRef that leads to a Gateway of ours."""
    return {
        "parents": [
            {
                "parentRef": reference(each.ref),
                "controllerName": controller,
                "conditions": conditions(each.verdicts, outcome.generation),
            }
            for each in outcome.parents
        ]
    }


def reference(ref: Reference) -> Json:
    """Return a reference as it was written: what was left out stays out."""
    written = {
        "group": ref.group,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "sectionName": ref.section,
        "port": ref.port,
    }
    return {field: value for field, value in written.items() if value is not None}
