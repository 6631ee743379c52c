"""KeptSource -> Envoy's original_src filter, which makes connections to backends from the address of the client.

Proxies that may do that alone have it, and it is off until a route turns it on. Connections are kept for whoever comes
from the same address. They get no mark: that would send them where the answers to them go.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/original_src_filter
"""

from typing import Any

from envoy.extensions.filters.http.original_src.v3 import original_src_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb

from gatewayd.xds.encoding import packed

NAME = "source"


def opted_into() -> Any:
    """Return the filter for a connection manager."""
    return pb.HttpFilter(name=NAME, disabled=True, typed_config=packed(original_src_pb2.OriginalSrc()))
