"""Proxies that somebody else brought up, one Gateway after the other."""

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.limits import RETRY_FIRST_SECONDS
from gatewayd.kube.applier import label
from gatewayd.kube.made_object import ObjectName, name_of
from gatewayd.kube.rollouts import ROLL_SECONDS, Rollouts
from gatewayd.kube.work_queue import Failure
from tests.fakes.api_server import Cluster
from tests.fakes.documents import Json
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes
from tests.unit.kube.test_applier import document

A, B, C = (ObjectKey("shop", name) for name in "abc")
ROLLED: Json = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}


class Rig:
    """Three Gateways with a Deployment each. `changing` are those whose Deployment is to become another one."""

    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.changing = {A, B, C}
        self.wanted = {A, B, C}
        self.fails: set[ObjectKey] = set()
        self.brought: list[ObjectKey] = []
        self.failures: list[Failure[ObjectKey]] = []
        for gateway in (A, B, C):
            self.put(gateway, generation=1)
        self.rollouts = Rollouts(
            client=cluster.client,
            leadership=self.leader,
            proxies=self,
            label=label,
            on_failure=self.failures.append,
        )

    def put(self, gateway: ObjectKey, *, generation: int, status: Json | None = None) -> None:
        """Store the Deployment of a Gateway; all of its pods are new and ready unless a status says otherwise."""
        stored = document("Deployment", owner=gateway.name, gateway=gateway)
        stored["metadata"]["generation"] = generation
        stored["status"] = ROLLED | {"observedGeneration": generation} if status is None else status
        self.server.put(name_of(stored).path(), stored)

    def workload(self, gateway: ObjectKey) -> ObjectName | None:
        if gateway not in self.wanted:
            return None
        return name_of(document("Deployment", owner=gateway.name, gateway=gateway))

    async def bring(self, gateway: ObjectKey) -> None:
        self.brought.append(gateway)
        if gateway in self.fails:
            raise RuntimeError("refused")
        if gateway in self.changing:
            self.put(gateway, generation=2, status=ROLLED | {"replicas": 2})

    def add_all(self) -> None:
        for gateway in (A, B, C):
            self.rollouts.add(gateway)


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_each_gateway_has_its_turn_when_the_one_before_has_rolled(rig: Rig) -> None:
    rig.add_all()
    async with running(rig.rollouts.run()):
        await passes(30.0)
        assert rig.brought == [A]
        rig.put(A, generation=2)
        await passes(2.0)
        assert rig.brought == [A, B]
        rig.put(B, generation=2)
        await passes(2.0)
        assert rig.brought == [A, B, C]
        assert all(map(rig.rollouts.is_settled, rig.brought))


async def test_what_does_not_change_is_waited_for_by_nobody(rig: Rig) -> None:
    rig.changing.clear()
    for gateway in (A, B, C):
        rig.put(gateway, generation=1, status={"observedGeneration": 1, "replicas": 1})  # none is ready
    rig.add_all()
    async with running(rig.rollouts.run()):
        await passes(1.0)
        assert rig.brought == [A, B, C]


async def test_a_gateway_that_does_not_become_ready_keeps_the_others_waiting_for_a_while_only(rig: Rig) -> None:
    rig.add_all()
    async with running(rig.rollouts.run()):
        await passes(ROLL_SECONDS - 5.0)
        assert rig.brought == [A]
        await passes(10.0)
        assert rig.brought == [A, B]


async def test_what_fails_is_tried_again_and_lets_the_others_go_on(rig: Rig) -> None:
    rig.fails, rig.changing = {A}, set()
    rig.add_all()
    async with running(rig.rollouts.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert rig.brought == [A, B, C]
        assert not rig.rollouts.is_settled(A)
        rig.fails.clear()
        await passes(RETRY_FIRST_SECONDS * 2)
        assert rig.rollouts.is_settled(A)
        assert [failure.key for failure in rig.failures] == [A]


async def test_what_is_not_for_us_to_say_is_left_alone(rig: Rig) -> None:
    rig.wanted = {B}
    rig.add_all()
    async with running(rig.rollouts.run()):
        await passes(1.0)
        assert rig.brought == [B]
        assert not rig.rollouts.is_settled(A)


async def test_who_leads_no_more_waits_for_nobody_and_begins_anew_later(rig: Rig) -> None:
    rig.add_all()
    async with running(rig.rollouts.run()):
        await passes(5.0)
        rig.leader.leads = False
        await passes(5.0)
        assert rig.brought == [A]
        rig.leader.leads = True
        rig.rollouts.became_leader()
        assert not rig.rollouts.is_settled(A)
        await passes(1.0)
        assert rig.brought == [A, B]


async def test_a_gateway_that_has_no_proxies_any_more_is_forgotten(rig: Rig) -> None:
    rig.rollouts.settle(A)
    assert rig.rollouts.is_settled(A)
    rig.rollouts.forget(A)
    assert not rig.rollouts.is_settled(A)


async def test_a_workload_that_is_gone_meanwhile_is_waited_for_by_nobody(rig: Rig) -> None:
    rig.rollouts.add(A)
    rig.rollouts.add(B)
    async with running(rig.rollouts.run()):
        await passes(5.0)
        rig.server.objects.clear()
        await passes(2.0)
        assert rig.brought == [A, B]
