"""Which connections an update ends: those that Envoy drains because what serves them is replaced.

In: the listeners of two snapshots. Out: a `Drain` for each listener or filter chain whose connections end.
A listener of which only filter chains change keeps running: connections of the chains that stay as they are go on. Any
other change replaces the listener, and with it all its connections. Routes, clusters, endpoints and certificates (which
come by RDS, CDS, EDS and SDS) end none.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/listeners/lds
https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/listeners/network_filter_chain (updates)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from envoy.config.listener.v3 import listener_pb2

from gatewayd.xds.encoding import serialised
from gatewayd.xds.resource import LISTENER, Resource, Resources, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Connections that end: all of a listener (`chain` None), or those of one filter chain."""

    listener: str
    chain: str | None
    why: str


def drains(before: Snapshot | None, after: Snapshot | None) -> tuple[Drain, ...]:
    """Return what ends when `after` takes the place of `before`; None stands for no such Gateway."""
    old: Resources = before.of(LISTENER) if before is not None else {}
    new: Resources = after.of(LISTENER) if after is not None else {}
    return tuple(drain for name, item in sorted(old.items()) for drain in _of_listener(item, new.get(name)))


def _of_listener(old: Resource, new: Resource | None) -> Iterator[Drain]:
    if new is None:
        yield Drain(listener=old.name, chain=None, why="the listener is removed")
        return
    if old.version == new.version:
        return
    before = listener_pb2.Listener.FromString(old.body)
    after = listener_pb2.Listener.FromString(new.body)
    if before.HasField("udp_listener_config") and not before.filter_chains:
        yield Drain(listener=old.name, chain=None, why="a UDP listener is replaced by any change, its sessions end")
    elif _rest(before) != _rest(after) or not after.filter_chains:
        yield Drain(listener=old.name, chain=None, why="more than filter chains changes, so the listener is replaced")
    else:
        yield from _of_chains(old.name, before, after)


def _of_chains(name: str, before: Any, after: Any) -> Iterator[Drain]:
    kept = {serialised(chain) for chain in after.filter_chains}
    names = {chain.name for chain in after.filter_chains}
    for chain in before.filter_chains:
        if serialised(chain) not in kept:
            why = "the filter chain changes" if chain.name in names else "the filter chain is removed"
            yield Drain(listener=name, chain=chain.name, why=why)


def _rest(listener: Any) -> bytes:
    """Return a listener without its filter chains."""
    copy = listener_pb2.Listener()
    copy.CopyFrom(listener)
    copy.ClearField("filter_chains")
    copy.ClearField("default_filter_chain")
    return serialised(copy)
