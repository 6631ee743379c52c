"""Judging listeners hostname by hostname comes to what judging all of them in one row comes to."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.gateways.listener_conflicts import listeners, listeners_within, owner
from gatewayd.translator.gateways.listeners import MergedListener, PortHostname, PortKey
from gatewayd.translator.hostnames import ANY, covers, specificity
from tests.property import objects
from tests.unit.translator.manifests import API_VERSIONS, CLASS, GW, delta, scratch

Json = dict[str, Any]
DOMAINS = ("a.example", "b.example", "x.b.example", "*.b.example", "*.example", "other.org", "*.org", "nobody", ANY)
ENTRIES = objects.listeners()
SETS = st.lists(st.tuples(ENTRIES, objects.TIMES, objects.NAMESPACES), max_size=4)


def world(own: list[Json], sets: list[tuple[list[Json], str, str]]) -> Scratch:
    gateway = {"gatewayClassName": "gatewayd", "listeners": own, "allowedListeners": {"namespaces": {"from": "All"}}}
    parent = {"name": GW.name, "namespace": GW.namespace}
    rows = [("Gateway", {"name": GW.name, "namespace": GW.namespace}, gateway)]
    for at, (entries, created, namespace) in enumerate(sets):
        metadata = {"name": f"s{at}", "namespace": namespace, "creationTimestamp": created}
        rows.append(("ListenerSet", metadata, {"parentRef": parent, "listeners": entries}))
    documents = (
        {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}
        for kind, metadata, spec in rows
    )
    return scratch(CLASS, *map(delta, documents))


def told_apart(one: MergedListener, other: MergedListener) -> bool:
    first, second = one.protocol, other.protocol
    if first is None or second is None or (first.transport, one.port) != (second.transport, other.port):
        return True
    return first.family == second.family and first.by_hostname and one.hostname != other.hostname


def losers(judged: tuple[MergedListener, ...]) -> Iterator[MergedListener]:
    """Yield who must lose: one object after another, against all that stand, then those of one object mutually."""
    standing: list[MergedListener] = []
    layers = dict.fromkeys(each.key[:3] for each in judged)
    for layer in layers:
        own = [each for each in judged if each.key[:3] == layer and (each.valid or each.conflict.status)]
        free = [each for each in own if all(told_apart(each, other) for other in standing)]
        fine = [each for each in free if all(told_apart(each, other) for other in free if other is not each)]
        yield from (each for each in own if each not in fine)
        standing += fine


@given(ENTRIES, SETS)
def test_who_loses(own: list[Json], sets: list[tuple[list[Json], str, str]]) -> None:
    found = listeners(world(own, sets), GW)
    assert [each.order for each in found] == sorted(each.order for each in found)
    lost = {each.order for each in losers(found)}
    assert {each.order for each in found if each.conflict.status} == lost
    assert not any(each.valid for each in found if each.order in lost)


@given(ENTRIES, SETS)
def test_whose_host_it_is(own: list[Json], sets: list[tuple[list[Json], str, str]]) -> None:
    view = world(own, sets)
    found = [each for each in listeners(view, GW) if each.valid and each.protocol is not None]
    for port in {PortKey(GW, each.protocol.transport, each.port) for each in found if each.protocol is not None}:
        there = [each for each in found if each.protocol and (each.protocol.transport, each.port) == port[1:]]
        for domain in DOMAINS:
            covering = [each for each in there if covers(each.hostname, domain)]
            assert owner(view, port, domain) == max(covering, key=_specificity, default=None)
        for pattern in ("*", "*.example", "*.b.example"):
            within = [
                each
                for each in there
                if covers(pattern, each.hostname) and (pattern == ANY or pattern != each.hostname)
            ]
            assert sorted(within, key=_order) == sorted(listeners_within(view, PortHostname(port, pattern)), key=_order)


def _specificity(each: MergedListener) -> tuple[int, int]:
    return specificity(each.hostname)


def _order(each: MergedListener) -> Any:
    return each.order
