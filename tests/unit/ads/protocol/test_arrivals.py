import pytest

from gatewayd.ads.protocol.arrivals import has_yet_to_ask
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, TypeUrl
from tests.unit.ads.protocol.test_ordering import Stream


@pytest.mark.parametrize(
    ("asked", "is_awaited"),
    [
        ((LISTENER, ROUTE, ENDPOINT), True),
        ((LISTENER,), True),
        ((LISTENER, ROUTE, CLUSTER), False),
        ((CLUSTER,), False),
        ((ROUTE, ENDPOINT), False),
    ],
)
def test_clusters_are_awaited_of_whoever_asks_for_listeners(asked: tuple[TypeUrl, ...], is_awaited: bool) -> None:  # noqa: FBT001
    assert has_yet_to_ask(Stream(*asked).ledgers) is is_awaited
