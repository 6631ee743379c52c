"""Who may come in."""

from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.ads.authorize import (
    UNLISTED,
    Allowed,
    Denied,
    Incarnation,
    Peer,
    Transport,
    Unlisted,
    authorize,
    bound,
)
from gatewayd.identity.certificates import Subject, gateway_identity, issue, make_ca, node_identity
from gatewayd.ir.fleet import MESH_FLEET, GatewayFleet

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CA = make_ca(NOW)
OLD, NEW = "0e1f-old", "0e1f-new"
GOOD = "spiffe://gatewayd/ns/shop/gateway/edge"


def tls(*identities: str, node_cluster: str = "") -> Peer:
    return Peer(transport=Transport.TLS, identities=identities, node_cluster=node_cluster)


def test_a_certificate_names_its_gateway() -> None:
    assert authorize(tls(GOOD)) == Allowed(fleet=GatewayFleet(namespace="shop", name="edge"))
    assert gateway_identity(GatewayFleet(namespace="shop", name="edge"), "") == GOOD


def test_the_node_does_not_count_over_tls() -> None:
    assert authorize(tls(GOOD, node_cluster="bank/vault")) == Allowed(fleet=GatewayFleet(namespace="shop", name="edge"))
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
        "spiffe://gatewayd/ns/shop/gateway/edge/uid/",
        "spiffe://gatewayd/ns/shop/gateway/edge/uid/a/b",
        "spiffe://gatewayd/ns/shop/gateway/edge/uid/a b",
        "spiffe://gatewayd/ns/shop/gateway/edge/uid/a\n",
        f"spiffe://gatewayd/ns/shop/gateway/{'e' * 254}/uid/a",
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
    assert authorize(peer) == Allowed(fleet=GatewayFleet(namespace="shop", name="edge.v2"))


@pytest.mark.parametrize(
    "cluster", ["", "shop", "/edge", "shop/", "shop/edge/more", "Shop/edge", "shop/ed ge", "node:"]
)
def test_on_the_unix_socket_a_gateway_must_be_named(cluster: str) -> None:
    decision = authorize(Peer(transport=Transport.UNIX, identities=(), node_cluster=cluster))
    assert decision == Denied(
        message="node.cluster: no fleet; NAMESPACE/NAME of a Gateway or node:mesh is allowed", is_known=True
    )


def test_nodes_have_a_name_of_their_own_and_nothing_but_the_mesh() -> None:
    assert node_identity(MESH_FLEET) == "spiffe://gatewayd/mesh/mesh"
    allowed = Allowed(fleet=MESH_FLEET)
    assert authorize(tls(node_identity(MESH_FLEET), node_cluster="shop/edge")) == allowed
    # There is no object behind it that could be another one.
    assert bound(lambda _: None)(tls(node_identity(MESH_FLEET))) == allowed
    for other in ("other", "mesh/x", "", "mesh\n"):
        assert isinstance(authorize(tls(f"spiffe://gatewayd/mesh/{other}")), Denied)


def test_a_certificate_says_of_which_object_it_is() -> None:
    assert authorize(tls(f"{GOOD}/uid/{NEW}")) == Allowed(fleet=GatewayFleet(namespace="shop", name="edge"), uid=NEW)
    assert gateway_identity(GatewayFleet(namespace="shop", name="edge"), NEW) == f"{GOOD}/uid/{NEW}"
    longest = GatewayFleet(namespace="n" * 63, name="g" * 253)
    assert authorize(tls(gateway_identity(longest, "u" * 36))) == Allowed(fleet=longest, uid="u" * 36)


def decided(peer: Peer, incarnation: Incarnation | Unlisted | None) -> Allowed | Denied:
    return bound({GatewayFleet(namespace="shop", name="edge"): incarnation}.get)(peer)


def made(at: datetime = NOW) -> Incarnation:
    return Incarnation(uid=NEW, created=at.isoformat().replace("+00:00", "Z"))


def of_before(at: datetime) -> Peer:
    """Return a client with a certificate that has no uid."""
    pair = issue(CA, Subject(common_name="edge", dns_names=(), uris=(GOOD,)), at)
    return Peer(transport=Transport.TLS, identities=(GOOD,), node_cluster="", certificate=pair.certificate)


def test_a_certificate_is_for_the_object_that_there_is() -> None:
    assert decided(tls(f"{GOOD}/uid/{NEW}"), made()) == Allowed(
        fleet=GatewayFleet(namespace="shop", name="edge"), uid=NEW
    )


def test_one_of_the_object_before_is_not() -> None:
    words = "client certificate: Gateway shop/edge was made anew; its own certificate is allowed"
    assert decided(tls(f"{GOOD}/uid/{OLD}"), made()) == Denied(message=words, is_known=True)


@pytest.mark.parametrize("identity", [GOOD, f"{GOOD}/uid/{NEW}"])
def test_a_gateway_that_is_gone_has_no_clients(identity: str) -> None:
    words = "client certificate: Gateway shop/edge does not exist"
    assert decided(tls(identity), None) == Denied(message=words, is_known=True)


@pytest.mark.parametrize("identity", [GOOD, f"{GOOD}/uid/{OLD}"])
def test_while_nobody_knows_they_may_wait(identity: str) -> None:
    assert isinstance(decided(tls(identity), UNLISTED), Allowed)


@pytest.mark.parametrize(("age", "allowed"), [(-1, True), (0, True), (1, False), (86_400, False)])
def test_one_without_a_uid_is_of_the_object_that_was_there_when_it_was_made(age: int, allowed: bool) -> None:  # noqa: FBT001
    decision = decided(of_before(NOW - timedelta(seconds=age)), made(NOW))
    assert isinstance(decision, Allowed) is allowed


@pytest.mark.parametrize("created", ["", "yesterday", "2026-11-29T12:00:00"])
def test_one_without_a_uid_is_nobodys_when_it_cannot_be_told(created: str) -> None:
    assert isinstance(decided(of_before(NOW), Incarnation(uid=NEW, created=created)), Denied)
    unreadable = Peer(transport=Transport.TLS, identities=(GOOD,), node_cluster="", certificate=b"no")
    assert isinstance(decided(unreadable, made()), Denied)


def test_who_proves_nothing_gets_nothing_whatever_there_is() -> None:
    assert isinstance(decided(tls(), UNLISTED), Denied)
    peer = Peer(transport=Transport.UNIX, identities=(), node_cluster="shop/edge")
    assert decided(peer, None) == Allowed(fleet=GatewayFleet(namespace="shop", name="edge"))
