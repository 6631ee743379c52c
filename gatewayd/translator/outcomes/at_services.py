"""What is said of a policy for a route whose parent is a Service: to the Service, as its ancestor.

https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-status
"""

from collections.abc import Iterator

from gatewayd.api.meta import KubernetesObject
from gatewayd.incremental.view import View
from gatewayd.ir.outcome import Reference, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.mesh.policies import called_by_route, is_led
from gatewayd.translator.mesh.unserved import unserved_fields
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.effective import NAMESPACE_KIND, ScopedTarget
from gatewayd.translator.policies.kinds import InheritedPolicy
from gatewayd.translator.protocols import ROUTES_BY_KIND


def called_services(view: View, target: ScopedTarget) -> Iterator[Reference]:
    """Yield the Services of whose requests a route gets some, where a target is one, each once."""
    for key in dict.fromkeys(each.service for each in called_by_route(view, target)):
        yield Reference(
            group=SERVICE_KIND.group,
            kind=SERVICE_KIND.kind,
            namespace=key.namespace,
            name=key.name,
            section=None,
            port=None,
        )


def is_of_service(ref: Reference, target: ScopedTarget) -> bool:
    """Return whether an ancestor is a Service as the parent of a route."""
    return ref.kind == SERVICE_KIND.kind and target.kind in ROUTES_BY_KIND


def unserved_there(row: KubernetesObject, ref: Reference, target: ScopedTarget) -> Verdict | None:
    """Say what of a policy cannot be had for a Service."""
    told = _told(row) if is_of_service(ref, target) else ""
    return verdicts.invalid(told) if told else None


def unserved_below(view: View, row: KubernetesObject, target: ScopedTarget) -> str:
    """Return the same of a policy for a namespace some of whose routes have Services as parents, "" for nothing."""
    told = _told(row) if target.kind == NAMESPACE_KIND and is_led(view, target) else ""
    return f"; but for Services as parents {told}" if told else ""


def _told(row: KubernetesObject) -> str:
    if not isinstance(row, InheritedPolicy):
        return ""
    faults = tuple(unserved_fields(row))
    closing = [f"{path}: {each.why}" for path, each in faults if each.closes]
    others = [f"{path}: {each.why}" for path, each in faults if not each.closes]
    consequences = ((closing, "requests get a 500"), (others, "left out"))
    return "; ".join(f"{'; '.join(told)}; {what} until then" for told, what in consequences if told)
