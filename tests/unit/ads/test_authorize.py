"""Who may come in."""

import pytest

from gatewayd.ads.authorize import Allowed, Denied, Peer, Transport, authorize, spiffe_id

GOOD = "spiffe://gatewayd/ns/shop/gateway/edge"


def tls(*identities: str, node_cluster: str = "") -> Peer:
    return Peer(transport=Transport.TLS, identities=identities, node_cluster=node_cluster)


def test_a_certificate_names_its_gateway() -> None:
    assert authorize(tls(GOOD)) == Allowed(gateway="shop/edge")
    assert spiffe_id("shop/edge") == GOOD


def test_the_node_does_not_count_over_tls() -> None:
    assert authorize(tls(GOOD, node_cluster="bank/vault")) == Allowed(gateway="shop/edge")
    assert isinstance(authorize(tls(node_cluster="bank/vault")), Denied)


@pytest.mark.parametrize(
    "identity",
    [
        "spiffe://gatewayd/ns/shop/gateway/edge/",
        "spiffe://gatewayd/ns/shop/gateway/edge\n",
        "spiffe://gatewayd/ns/shop/x/gateway/edge",
        "spiffe://gatewayd/ns//gateway/edge",
        "spiffe://gatewayd/ns/shop/gateway/../edge",
        "spiffe://other/ns/shop/gateway/edge",
        "SPIFFE://gatewayd/ns/shop/gateway/edge",
        "spiffe://gatewayd.evil/ns/shop/gateway/edge",
        "https://gatewayd/ns/shop/gateway/edge",
        "",
    ],
)
def test_any_other_name_is_denied(identity: str) -> None:
    decision = authorize(tls(identity))
    assert isinstance(decision, Denied)
    assert decision.is_known


@pytest.mark.parametrize("identities", [(), (GOOD, "spiffe://gatewayd/ns/bank/gateway/vault")])
def test_a_certificate_has_exactly_one_name(identities: tuple[str, ...]) -> None:
    decision = authorize(tls(*identities))
    assert isinstance(decision, Denied)
    assert not decision.is_known


def test_on_the_unix_socket_the_node_chooses() -> None:
    peer = Peer(transport=Transport.UNIX, identities=(), node_cluster="shop/edge.v2")
    assert authorize(peer) == Allowed(gateway="shop/edge.v2")


@pytest.mark.parametrize("cluster", ["", "shop", "/edge", "shop/", "shop/edge/more", "Shop/edge", "shop/ed ge"])
def test_on_the_unix_socket_a_gateway_must_be_named(cluster: str) -> None:
    decision = authorize(Peer(transport=Transport.UNIX, identities=(), node_cluster=cluster))
    assert decision == Denied(message="node.cluster: no Gateway; NAMESPACE/NAME is allowed", is_known=True)
