"""Client status, as CSDS says it."""

from envoy.service.discovery.v3 import discovery_pb2 as discovery
from envoy.service.status.v3 import csds_pb2

from gatewayd.ads.csds import client_status
from gatewayd.ads.fleet import Fleet
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import LISTENER, resource, snapshot

GATEWAY = GatewayFleet(namespace="ns", name="gw")


def fleet(error: str = "") -> Fleet:
    """Return a fleet of two proxies, of which the second has not answered."""
    it = Fleet(lambda _gateway, _report: None)
    it.publish(snapshot(GATEWAY, [resource(LISTENER, "a", b"private")]))
    for node in ("one", "two"):
        member = it.join(GATEWAY, Mode.DELTA, since=0.0, wake=lambda: None)
        it.on_request(member, discovery.DeltaDiscoveryRequest(node={"id": node, "cluster": "x"}, type_url=LISTENER))
        (push,) = it.responses_to_send(member, 0.0)
        if node == "one":
            request = discovery.DeltaDiscoveryRequest(type_url=LISTENER, response_nonce=push.nonce)
            if error:
                request.error_detail.message = error
            it.on_request(member, request)
    return it


def test_each_proxy_says_what_it_has() -> None:
    found = client_status(fleet(), (GATEWAY,), csds_pb2.ClientStatusRequest())
    assert [(each.node.id, each.client_scope) for each in found.config] == [("one", "ns/gw"), ("two", "ns/gw")]
    (synced,), (stale,) = (each.generic_xds_configs for each in found.config)
    assert (synced.name, synced.type_url, len(synced.version_info)) == ("a", LISTENER, 16)
    assert (synced.config_status, stale.config_status) == (csds_pb2.SYNCED, csds_pb2.STALE)


def test_a_refusal_is_an_error_in_the_proxys_words() -> None:
    (config, _) = client_status(fleet("no"), (GATEWAY,), csds_pb2.ClientStatusRequest()).config
    (refused,) = config.generic_xds_configs
    assert (refused.config_status, refused.error_state.details) == (csds_pb2.ERROR, "no")


def test_contents_are_never_told() -> None:
    found = client_status(fleet(), (GATEWAY,), csds_pb2.ClientStatusRequest())
    assert b"private" not in found.SerializeToString()


def test_proxies_can_be_chosen_by_their_id() -> None:
    request = csds_pb2.ClientStatusRequest(node_matchers=[{"node_id": {"exact": "two"}}])
    assert [each.node.id for each in client_status(fleet(), (GATEWAY,), request).config] == ["two"]
    assert not client_status(fleet(), (), request).config
