"""What an Envoy says of itself: /config_dump in the shape of v1.40, with a canary wherever something is private."""

from typing import Any

from tests.unit.translator import pem

CANARY = "canary-that-nobody-may-see"
ENVOY = "type.googleapis.com/envoy"


def dump() -> dict[str, Any]:
    """Return a dump with something of each type."""
    return {
        "configs": [
            {"@type": f"{ENVOY}.admin.v3.BootstrapConfigDump", "bootstrap": {"node": {"id": CANARY}}},
            {"@type": f"{ENVOY}.admin.v3.ClustersConfigDump", **_clusters()},
            {"@type": f"{ENVOY}.admin.v3.EndpointsConfigDump", **_endpoints()},
            {"@type": f"{ENVOY}.admin.v3.ListenersConfigDump", **_listeners()},
            {"@type": f"{ENVOY}.admin.v3.RoutesConfigDump", **_routes()},
            {"@type": f"{ENVOY}.admin.v3.ScopedRoutesConfigDump", **_scopes()},
            {"@type": f"{ENVOY}.admin.v3.EcdsConfigDump", **_filters()},
            {"@type": f"{ENVOY}.admin.v3.SecretsConfigDump", **_secrets()},
        ]
    }


def _clusters() -> dict[str, Any]:
    cluster = {"name": "shop/cart/80/http1", "type": "EDS", "lb_policy": "LEAST_REQUEST"}
    return {
        "static_clusters": [{"cluster": {"name": "gatewayd"}}],
        "dynamic_active_clusters": [{"version_info": "c1", "cluster": cluster, "last_updated": "2026-01-01T00:00:00Z"}],
        "dynamic_warming_clusters": [{"version_info": "c2", "cluster": {"name": "shop/new/80/http1"}}],
    }


def _endpoints() -> dict[str, Any]:
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 8080}}}}
    locality = {"locality": {"zone": "a"}, "lb_endpoints": [{**endpoint, "health_status": "HEALTHY"}]}
    assignment = {"cluster_name": "shop/cart/80/http1", "endpoints": [locality]}
    return {"dynamic_endpoint_configs": [{"endpoint_config": assignment}]}


def _listeners() -> dict[str, Any]:
    chain = {
        "name": "https",
        "filter_chain_match": {"server_names": ["shop.example"]},
        "transport_socket": {"name": "tls"},
        "filters": [{"typed_config": {"rds": {"route_config_name": "443"}}}],
    }
    listener = {
        "name": "tcp-443",
        "address": {"socket_address": {"address": "::", "port_value": 443}},
        "filter_chains": [chain],
    }
    return {"dynamic_listeners": [{"name": "tcp-443", "active_state": {"version_info": "l1", "listener": listener}}]}


def _routes() -> dict[str, Any]:
    first = {
        "match": {"path_separated_prefix": "/cart", "headers": [{"name": "env"}]},
        "route": {"cluster": "shop/cart/80/http1"},
        "name": "httproute/shop/it/rule/0/match/0",
        "typed_per_filter_config": {
            "basic": {
                "@type": f"{ENVOY}.extensions.filters.http.basic_auth.v3.BasicAuth",
                "users": {"inline_string": CANARY},
            }
        },
    }
    second = {
        "match": {"path": "/old"},
        "redirect": {"path_redirect": "/new"},
        "name": "httproute/shop/it/rule/1/match/0",
    }
    hosts = [
        {"name": "shop.example", "domains": ["shop.example"], "routes": [first, second]},
        {"name": "*", "domains": ["*"]},
    ]
    return {"dynamic_route_configs": [{"version_info": "r1", "route_config": {"name": "443", "virtual_hosts": hosts}}]}


def _scopes() -> dict[str, Any]:
    return {"dynamic_scoped_route_configs": [{"version_info": "all", "scoped_route_configs": [{"name": "443/a"}]}]}


def _filters() -> dict[str, Any]:
    config = {"@type": f"{ENVOY}.extensions.filters.http.api_key_auth.v3.ApiKeyAuth", "credentials": [{"key": CANARY}]}
    return {"ecds_filters": [{"version_info": "f1", "ecds_filter": {"name": "key", "typed_config": config}}]}


def _secrets() -> dict[str, Any]:
    chain = pem.encoded(pem.certificate_of(pem.ec_key()))
    pair = {"certificate_chain": {"inline_bytes": chain}, "private_key": {"inline_string": CANARY}}
    shared = {"generic_secret": {"secret": {"inline_string": CANARY}}}
    return {
        "dynamic_active_secrets": [
            {"name": "trust", "version_info": "", "secret": {"name": "trust"}},
            {"name": "shop/cert", "version_info": "s1", "secret": {"name": "shop/cert", "tls_certificate": pair}},
            {"name": "shop/login", "version_info": "s2", "secret": {"name": "shop/login", **shared}},
        ]
    }
