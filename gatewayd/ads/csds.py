"""The client status discovery service: what each connected proxy has.

In: states of proxies. Out: ClientStatusResponse. Contents of resources are never part of it: some hold private keys.
https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/status/v3/csds.proto
"""

from collections.abc import Iterable

from envoy.admin.v3 import config_dump_shared_pb2
from envoy.config.core.v3 import base_pb2
from envoy.service.status.v3 import csds_pb2

from gatewayd.ads.fleet import Fleet
from gatewayd.ads.proxy_state import ProxyState, ResourceState, Sync
from gatewayd.ir.fleet import FleetKey

_CLIENT_STATUS = {
    Sync.SYNCED: config_dump_shared_pb2.ACKED,
    Sync.NOT_SENT: config_dump_shared_pb2.REQUESTED,
    Sync.STALE: config_dump_shared_pb2.REQUESTED,
    Sync.ERROR: config_dump_shared_pb2.NACKED,
}


def client_status(
    fleet: Fleet, fleets: Iterable[FleetKey], request: csds_pb2.ClientStatusRequest
) -> csds_pb2.ClientStatusResponse:
    """Describe the proxies of these fleets that the request asks for.

    "If there are multiple node matchers specified, all are combined with logical OR"; only exact node ids are matched.
    """
    wanted = {matcher.node_id.exact for matcher in request.node_matchers}
    return csds_pb2.ClientStatusResponse(
        config=[
            _client_config(state, resources)
            for key in fleets
            for state, resources in fleet.resources(key)
            if not wanted or state.node_id in wanted
        ]
    )


def _client_config(state: ProxyState, resources: Iterable[ResourceState]) -> csds_pb2.ClientConfig:
    """Describe one proxy; `client_scope` is its fleet."""
    return csds_pb2.ClientConfig(
        node=base_pb2.Node(id=state.node_id, cluster=state.node_cluster),
        client_scope=str(state.fleet),
        generic_xds_configs=[_generic(each) for each in resources],
    )


def _generic(state: ResourceState) -> csds_pb2.ClientConfig.GenericXdsConfig:
    """Describe one resource at one proxy."""
    config = csds_pb2.ClientConfig.GenericXdsConfig(
        type_url=state.type_url,
        name=state.name,
        version_info=state.version,
        config_status=csds_pb2.ConfigStatus.Value(state.sync.value),
        client_status=_CLIENT_STATUS[state.sync],
    )
    if state.message:
        config.error_state.details = state.message
        config.error_state.version_info = state.target
    return config
