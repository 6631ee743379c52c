"""Which XBackends need a Service that selects their pods: those of that type that Gateways of ours send traffic to."""

from gatewayd.api.core import Service
from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.ir.selected_pods import SelectingService
from gatewayd.own_group import manager
from gatewayd.translator.backends.selected_pods import selecting_service, selection_problem
from gatewayd.translator.environment import environment
from gatewayd.translator.outcomes.xbackends import BACKEND_USES


@query
def selecting(view: View, member: Member) -> SelectingService | None:
    """Return the Service of an XBackend that shall be there, or shall go; None where there is nothing to be done."""
    row = view.get(XBackend, member.key)
    if row is None or environment(view).standalone:
        return None
    key, selector = row.metadata.key, row.spec.endpoint_selector
    mark = manager(environment(view).controller)
    service = view.get(Service, selecting_service(key))
    is_there = service is not None and service.metadata.labels.get(MANAGED_BY) == mark
    is_wanted = selector is not None and bool(view.group(BACKEND_USES, key)) and selection_problem(view, key) is None
    if not is_wanted and not is_there:
        return None
    return SelectingService(
        namespace=key.namespace,
        backend=key.name,
        uid=row.metadata.uid,
        selector=tuple(sorted(selector.match_labels.items())) if selector is not None else (),
        port=row.spec.port.value,
        manager=mark,
        is_wanted=is_wanted,
        is_there=is_there,
    )


SELECTING_SERVICES = Output(
    name="selecting_services", sources=(Source(table=XBackend, query=selecting),), on_demand=True
)
