"""What has to be told of what proxies refuse."""

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import REFUSALS_TOLD, REFUSALS_TOLD_SECONDS
from gatewayd.ir.outcome import NO_FLEET, FleetReport, Rejection
from gatewayd.kube.refusals import Refusals, named
from gatewayd.xds.resource import CLUSTER, LISTENER, TypeUrl

GATEWAY = GatewayFleet(namespace="shop", name="gw")


class Rig:
    def __init__(self) -> None:
        self.now = 0.0
        self.refusals = Refusals(lambda: self.now)

    def hears(self, *rejections: Rejection, connected: int = 1, gateway: GatewayFleet = GATEWAY) -> list[Rejection]:
        report = FleetReport(connected=connected, acked_listeners=frozenset(), rejections=rejections)
        return list(self.refusals.news(gateway, report))


def refused(*names: str, words: str = "no", type_url: TypeUrl = CLUSTER) -> Rejection:
    return Rejection(type_url=type_url, names=names, message=words)


def test_a_standing_refusal_is_told_once_however_many_proxies_connect() -> None:
    rig = Rig()
    told = [rig.hears(refused("c"), connected=proxies) for proxies in range(1, 1_001)]
    assert told == [[refused("c")], *[[]] * 999]


def test_proxies_that_refuse_the_same_in_words_of_their_own_are_one_refusal() -> None:
    rig = Rig()
    words = [refused("l", words=f"cannot bind 10.0.0.{number}:80", type_url=LISTENER) for number in range(200)]
    told = [rig.hears(*words[: number + 1]) for number in range(200)]
    assert told == [[words[0]], *[[]] * 199]


def test_what_is_refused_besides_is_told_alone() -> None:
    rig = Rig()
    rig.hears(refused("a"))
    assert rig.hears(refused("a", "b"), refused("a", type_url=LISTENER)) == [
        refused("b"),
        refused("a", type_url=LISTENER),
    ]


def test_what_goes_and_returns_is_told_again() -> None:
    rig = Rig()
    assert rig.hears(refused("a")) == [refused("a")]
    assert rig.hears() == []
    assert rig.hears(refused("a")) == [refused("a")]


def test_gateways_are_apart() -> None:
    rig = Rig()
    rig.hears(refused("a"))
    assert rig.hears(refused("a"), gateway=GatewayFleet(namespace="bank", name="gw")) == [refused("a")]


def test_a_proxy_that_refuses_and_takes_back_is_not_told_of_without_end() -> None:
    rig = Rig()
    told = 0
    for _ in range(1_000):
        told += len(rig.hears(refused("a"))) + len(rig.hears())
    assert told == REFUSALS_TOLD
    rig.now = REFUSALS_TOLD_SECONDS
    assert rig.hears(refused("a")) == [refused("a")]


def test_nothing_is_kept_of_a_gateway_that_is_gone_or_well() -> None:
    rig = Rig()
    rig.hears(refused("a"))
    rig.refusals.forget(GATEWAY)
    assert len(rig.refusals) == 0
    rig.hears(refused("a"))
    rig.now = REFUSALS_TOLD_SECONDS
    rig.hears()
    assert len(rig.refusals) == 0
    rig.refusals.news(GATEWAY, NO_FLEET)
    assert len(rig.refusals) == 0


def test_of_many_names_the_first_ones_are_named() -> None:
    assert named(("a", "b"), 2) == "a, b"
    assert named(("a", "b", "c", "d"), 2) == "a, b and 2 more"
