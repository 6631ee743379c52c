"""What is said of each member behind an import."""

from dataclasses import replace
from typing import Any

from gatewayd.explain.member_steps import member_steps
from gatewayd.explain.steps import Mark
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.members import Standing
from tests.unit.translator.backends.test_imports import PORTS, store
from tests.unit.translator.backends.test_members import NEAREST, cluster, offer
from tests.unit.translator.manifests import scratch

IMPORT = Upstream(kind="ServiceImport", namespace="shop", name="store", port=80, protocol=Protocol.HTTP1)


def said(*sources: Any, upstream: Upstream = IMPORT) -> list[tuple[Mark, str]]:
    return [(each.mark, f"{each.subject}: {each.says}") for each in member_steps(scratch(*sources), upstream)]


def test_each_cluster_by_its_name() -> None:
    west = (cluster("west"), offer("west", "10.4.0.1", "10.4.0.2"))
    east = (cluster("east", standing=Standing.STALE), offer("east", "10.5.0.1"))
    assert said(store(PORTS), *west, *east) == [
        (Mark.BAD, "cluster east: 1 endpoint ready; as it said them last, it has not been heard of for long"),
        (Mark.GOOD, "cluster west: 2 endpoints ready"),
    ]
    assert said(store(NEAREST), *west) == [
        (Mark.GOOD, "cluster west: 2 endpoints ready, when those that are nearer are not healthy")
    ]


def test_what_is_left_out_is_said() -> None:
    delta = offer("west")
    row: Any = delta.obj
    left_out = replace(delta, obj=replace(row, left_out=("10.9.0.1 is not in the pod CIDRs of the member",)))
    assert said(store(), cluster("west"), left_out) == [
        (Mark.BAD, "cluster west: 0 endpoints ready"),
        (Mark.BAD, "left out: 10.9.0.1 is not in the pod CIDRs of the member"),
    ]


def test_other_ports_and_no_import() -> None:
    assert said(cluster("west"), offer("west", "10.4.0.1")) == []
    udp = replace(IMPORT, protocol=Protocol.UDP)
    assert said(store(), cluster("west"), offer("west", "10.4.0.1"), upstream=udp) == [
        (Mark.BAD, "cluster west: 0 endpoints ready")
    ]
