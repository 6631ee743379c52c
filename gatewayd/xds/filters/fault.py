"""Fault -> Envoy's fault filter, which stands in the chain without a fault and lets everything through.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/fault/v3/fault.proto
"""

from typing import Any

from envoy.extensions.filters.common.fault.v3 import fault_pb2 as common_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.type.v3 import percent_pb2

from gatewayd.ir.policy import Fault
from gatewayd.xds.encoding import milliseconds

NAME = "fault"
CONFIG = fault_pb2.HTTPFault()


def per_route(fault: Fault) -> Any:
    """Return the configuration of one route."""
    delay = abort = None
    if fault.delay_ms:
        delay = common_pb2.FaultDelay(
            fixed_delay=milliseconds(fault.delay_ms), percentage=_percent(fault.delay_percent)
        )
    if fault.abort_percent:
        abort = fault_pb2.FaultAbort(http_status=fault.abort_status, percentage=_percent(fault.abort_percent))
    return fault_pb2.HTTPFault(delay=delay, abort=abort)


def _percent(numerator: int) -> Any:
    return percent_pb2.FractionalPercent(numerator=numerator)
