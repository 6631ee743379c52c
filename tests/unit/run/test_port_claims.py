from pathlib import Path

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.run.port_claims import Claims, without
from gatewayd.supervisor.ports import Free, NotAllowed, PortTaken, PortWish
from gatewayd.xds.resource import LISTENER, Snapshot
from tests.unit.example import SHOP, translated

TWO = SHOP + "---\n" + SHOP.split("---\n")[0].replace("name: web", "name: also")


class Machine:
    """Ports that others hold."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.asked: list[int] = []

    def __call__(self, wish: PortWish) -> Free | NotAllowed | PortTaken:
        self.asked.append(wish.port)
        return PortTaken(wish=wish, holder="nginx (process 1)") if wish.port in self.taken else Free()


def both() -> tuple[tuple[Snapshot, ProxyConfig], tuple[Snapshot, ProxyConfig]]:
    found = translated(TWO).reconciler
    one, other = sorted(found.snapshots)
    return (found.snapshots[one], found.configs[one]), (found.snapshots[other], found.configs[other])


def listeners(snapshot: Snapshot) -> list[str]:
    return list(snapshot.of(LISTENER))


def test_a_free_port_is_granted_and_not_asked_for_again() -> None:
    machine = Machine()
    claims = Claims(machine)
    (snapshot, config), _ = both()

    assert claims.grant(snapshot, config) is snapshot
    assert claims.grant(snapshot, config) is snapshot
    assert machine.asked == [8080]
    assert claims.refusals == {}


def test_the_first_gateway_has_the_port_until_it_lets_go() -> None:
    claims = Claims(Machine())
    first, second = both()
    claims.grant(*first)

    assert listeners(claims.grant(*second)) == []
    (refusal,) = claims.refusals[GatewayFleet(namespace="default", name="web")].values()
    assert str(refusal) == (
        "port 8080 of Gateway default/web: Gateway default/also listens there; one Gateway for each port is allowed, "
        "a ListenerSet may add listeners to it"
    )
    assert list(claims.retry()) == []
    claims.release(GatewayFleet(namespace="default", name="also"))
    assert [listeners(each) for each in claims.retry()] == [["tcp-8080"]]
    assert claims.refusals == {}


def test_a_port_of_somebody_else_is_had_when_it_is_free() -> None:
    machine = Machine()
    machine.taken.add(8080)
    claims = Claims(machine)
    first, _ = both()

    assert listeners(claims.grant(*first)) == []
    assert [str(each) for each in claims.refusals[GatewayFleet(namespace="default", name="also")].values()] == [
        "port 8080 of Gateway default/also: nginx (process 1) listens there; stop it, or take another port"
    ]
    machine.taken.clear()
    assert [listeners(each) for each in claims.retry()] == [["tcp-8080"]]


def test_a_snapshot_without_some_listeners_is_another_version() -> None:
    (snapshot, _), _ = both()

    less = without(snapshot, ["tcp-8080", "tcp-1"])

    assert listeners(less) == []
    assert less.version != snapshot.version
    assert without(snapshot, ["tcp-8080"]).version == less.version
    assert without(snapshot, ["tcp-1"]) is snapshot


def test_a_refusal_for_want_of_rights_says_what_helps() -> None:
    wish = PortWish(port=80, protocol="TCP", owner="Gateway default/web")

    assert "sudo setcap" in str(NotAllowed(wish=wish, first_allowed=1024, binary=Path("/envoy")))
