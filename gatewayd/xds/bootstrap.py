"""What an Envoy is started with, so that everything else comes from the control plane by delta ADS.

In: who it is and where the control plane is. Out: JSON-able mappings: the bootstrap, and for mutual TLS the two SDS
files that it names. Those stand in files of their own because Envoy reads a renewed certificate from disk only when
the certificate came by SDS.

Edge defaults: https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge
"""

from dataclasses import dataclass
from typing import Any, Final, assert_never

from gatewayd.ir.environment import ANY_IPV4, ANY_IPV6
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import CLIENT_CONNECTIONS, RE2_PROGRAM_SIZE
from gatewayd.ir.zones import in_zone

JSON = dict[str, Any]

CONTROL_PLANE = "gatewayd"
"""The static cluster that ADS goes to."""

_LITERAL_PATH = 2048
"""Room for the expressions that are made here of a user's literal path, which has at most 1,024 characters."""

DRAIN_FIELD = "gatewayd.drain_seconds"
"""The field of a node's metadata that says its `--drain-time-s`."""

CERTIFICATE_FILE = "sds-certificate.json"
TRUST_FILE = "sds-trust.json"

_OWNER_ONLY = 0o600
_TYPE = "type.googleapis.com/envoy"
_PROBES = "gatewayd-probes"
_ADMIN = "gatewayd-admin"
_CERTIFICATE, _TRUST = "certificate", "trust"
OWN_SECRETS: Final = frozenset({_CERTIFICATE, _TRUST})
"""What a proxy speaks to the control plane with: by files, and not by xDS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixSocket:
    """The control plane of this machine. Who may open the socket may speak to it."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualTLS:
    """A control plane in the network, which must be `server_name` by its certificate.

    `certificates` is a folder with `tls.crt`, `tls.key` and `ca.crt`, as a Secret is mounted; `sds` is the folder that
    holds what `sds_files` returns.
    """

    host: str
    port: int
    server_name: str
    certificates: str
    sds: str


ControlPlane = UnixSocket | MutualTLS


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSocket:
    """Where Envoy's admin interface listens: a Unix socket, since what has an address can be a route's backend."""

    path: str


def bootstrap(
    *,
    node: str,
    fleet: FleetKey,
    control_plane: ControlPlane,
    admin: AdminSocket,
    probes_port: int | None,
    drain: float | None,
) -> JSON:
    """Return the bootstrap of one Envoy, to be written as JSON.

    `node` names this Envoy, `fleet` is whose it is. On `probes_port` it answers GET /ready and
    GET /stats/prometheus to anybody, and nothing else of the admin interface; None opens no such port. `drain` is the
    `--drain-time-s` that it is started with, of which the control plane hears nowhere else; None: Envoy's default.
    """
    clusters = [_control_plane_cluster(control_plane)]
    static: JSON = {"clusters": clusters}
    if probes_port is not None:
        clusters.append({"name": _ADMIN, "load_assignment": _assignment(_ADMIN, _admin_address(admin))})
        static["listeners"] = [_probes_listener(probes_port)]
    return {
        "node": {"id": node, "cluster": str(fleet), **({} if drain is None else {"metadata": {DRAIN_FIELD: drain}})},
        "dynamic_resources": _DYNAMIC_RESOURCES,
        "static_resources": static,
        "admin": {"address": _admin_address(admin), "ignore_global_conn_limit": True},
        # A worker makes a cluster when the first request comes for it: of thousands it may use few.
        "cluster_manager": {"enable_deferred_cluster_creation": True},
        "layered_runtime": _RUNTIME,
        "memory_allocator_manager": _ALLOCATOR,
        "overload_manager": {"resource_monitors": [_CONNECTIONS]},
        "stats_config": _STATS,
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
    }


def within_zone(document: JSON, zone: str) -> JSON:
    """Return a bootstrap for an Envoy in a zone; "": it knows none, or is told by `--config-yaml`."""
    return _added(document, in_zone(zone)) if zone else document


def _added(to: JSON, more: JSON) -> JSON:
    """Return a document with what another one has more, as Envoy adds them: a list goes on."""
    return {**to, **{name: _together(to[name], more[name]) if name in to else more[name] for name in more}}


def _together(one: Any, two: Any) -> Any:
    return [*one, *two] if isinstance(one, list) else _added(one, two)


def probed_at(document: JSON, address: str) -> JSON:
    """Return a bootstrap for an Envoy whose pod has `address` for all of its own; its port for probes is there."""
    static = document["static_resources"]
    listeners = [
        {**each, "address": _socket_address(address, each["address"]["socket_address"]["port_value"])}
        for each in static.get("listeners", ())
    ]
    return {**document, "static_resources": {**static, "listeners": listeners}} if listeners else document


def within_memory(document: JSON, memory: int | None) -> JSON:
    """Return a bootstrap for an Envoy that is killed when it has more than so many bytes; None: nobody counts."""
    if memory is None:
        return document
    heap = {
        "name": _HEAP,
        "typed_config": {
            "@type": f"{_TYPE}.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
            "max_heap_size_bytes": max(1, int(memory * _HEAP_SHARE)),
        },
    }
    actions = [
        {"name": name, "triggers": [{"name": _HEAP, "threshold": {"value": share}}]} for name, share in _HEAP_ACTIONS
    ]
    overload = {"refresh_interval": "0.25s", "resource_monitors": [_CONNECTIONS, heap], "actions": actions}
    return {**document, "overload_manager": overload}


def sds_files(certificates: str) -> dict[str, JSON]:
    """Return the SDS files for a folder with `tls.crt`, `tls.key` and `ca.crt`, by file name."""
    watched = {"path": certificates}
    pair = {
        "certificate_chain": {"filename": f"{certificates}/tls.crt"},
        "private_key": {"filename": f"{certificates}/tls.key"},
        "watched_directory": watched,
    }
    trust = {"trusted_ca": {"filename": f"{certificates}/ca.crt"}, "watched_directory": watched}
    return {
        CERTIFICATE_FILE: _sds_file({"name": _CERTIFICATE, "tls_certificate": pair}),
        TRUST_FILE: _sds_file({"name": _TRUST, "validation_context": trust}),
    }


def _sds_file(secret: JSON) -> JSON:
    return {"resources": [{"@type": f"{_TYPE}.extensions.transport_sockets.tls.v3.Secret", **secret}]}


_ADS: JSON = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
_DYNAMIC_RESOURCES: JSON = {
    "ads_config": {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [
            {
                "envoy_grpc": {
                    "cluster_name": CONTROL_PLANE,
                    # A control plane that was away is found again soon; all Envoys together do not storm it.
                    "retry_policy": {"retry_back_off": {"base_interval": "0.2s", "max_interval": "5s"}},
                }
            }
        ],
    },
    "lds_config": _ADS,
    "cds_config": _ADS,
}
_RUNTIME: JSON = {
    "layers": [
        {
            "name": "gatewayd",
            "static_layer": {
                "re2.max_program_size.error_level": RE2_PROGRAM_SIZE + _LITERAL_PATH,
                "re2.max_program_size.warn_level": RE2_PROGRAM_SIZE + _LITERAL_PATH,
                # One connection's burst of requests cannot keep a worker from the others.
                "http.max_requests_per_io_cycle": 10,
            },
        }
    ]
}
# Envoy keeps what it has freed for ever, unless it is told to give it back: a change of thousands of routes, or a peak
# of traffic, would cost its memory from then on. 2 MiB a second; what was in use in the last five minutes stays.
_ALLOCATOR: JSON = {"bytes_to_release": 2 * 1024 * 1024, "memory_release_interval": "1s"}
_CONNECTIONS: JSON = {
    "name": "envoy.resource_monitors.global_downstream_max_connections",
    "typed_config": {
        "@type": f"{_TYPE}.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        "max_active_downstream_connections": CLIENT_CONNECTIONS,
    },
}
_HEAP = "envoy.resource_monitors.fixed_heap"
_HEAP_SHARE = 0.9
"""Of the memory of the container; the rest is for stacks, code and what the kernel counts."""
_HEAP_ACTIONS = (
    # What is free is given back at once; then clients go elsewhere, then new work is refused, then new clients are.
    ("envoy.overload_actions.shrink_heap", 0.90),
    ("envoy.overload_actions.disable_http_keepalive", 0.92),
    ("envoy.overload_actions.stop_accepting_requests", 0.95),
    ("envoy.overload_actions.stop_accepting_connections", 0.98),
)
"""And from which share of that on. https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/operations/overload_manager"""


_STATS: JSON = {
    # Hosts have dots, which Envoy's own tags take for the end of a name. The first group goes from the name of a
    # series, the second is the label.
    "stats_tags": [
        {"tag_name": "route_host", "regex": r"^vhost\.((.+)\.)route\.[a-z]+/"},
        {"tag_name": "route", "regex": r"^vhost\..+\.route\.(([a-z]+/[^/]+/.+)\.)upstream_rq_"},
    ],
    "stats_matcher": {
        "inclusion_list": {
            "patterns": [
                *(
                    {"prefix": prefix}
                    for prefix in ("server.", "listener_manager.", "cluster_manager.", "control_plane.", "overload.")
                ),
                *(
                    {"suffix": f".{suffix}"}
                    for suffix in (
                        "downstream_cx_active",
                        "downstream_cx_total",
                        "downstream_cx_overflow",
                        "downstream_rq_1xx",
                        "downstream_rq_2xx",
                        "downstream_rq_3xx",
                        "downstream_rq_4xx",
                        "downstream_rq_5xx",
                        "downstream_rq_active",
                        "downstream_rq_time",
                        "downstream_rq_total",
                        "ext_proc.failure_mode_allowed",
                        "ext_proc.streams_failed",
                        "membership_healthy",
                        "membership_total",
                        "no_filter_chain_match",
                        "no_route",
                        "ratelimit.error",
                        "ratelimit.failure_mode_allowed",
                        "ratelimit.over_limit",
                        "ssl.connection_error",
                        "upstream_cx_active",
                        "upstream_cx_connect_fail",
                        "upstream_rq_1xx",
                        "upstream_rq_2xx",
                        "upstream_rq_3xx",
                        "upstream_rq_4xx",
                        "upstream_rq_5xx",
                        "upstream_rq_active",
                        "upstream_rq_pending_overflow",
                        "upstream_rq_retry",
                        "upstream_rq_time",
                        "upstream_rq_timeout",
                        "upstream_rq_total",
                    )
                ),
            ]
        }
    },
}


def _control_plane_cluster(control_plane: ControlPlane) -> JSON:
    return {
        "name": CONTROL_PLANE,
        "connect_timeout": "5s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {
                    # A control plane that is gone without a word is noticed.
                    "http2_protocol_options": {"connection_keepalive": {"interval": "30s", "timeout": "10s"}}
                },
            }
        },
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 60, "keepalive_interval": 10}},
        **_reached(control_plane),
    }


def _reached(control_plane: ControlPlane) -> JSON:
    match control_plane:
        case UnixSocket():
            pipe = {"pipe": {"path": control_plane.path}}
            return {"type": "STATIC", "load_assignment": _assignment(CONTROL_PLANE, pipe)}
        case MutualTLS():
            address = _socket_address(control_plane.host, control_plane.port)
            return {
                "type": "STRICT_DNS",
                "respect_dns_ttl": True,
                "load_assignment": _assignment(CONTROL_PLANE, address),
                "transport_socket": _mutual_tls(control_plane),
            }
        case _:
            assert_never(control_plane)


def _mutual_tls(control_plane: MutualTLS) -> JSON:
    name = {"san_type": "DNS", "matcher": {"exact": control_plane.server_name}}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": control_plane.server_name,
            "common_tls_context": {
                "tls_params": {
                    "tls_minimum_protocol_version": "TLSv1_3",
                    "tls_maximum_protocol_version": "TLSv1_3",
                },
                "alpn_protocols": ["h2"],
                "tls_certificate_sds_secret_configs": [_from_file(_CERTIFICATE, control_plane.sds, CERTIFICATE_FILE)],
                "combined_validation_context": {
                    "default_validation_context": {"match_typed_subject_alt_names": [name]},
                    "validation_context_sds_secret_config": _from_file(_TRUST, control_plane.sds, TRUST_FILE),
                },
            },
        },
    }


def _from_file(name: str, folder: str, file: str) -> JSON:
    source = {"path_config_source": {"path": f"{folder}/{file}"}, "resource_api_version": "V3"}
    return {"name": name, "sds_config": source}


def _probes_listener(port: int) -> JSON:
    # Exact paths and GET only: no spelling of a path reaches another page of the admin interface (CVE-2025-24030).
    get = [{"name": ":method", "string_match": {"exact": "GET"}}]
    routes = [
        {"match": {"path": path, "headers": get}, "route": {"cluster": _ADMIN}}
        for path in ("/ready", "/stats/prometheus")
    ]
    manager = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "probes",
        "normalize_path": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "route_config": {"virtual_hosts": [{"name": "probes", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPE}.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "name": _PROBES,
        "address": _socket_address(ANY_IPV4, port),
        "ignore_global_conn_limit": True,
        # One that is short of memory is alive and ready: elsewhere there is no more of it.
        "bypass_overload_manager": True,
        "filter_chains": [{"filters": [network]}],
    }


def _admin_address(admin: AdminSocket) -> JSON:
    return {"pipe": {"path": admin.path, "mode": _OWNER_ONLY}}


def _assignment(cluster: str, address: JSON) -> JSON:
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def _socket_address(address: str, port: int) -> JSON:
    # As for listeners that are discovered: this one address is both families.
    both = {"ipv4_compat": True} if address == ANY_IPV6 else {}
    return {"socket_address": {"address": address, "port_value": port, **both}}
