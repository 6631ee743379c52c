"""What the proxies of a Gateway write down of requests, by its parameters and its policies, and where lines go."""

from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, query
from gatewayd.ir.access_log import FILE, AccessLog
from gatewayd.translator.environment import environment
from gatewayd.translator.parameters.chosen import chosen_parameters
from gatewayd.translator.policies.report import with_policy


@query
def access_log(view: View, gateway: ObjectKey) -> AccessLog | None:
    """Return the access log of a Gateway, one value for all its filter chains; None: nothing is written down."""
    row = view.get(Gateway, gateway)
    class_name = row.spec.gateway_class_name if row is not None else ""
    logged = with_policy(view, gateway, class_name, chosen_parameters(view, gateway).parameters.logged)
    if logged is None:
        return None
    return AccessLog(gateway=str(gateway), file=FILE if environment(view).standalone else "", logged=logged)
