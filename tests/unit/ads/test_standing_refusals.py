from gatewayd.ads.standing_refusals import StreamRefusal, standing_refusals
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import StandingRefusal
from gatewayd.xds.resource import CLUSTER, ROUTE, Resource, resource, snapshot

FLEET = GatewayFleet(namespace="shop", name="gw")
TABLE = resource(ROUTE, "80", b"now")
PUBLISHED = snapshot(FLEET, (TABLE, resource(CLUSTER, "c", b"now")))


def refusal(of: Resource, message: str, version: str = "") -> StreamRefusal:
    return StreamRefusal(of.type_url, of.name, version or of.version, message)


def test_each_resource_once_in_words_of_what_is_published() -> None:
    refusals = {refusal(TABLE, "a", "before"): 2, refusal(TABLE, "b"): 1, refusal(TABLE, "c", "before that"): 4}
    [standing] = standing_refusals(refusals, PUBLISHED, 9)
    assert standing == StandingRefusal(type_url=ROUTE, name="80", message="b", proxies=7, of=9)


def test_words_of_before_are_told_until_there_are_others() -> None:
    refusals = {refusal(TABLE, "z", "before"): 1, refusal(TABLE, "a", "before that"): 1}
    [standing] = standing_refusals(refusals, PUBLISHED, 9)
    assert (standing.message, standing.proxies, standing.of) == ("z", 2, 9)


def test_what_is_not_published_is_refused_by_nobody() -> None:
    refusals = {StreamRefusal(ROUTE, "81", "v", "no"): 1, StreamRefusal(CLUSTER, "80", "v", "no"): 1}
    assert list(standing_refusals(refusals, PUBLISHED, 9)) == []
    assert list(standing_refusals({refusal(TABLE, "no"): 1}, None, 1)) == []
