from dataclasses import replace

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.proxy import ProxyConfig, QuicListener, StreamListener
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.drained_connections import drains
from gatewayd.xds.resource import Snapshot
from tests.unit.example import SHOP, translated

STREAMS = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: streams}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: a, protocol: TLS, port: 8443, hostname: a.example, tls: {mode: Passthrough}}
  - {name: b, protocol: TLS, port: 8443, hostname: b.example, tls: {mode: Passthrough}}
  - {name: udp, protocol: UDP, port: 9000}
"""


def config() -> ProxyConfig:
    return translated(SHOP + STREAMS).reconciler.configs[GatewayFleet(namespace="default", name="streams")]


def built(of: ProxyConfig) -> Snapshot:
    return SnapshotBuilder().build(of)


def changed(of: ProxyConfig, index: int, **fields: object) -> ProxyConfig:
    listeners = list(of.listeners)
    listeners[index] = replace(listeners[index], **fields)  # type: ignore[arg-type]
    return replace(of, listeners=tuple(listeners))


def told(before: Snapshot | None, after: Snapshot | None) -> list[tuple[str, str | None, str]]:
    return [(each.listener, each.chain, each.why) for each in drains(before, after)]


def test_the_same_ends_nothing() -> None:
    assert told(built(config()), built(config())) == []
    assert told(None, built(config())) == []


def test_a_gateway_that_goes_ends_everything() -> None:
    assert [(name, chain) for name, chain, _ in told(built(config()), None)] == [("tcp-8443", None), ("udp-9000", None)]


def test_listeners_come_by_name_whichever_the_gateway_has_first() -> None:
    first, *_ = config().listeners
    several = tuple(replace(first, port=port) for port in (9005, 9002, 9004, 9001, 9003))
    found = [name for name, _, _ in told(built(replace(config(), listeners=several)), None)]
    assert found == [f"tcp-{port}" for port in range(9001, 9006)]


def test_only_the_connections_of_chains_that_change_end() -> None:
    of = config()
    at = next(index for index, each in enumerate(of.listeners) if isinstance(each, StreamListener))
    listener = of.listeners[at]
    assert isinstance(listener, StreamListener)
    first, second = listener.chains
    other = replace(first, server_names=("c.example",))

    assert told(built(of), built(changed(of, at, chains=(other, second)))) == [
        ("tcp-8443", first.name, "the filter chain changes")
    ]
    assert told(built(of), built(changed(of, at, chains=(second,)))) == [
        ("tcp-8443", first.name, "the filter chain is removed")
    ]
    assert told(built(changed(of, at, chains=(second,))), built(of)) == []


def test_any_other_change_replaces_the_listener() -> None:
    of = config()
    at = next(index for index, each in enumerate(of.listeners) if isinstance(each, StreamListener))

    (drain,) = told(built(of), built(changed(of, at, inspect_tls=False)))

    assert drain == ("tcp-8443", None, "more than filter chains changes, so the listener is replaced")


def test_a_udp_listener_is_always_replaced() -> None:
    of = config()
    moved = replace(of, address="127.0.0.2")

    assert ("udp-9000", None, "a UDP listener is replaced by any change, its sessions end") in told(
        built(of), built(moved)
    )


def test_of_a_port_of_http3_as_well_only_chains_that_change_end() -> None:
    of = config()
    at = next(index for index, each in enumerate(of.listeners) if isinstance(each, StreamListener))
    listener = of.listeners[at]
    assert isinstance(listener, StreamListener)
    first, second = listener.chains
    before = replace(of, listeners=(*of.listeners, QuicListener(port=8443, chains=(first, second))))
    after = replace(of, listeners=(*of.listeners, QuicListener(port=8443, chains=(first,))))
    assert told(built(before), built(after)) == [("quic-8443", second.name, "the filter chain is removed")]
