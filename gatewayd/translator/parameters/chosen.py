"""What the class of a Gateway and the Gateway itself choose, put together.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure (parametersRef)
"""

from typing import NamedTuple

from gatewayd.api.core import ConfigMap
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import LocalObjectRef
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.infrastructure import (
    DEFAULT_PARAMETERS,
    Parameters,
)
from gatewayd.ir.outcome import Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.environment import environment
from gatewayd.translator.parameters.class_parameters import (
    CLOSED,
    CONFIGMAP_KIND,
    BadClassParameters,
    ClassParameters,
    beyond,
    class_parameters,
    within,
)
from gatewayd.translator.parameters.keys import read_parameters
from gatewayd.translator.parameters.named_proxies import named_proxy
from gatewayd.translator.rescues import blame

PATH = "spec.infrastructure.parametersRef"


class ParametersChoice(NamedTuple):
    """The parameters of a Gateway, and the bad Accepted verdict when they cannot be had."""

    parameters: Parameters
    refused: Verdict | None


def _unread(_view: View, _gateway: ObjectKey, error: Exception, _before: ParametersChoice | None) -> ParametersChoice:
    return ParametersChoice(DEFAULT_PARAMETERS, verdicts.invalid_parameters(blame(PATH, error)))


@rescued_query(_unread)
def chosen_parameters(view: View, gateway: ObjectKey) -> ParametersChoice:
    """Return what a Gateway's class and the ConfigMap that it names come to; the class's beside a verdict if wrong."""
    row = view.get(Gateway, gateway)
    of_class = parameters_of_class(view, row)
    ref = row.spec.infrastructure.parameters_ref if row is not None and row.spec.infrastructure else None
    if ref is None:
        return ParametersChoice(of_class.defaults, None)
    read = _own_parameters(view, ObjectKey(gateway.namespace, ref.name), ref, of_class)
    if isinstance(read, Parameters):
        return ParametersChoice(read, None)
    return ParametersChoice(of_class.defaults, verdicts.invalid_parameters(f"{PATH}: {read}"))


def parameters_of_class(view: View, row: Gateway | None) -> ClassParameters:
    """Return the parameters of a Gateway's class: while they cannot be read, nobody chooses anything."""
    of_class = class_parameters(view, row.spec.gateway_class_name if row is not None else "")
    if isinstance(of_class, BadClassParameters):
        return ClassParameters(defaults=DEFAULT_PARAMETERS, bounds=CLOSED)
    return of_class


def _own_parameters(view: View, key: ObjectKey, ref: LocalObjectRef, of_class: ClassParameters) -> Parameters | str:
    if named_proxy(view, ref, key.namespace) is not None:
        return of_class.defaults  # it says what proxies tell, and nothing of what runs
    if ref.group_kind != CONFIGMAP_KIND:
        return f"kind {ref.group_kind} is not supported; allowed: ConfigMap"
    configmap = view.get(ConfigMap, key)
    if configmap is None:
        return missing(view, Content("ConfigMap", key))
    read = read_parameters(configmap.data, of_class.defaults)
    if not isinstance(read, Parameters):
        return f'ConfigMap "{key}": {"; ".join(read)}'
    # Without a cluster nothing runs by them.
    problems = () if environment(view).standalone else beyond(read, of_class)
    return f'ConfigMap "{key}": {"; ".join(problems)}' if problems else within(read, of_class.defaults)
