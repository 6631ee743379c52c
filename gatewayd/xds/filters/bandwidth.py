"""Bandwidth -> Envoy's bandwidth_limit filter, which stands in the chain without a limit and holds nothing back.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/bandwidth_limit/v3/bandwidth_limit.proto
"""

from typing import Any, Final

from envoy.extensions.filters.http.bandwidth_limit.v3 import bandwidth_limit_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.policy import Bandwidth

NAME = "pace"
_Limit = bandwidth_limit_pb2.BandwidthLimit
CONFIG = _Limit(stat_prefix=NAME)
_MODES: Final = {
    (True, False): _Limit.REQUEST,
    (False, True): _Limit.RESPONSE,
    (True, True): _Limit.REQUEST_AND_RESPONSE,
}


def per_route(bandwidth: Bandwidth) -> Any:
    """Return the configuration of one route."""
    return _Limit(
        stat_prefix=NAME,
        enable_mode=_MODES[bandwidth.of_requests, bandwidth.of_responses],
        limit_kbps=wrappers_pb2.UInt64Value(value=bandwidth.kib_per_s),
    )
