"""RedirectedTraffic -> the connection manager of a port of a node's proxy.

No client knows that it is there, so it does as little as it can: no header of a request is written or believed
otherwise than by its service, nothing ends for being silent, and no spelling of a path or of a header is refused.
Paths alone are normalised, since rules must be compared with what a service understands.
"""

from typing import Any, Final

from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from google.protobuf import duration_pb2, wrappers_pb2

from gatewayd.ir.edge import UPGRADE
from gatewayd.ir.proxy import RedirectedTraffic
from gatewayd.xds.filters import kept_source
from gatewayd.xds.filters.chain import http_filters
from gatewayd.xds.filters.destination import destination_fields

_HCM = pb.HttpConnectionManager
_TRUE = wrappers_pb2.BoolValue(value=True)
_NEVER = duration_pb2.Duration()
_MORE_THAN_ANY: Final = 2**31
"""Addresses in x-forwarded-for that are passed over before one is believed: a client is the pod that has connected."""


def mesh_manager(traffic: RedirectedTraffic) -> Any:
    """Return the HttpConnectionManager that routes by where a connection was for, by SRDS and RDS."""
    return _HCM(
        codec_type=_HCM.AUTO,
        stat_prefix=f"mesh/{traffic.port}",
        **destination_fields(traffic),
        http_filters=[
            *([kept_source.opted_into()] if traffic.keeps_source else []),
            *http_filters(opted_into=True),
        ],
        skip_xff_append=True,
        xff_num_trusted_hops=_MORE_THAN_ANY,
        preserve_external_request_id=True,
        server_header_transformation=_HCM.PASS_THROUGH,
        upgrade_configs=[_HCM.UpgradeConfig(upgrade_type=UPGRADE)],
        http_protocol_options=protocol_pb2.Http1ProtocolOptions(accept_http_10=True),
        http2_protocol_options=protocol_pb2.Http2ProtocolOptions(allow_connect=True),
        normalize_path=_TRUE,
        path_with_escaped_slashes_action=_HCM.KEEP_UNCHANGED,
        stream_idle_timeout=_NEVER,
    )
