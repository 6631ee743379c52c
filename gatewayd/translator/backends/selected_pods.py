"""XBackends of type EndpointSelector: the pods of the namespace that have some labels.

gatewayd watches no pods. A Service without an address selects them (`kube/selecting_services.py` makes it), and their
EndpointSlices come from Kubernetes. Without a cluster slices with that Service's name are written beside the XBackend.
https://gateway-api.sigs.k8s.io/geps/gep-4731/
"""

from gatewayd.api.core import Service
from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View
from gatewayd.ir.backend import Discovered, Upstream
from gatewayd.ir.selected_pods import selecting_name
from gatewayd.own_group import is_managed
from gatewayd.translator.backends.endpoints import ServicePortKey, discovered
from gatewayd.translator.environment import environment


def selecting_service(backend: ObjectKey) -> ObjectKey:
    """Return the Service that selects the pods of an XBackend."""
    return ObjectKey(backend.namespace, selecting_name(backend.name))


def selection_problem(view: View, backend: ObjectKey) -> str | None:
    """Return why nobody selects the pods of an XBackend; None where nothing is in the way."""
    key = selecting_service(backend)
    row = view.get(Service, key)
    if row is None or environment(view).standalone or is_managed(row.metadata.labels.get(MANAGED_BY, "")):
        return None
    taken = "is there already and is not managed by gatewayd; allowed: none of that name"
    return f'spec.endpointSelector: Service "{key}" {taken}'


def selected_endpoints(view: View, upstream: Upstream) -> Discovered:
    """Return the endpoints of an XBackend that selects pods; none while somebody else's Service has the name."""
    backend = ObjectKey(upstream.namespace, upstream.name)
    problem = selection_problem(view, backend)
    if problem is not None:
        return Discovered(endpoints=(), closed=problem)
    return discovered(view, ServicePortKey(selecting_service(backend), "", "TCP"))
