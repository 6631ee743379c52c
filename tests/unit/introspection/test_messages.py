from gatewayd.access_log.entry import RuleName
from gatewayd.introspection.messages import (
    decoded,
    encoded,
    places_asked,
    places_decoded,
    places_encoded,
    places_request,
    request,
)
from gatewayd.introspection.places import NOWHERE, RulePlace
from gatewayd.introspection.rows import EMPTY, ConditionMark
from gatewayd.introspection.status import Status
from gatewayd.rpc import introspection_pb2 as pb
from tests.unit.introspection.statuses import STATUS


def test_a_status_comes_through_as_it_was() -> None:
    assert decoded(encoded(STATUS)) == STATUS


def test_an_empty_status_comes_through() -> None:
    empty = Status(board=EMPTY, proxies=(), snapshots=(), folder="", version="")

    assert decoded(encoded(empty)) == empty


def test_a_request_says_nothing() -> None:
    assert request() == b""


def test_a_mark_of_a_later_version_is_unknown() -> None:
    message = pb.GetStatusResponse(gateways=[pb.Gateway(name="a/b", accepted=pb.Condition(mark=9))])

    assert decoded(message.SerializeToString()).board.gateways[0].accepted.mark is ConditionMark.UNKNOWN


def test_places_come_through_as_they_were() -> None:
    rules = (RuleName("httproute", "shop", "cart", 0), RuleName("tcproute", "shop", "db", None))
    places = (RulePlace("shop.yaml", 12), NOWHERE)

    assert places_asked(places_request(rules)) == rules
    assert places_decoded(places_encoded(places)) == places
