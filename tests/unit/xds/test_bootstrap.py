import json
import re

import pytest
from envoy.config.bootstrap.v3 import bootstrap_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.resource_monitors.downstream_connections.v3 import downstream_connections_pb2
from envoy.extensions.resource_monitors.fixed_heap.v3 import fixed_heap_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import RE2_PROGRAM_SIZE
from gatewayd.xds.bootstrap import (
    DRAIN_FIELD,
    AdminSocket,
    ControlPlane,
    MutualTLS,
    UnixSocket,
    bootstrap,
    probed_at,
    sds_files,
    within_memory,
    within_zone,
)

# Any in JSON is read by the descriptors of these.
ANYS = (
    router_pb2,
    http_connection_manager_pb2,
    downstream_connections_pb2,
    fixed_heap_pb2,
    tls_pb2,
    http_protocol_options_pb2,
)

ADMIN = AdminSocket(path="/admin")
EDGE = GatewayFleet(namespace="shop", name="edge")
LOCAL = UnixSocket(path="/run/gatewayd/xds")
REMOTE = MutualTLS(
    host="gatewayd.system.svc.", port=18000, server_name="gatewayd.system", certificates="/certs", sds="/etc/envoy"
)


def parsed(
    control_plane: ControlPlane = LOCAL,
    admin: AdminSocket = ADMIN,
    probes: int | None = None,
) -> bootstrap_pb2.Bootstrap:
    made = bootstrap(
        node="pod-1",
        fleet=EDGE,
        control_plane=control_plane,
        admin=admin,
        probes_port=probes,
        drain=60,
    )
    return json_format.Parse(json.dumps(made), bootstrap_pb2.Bootstrap())


def test_the_control_plane_hears_how_long_listeners_drain() -> None:
    assert parsed().node.metadata.fields[DRAIN_FIELD].number_value == 60


def test_everything_comes_by_delta_ads() -> None:
    made = parsed()
    dynamic = made.dynamic_resources
    assert dynamic.ads_config.api_type == dynamic.ads_config.DELTA_GRPC
    assert dynamic.ads_config.set_node_on_first_message_only
    assert dynamic.ads_config.grpc_services[0].envoy_grpc.cluster_name == made.static_resources.clusters[0].name
    for source in (dynamic.lds_config, dynamic.cds_config):
        assert source.HasField("ads")
        assert source.initial_fetch_timeout.ToMilliseconds() == 0
    assert (made.node.id, made.node.cluster) == ("pod-1", "shop/edge")


def test_a_unix_socket() -> None:
    (cluster,) = parsed().static_resources.clusters
    endpoint = cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint
    assert endpoint.address.pipe.path == "/run/gatewayd/xds"
    assert not cluster.HasField("transport_socket")


def test_mutual_tls() -> None:
    (cluster,) = parsed(REMOTE).static_resources.clusters
    context = tls_pb2.UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(context)
    common = context.common_tls_context
    combined = common.combined_validation_context
    (name,) = combined.default_validation_context.match_typed_subject_alt_names
    assert name.matcher.exact == context.sni == "gatewayd.system"
    sources = [
        common.tls_certificate_sds_secret_configs[0].sds_config,
        combined.validation_context_sds_secret_config.sds_config,
    ]
    files = {each.path_config_source.path.removeprefix("/etc/envoy/") for each in sources}
    assert files == set(sds_files("/certs"))


@pytest.mark.parametrize("content", sds_files("/certs").values())
def test_certificates_are_read_again_when_the_folder_changes(content: dict[str, object]) -> None:
    made = json_format.Parse(json.dumps(content), discovery_pb2.DiscoveryResponse())
    text = json_format.MessageToJson(made.resources[0])
    assert '"path": "/certs"' in text
    assert "/certs/tls.key" in text or "/certs/ca.crt" in text


def test_admin_has_no_address_and_is_its_owners_alone() -> None:
    for made in (parsed(), parsed(probes=19001)):
        assert made.admin.address.WhichOneof("address") == "pipe"
        assert (made.admin.address.pipe.path, made.admin.address.pipe.mode) == ("/admin", 0o600)


def test_probes_show_two_pages_of_admin() -> None:
    assert list(parsed().static_resources.listeners) == []
    made = parsed(probes=19001)
    (listener,) = made.static_resources.listeners
    manager = http_connection_manager_pb2.HttpConnectionManager()
    assert listener.filter_chains[0].filters[0].typed_config.Unpack(manager)
    (host,) = manager.route_config.virtual_hosts
    assert [each.match.path for each in host.routes] == ["/ready", "/stats/prometheus"]
    assert all(each.match.headers[0].string_match.exact == "GET" for each in host.routes)
    admin = made.static_resources.clusters[1].load_assignment.endpoints[0].lb_endpoints[0].endpoint
    assert admin.address == made.admin.address


def test_probes_are_answered_by_the_family_that_pods_have() -> None:
    four, none = (
        bootstrap(node="pod-1", fleet=EDGE, control_plane=LOCAL, admin=ADMIN, probes_port=port, drain=None)
        for port in (19001, None)
    )
    assert probed_at(four, "0.0.0.0") == four
    assert probed_at(none, "::") == none
    made = json_format.Parse(json.dumps(probed_at(four, "::")), bootstrap_pb2.Bootstrap())
    [probes] = made.static_resources.listeners
    found = probes.address.socket_address
    assert (found.address, found.port_value, found.ipv4_compat) == ("::", 19001, True)


def test_memory_is_given_back_and_clusters_are_made_when_they_are_used() -> None:
    made = parsed()
    assert made.cluster_manager.enable_deferred_cluster_creation
    assert made.memory_allocator_manager.bytes_to_release == 2 * 1024 * 1024
    assert made.memory_allocator_manager.memory_release_interval.seconds == 1


def test_limits() -> None:
    made = parsed()
    (monitor,) = made.overload_manager.resource_monitors
    limit = downstream_connections_pb2.DownstreamConnectionsConfig()
    assert monitor.typed_config.Unpack(limit)
    assert limit.max_active_downstream_connections == 50_000
    assert made.deferred_stat_options.enable_deferred_creation_stats
    (layer,) = made.layered_runtime.layers
    size = layer.static_layer["re2.max_program_size.error_level"]
    assert RE2_PROGRAM_SIZE < size < 10_000


def test_the_statistics_that_people_watch_proxies_by_are_kept() -> None:
    patterns = parsed().stats_config.stats_matcher.inclusion_list.patterns
    assert {each.prefix for each in patterns if each.prefix} == {
        *("server.", "listener_manager.", "cluster_manager.", "control_plane.", "overload.")
    }
    ends = {each.suffix.removeprefix(".") for each in patterns if each.suffix}
    classes = {f"{side}_rq_{answers}xx" for side in ("downstream", "upstream") for answers in range(1, 6)}
    assert ends == classes | {
        *("downstream_cx_active", "downstream_cx_overflow", "downstream_cx_total"),
        *("downstream_rq_active", "downstream_rq_time", "downstream_rq_total"),
        *("membership_healthy", "membership_total", "no_filter_chain_match", "no_route", "ssl.connection_error"),
        *("ratelimit.error", "ratelimit.failure_mode_allowed", "ratelimit.over_limit"),
        *("ext_proc.failure_mode_allowed", "ext_proc.streams_failed"),
        *("upstream_cx_active", "upstream_cx_connect_fail", "upstream_rq_active", "upstream_rq_pending_overflow"),
        *("upstream_rq_retry", "upstream_rq_time", "upstream_rq_timeout", "upstream_rq_total"),
    }


def test_metrics_of_a_route_have_its_name_and_the_host_as_labels() -> None:
    tags = {each.tag_name: each.regex for each in parsed().stats_config.stats_tags}
    name = "vhost.shop.example.route.httproute/shop/cart.v2.upstream_rq_2xx"
    for tag, wanted in (("route_host", "shop.example"), ("route", "httproute/shop/cart.v2")):
        found = re.search(tags[tag], name)
        assert found is not None
        assert (found[1], found[2]) == (f"{wanted}.", wanted)
        assert re.search(tags[tag], "cluster.shop/cart/80/http1.upstream_rq_2xx") is None


def test_a_limit_of_memory_is_kept_by_giving_back_and_by_refusing() -> None:
    document = bootstrap(
        node="",
        fleet=EDGE,
        control_plane=UnixSocket(path="/x"),
        admin=ADMIN,
        probes_port=19001,
        drain=None,
    )
    assert within_memory(document, None) == document
    (_, least) = within_memory({}, 1)["overload_manager"]["resource_monitors"]
    assert least["typed_config"]["max_heap_size_bytes"] == 1  # Envoy takes no 0
    made = json_format.Parse(json.dumps(within_memory(document, 1000)), bootstrap_pb2.Bootstrap())
    connections, heap = made.overload_manager.resource_monitors
    assert connections == parsed().overload_manager.resource_monitors[0]
    config = fixed_heap_pb2.FixedHeapConfig()
    assert heap.typed_config.Unpack(config)
    assert config.max_heap_size_bytes == 900
    shares = {each.name.rpartition(".")[2]: each.triggers[0].threshold.value for each in made.overload_manager.actions}
    assert list(shares) == [
        "shrink_heap",
        "disable_http_keepalive",
        "stop_accepting_requests",
        "stop_accepting_connections",
    ]
    assert sorted(shares.values()) == list(shares.values())
    assert max(shares.values()) < 1
    assert {each.triggers[0].name for each in made.overload_manager.actions} == {heap.name}
    (probes,) = made.static_resources.listeners
    assert probes.bypass_overload_manager


def test_where_it_runs() -> None:
    document = bootstrap(node="pod-1", fleet=EDGE, control_plane=LOCAL, admin=ADMIN, probes_port=None, drain=None)
    assert within_zone(document, "") == document
    made = json_format.Parse(json.dumps(within_zone(document, "a")), bootstrap_pb2.Bootstrap())
    assert (made.node.id, made.node.locality.zone) == ("pod-1", "a")
    assert [each.name for each in made.static_resources.clusters] == ["gatewayd", "gatewayd-itself"]
    assert made.cluster_manager.local_cluster_name == "gatewayd-itself"
    assert made.cluster_manager.enable_deferred_cluster_creation
    # What it was made of is as before.
    assert document == bootstrap(
        node="pod-1", fleet=EDGE, control_plane=LOCAL, admin=ADMIN, probes_port=None, drain=None
    )
