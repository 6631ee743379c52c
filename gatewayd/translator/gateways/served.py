"""Which classes and Gateways an installation serves of those that name its controller (`gatewayd serve`'s options).

What is left out is told so, since nobody else will tell it; what runs for it stays as it is, so that a mistake in an
option takes no proxies away. Routes, Services and policies may be anywhere.
"""

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.selectors import read_selector
from gatewayd.incremental.view import View, query
from gatewayd.translator.environment import environment
from gatewayd.translator.namespaces import Admission, admits, admitted_words


def class_not_served(view: View, name: str) -> str | None:
    """Return why a class that names our controller is left out, None for one that is not."""
    served = environment(view).gateway_classes
    if not served or name in served:
        return None
    return f'GatewayClass "{name}" is not among those that this gatewayd serves; allowed: {", ".join(served)}'


@query
def not_served(view: View, gateway: ObjectKey) -> str | None:
    """Return why a Gateway of a class of ours is left out, None for one that is not."""
    row = view.get(Gateway, gateway)
    if row is None:
        return None
    of_class = class_not_served(view, row.spec.gateway_class_name)
    if of_class is not None:
        return f"spec.gatewayClassName: {of_class}"
    labels = environment(view).gateway_namespaces
    admission = Admission("Selector" if labels else "All", read_selector(labels), "")
    if admits(view, admission, gateway.namespace):
        return None
    allowed = admitted_words(admission)
    return f"metadata.namespace: this gatewayd serves no Gateways of {gateway.namespace!r}; allowed: {allowed}"
