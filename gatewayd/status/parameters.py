"""ParametersOutcome -> the `ancestors` of an EnvoyProxy's status, whose entries have no field for a controller.

So that it is known later which entries are ours, each message begins with our name.
https://gateway.envoyproxy.io/docs/api/extension_types/#envoyproxyancestorstatus
"""

from dataclasses import replace

from gatewayd.ir.outcome import ParametersOutcome, Verdict
from gatewayd.status.condition import Json, conditions
from gatewayd.status.route import reference


def parameters_status(outcome: ParametersOutcome, controller: str) -> Json:
    """Return our entries, one for each object that names the parameters."""
    return {
        "ancestors": [
            {
                "ancestorRef": reference(each.ref),
                "conditions": conditions(_signed(each.verdicts, controller), outcome.generation),
            }
            for each in outcome.ancestors
        ]
    }


def is_signed(entry: Json, controller: str) -> bool:
    """Return whether an entry without a controller's name is ours."""
    if "controllerName" in entry:
        return False
    told = entry.get("conditions") or ()
    return bool(told) and all(str(each.get("message", "")).startswith(_name(controller)) for each in told)


def _signed(verdicts: tuple[Verdict, ...], controller: str) -> tuple[Verdict, ...]:
    return tuple(replace(each, message=f"{_name(controller)}{each.message}") for each in verdicts)


def _name(controller: str) -> str:
    return f"{controller}: "
