"""What a response of the state-of-the-world variant carries; tests/unit/ads/test_session_sotw.py has the streams."""

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.sotw_content import state_of_the_world
from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, TYPE_BY_URL, TypeUrl, resource


def ledger(type_url: TypeUrl, *names: str) -> Ledger:
    it = Ledger(TYPE_BY_URL[type_url], NamePool(), Versions())
    it.subscribe(it.subscription.replace(() if TYPE_BY_URL[type_url].wildcard else (*names, "missing")))
    it.retarget({name: resource(type_url, name, name.encode()) for name in names}, names)
    return it


def carried(type_url: TypeUrl, *sent: str) -> list[str]:
    return [each.name for each in state_of_the_world(ledger(type_url, "a", "b"), sent).made]


def test_what_a_client_subscribes_to_as_a_whole_is_always_whole() -> None:
    assert carried(CLUSTER, "a", "b") == ["a", "b"]


def test_of_other_types_what_is_sent_is_there() -> None:
    assert carried(FILTER, "b", "missing") == ["b"]
    assert carried(FILTER, "b", "a") == ["a", "b"]


def test_an_assignment_that_does_not_exist_is_an_empty_one() -> None:
    assert carried(ENDPOINT, "b", "missing") == ["b", "missing"]
    assert carried(ENDPOINT, "none", "b", "missing") == ["b", "missing", "none"]
