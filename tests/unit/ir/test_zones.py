from gatewayd.ir.zones import ITSELF, in_zone


def test_a_proxy_is_where_its_own_cluster_is() -> None:
    """Envoy looks for endpoints of the locality of its node, if its own cluster has that one too."""
    part = in_zone("a")
    (cluster,) = part["static_resources"]["clusters"]
    assert cluster["name"] == part["cluster_manager"]["local_cluster_name"] == ITSELF
    (own,) = cluster["load_assignment"]["endpoints"]
    assert own["locality"] == part["node"]["locality"] == {"zone": "a"}
    assert len(own["lb_endpoints"]) == 1
