"""Responses that are overtaken, stream by stream: clusters whose ACK an Envoy holds back while one of them warms."""

from gatewayd.ads.protocol.overtaken import MOST, Overtaken
from gatewayd.ads.protocol.session import Answer
from gatewayd.ir.limits import GATE_SECONDS
from gatewayd.xds.resource import CLUSTER, ENDPOINT, ROUTE, Snapshot
from tests.unit.ads.protocol.test_session import Delta, changed, cluster, plain, world

HELD = GATE_SECONDS
"""When the ACK has been held back for long enough."""


def with_cluster(before: Snapshot, name: str) -> Snapshot:
    """Return a snapshot with one more cluster, its endpoints and a route to it."""
    return changed(before, cluster(name), plain(ENDPOINT, name), plain(ROUTE, f"to-{name}"))


def warming() -> tuple[Delta, Snapshot]:
    """Return a client that has the endpoints of a new cluster and does not ACK it."""
    client, one = Delta(), world()
    client.start(one)
    slow = with_cluster(one, "slow")
    client.session.on_snapshot(slow)
    client.ask(ROUTE, "to-slow", "to-other", "to-third")
    assert ("CDS", ["slow"], []) in client.read(now=0.0)
    client.ack(ROUTE)
    client.ask(ENDPOINT, "slow")
    assert client.read(now=0.0) == [("EDS", ["slow"], [])]
    client.ack(ENDPOINT)
    return client, slow


def test_what_warms_for_long_holds_no_other_cluster_up_for_longer_than_a_gate() -> None:
    client, slow = warming()
    client.session.on_snapshot(with_cluster(slow, "other"))
    assert client.read(now=HELD - 0.1) == []
    assert client.session.deadline == HELD
    said = client.read(now=HELD)
    assert said[0] == ("CDS", ["other"], [])
    assert "to-other" not in [name for _, names, _ in said for name in names]


def test_those_after_it_go_as_soon_as_the_client_has_their_endpoints() -> None:
    client, slow = warming()
    both = with_cluster(slow, "other")
    client.session.on_snapshot(both)
    client.read(now=HELD)
    client.ack(ROUTE)
    client.ask(ENDPOINT, "other")
    assert ("EDS", ["other"], []) in client.read(now=HELD)
    client.ack(ENDPOINT)
    assert client.read(now=HELD) == [("RDS", ["to-other"], [])]
    client.ack(ROUTE)
    client.session.on_snapshot(with_cluster(both, "third"))
    assert client.read(now=HELD) == [("CDS", ["third"], [])]


def test_what_was_refused_late_is_sent_again_by_itself() -> None:
    client, slow = warming()
    nonce = client.pushes[CLUSTER].nonce
    client.session.on_snapshot(with_cluster(slow, "other"))
    client.read(now=HELD)
    assert client.answer(CLUSTER, nonce, "no") is Answer.NACK
    client.ack(CLUSTER)
    assert ("CDS", ["slow"], []) in client.read(now=HELD)
    client.nack(CLUSTER, "Error adding/updating cluster(s) slow: no")
    assert list(client.session.ledgers[CLUSTER].refused) == ["slow"]


def test_what_was_taken_late_is_taken_once() -> None:
    client, slow = warming()
    nonce = client.pushes[CLUSTER].nonce
    client.session.on_snapshot(with_cluster(slow, "other"))
    client.read(now=HELD)
    assert client.answer(CLUSTER, nonce) is Answer.ACK
    assert client.answer(CLUSTER, nonce) is Answer.IGNORED


def test_an_answer_to_a_later_response_is_one_to_those_before() -> None:
    client, slow = warming()
    nonce = client.pushes[CLUSTER].nonce
    client.session.on_snapshot(with_cluster(slow, "other"))
    client.read(now=HELD)
    client.ack(CLUSTER)
    assert client.answer(CLUSTER, nonce, "no") is Answer.IGNORED


def test_endpoints_stay_until_it_is_said_that_no_cluster_has_them_any_more() -> None:
    client, _ = warming()
    client.read(now=HELD)
    client.ack(ROUTE)
    client.session.on_snapshot(world())
    said = client.read(now=HELD)
    client.ack(ROUTE)
    said += client.read(now=HELD) + client.read(now=HELD)
    assert [each for each in said if each[2]] == [("RDS", [], ["to-slow"]), ("CDS", [], ["slow"])]
    client.ack(CLUSTER)
    assert client.read(now=HELD) == [("EDS", [], ["slow"])]


def test_the_oldest_of_very_many_is_forgotten() -> None:
    overtaken = Overtaken()
    for number in range(MOST + 1):
        overtaken.add(f"n{number}", [f"c{number}"])
    assert overtaken.answered("n0") == ()
    assert overtaken.answered("n2") == ("c2",)
    assert overtaken.answered("n1") == ()
    assert overtaken.answered("n3") == ("c3",)
    assert "c4" in overtaken
    assert list(overtaken)[:2] == ["c4", "c5"]
    assert overtaken.answered(f"n{MOST}") == (f"c{MOST}",)
    assert not overtaken


def test_what_is_not_answered_yet_is_not_said_to_be_there() -> None:
    client, slow = warming()
    clusters = client.session.ledgers[CLUSTER]
    version = slow.of(CLUSTER)["slow"].version
    nonce = client.pushes[CLUSTER].nonce
    client.read(now=HELD)
    assert not clusters.has("slow", version)
    assert not client.session.is_settled
    assert client.session.left_open()[CLUSTER] == {"slow": version}
    client.answer(CLUSTER, nonce)
    assert clusters.has("slow", version)
    assert CLUSTER not in client.session.left_open()
