import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.limits import RETRY_FIRST_SECONDS
from gatewayd.ir.outcome import GatewayClassOutcome
from gatewayd.kube.class_finalizer import FINALIZER, ClassFinalizer
from tests.fakes.api_server import Cluster, Then, refused
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes

KEY = ObjectKey("", "gatewayd")
PATH = "/apis/gateway.networking.k8s.io/v1/gatewayclasses/gatewayd"
THEIRS = "example.com/theirs"
IN_USE = GatewayClassOutcome(generation=1, verdicts=(), features=(), in_use=True)
UNUSED = GatewayClassOutcome(generation=1, verdicts=(), features=(), in_use=False)


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.failures: list[str] = []
        self.classes = ClassFinalizer(client=cluster.client, leadership=self.leader, on_failure=self.failures.append)
        self.exists()

    def exists(self, *finalizers: str, **more: str) -> None:
        self.server.put(PATH, {"metadata": {"name": "gatewayd", "finalizers": list(finalizers), **more}})

    @property
    def finalizers(self) -> list[str]:
        found: list[str] = self.server.objects[PATH]["metadata"]["finalizers"]
        return found


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_a_class_that_gateways_use_has_it_and_one_that_none_uses_has_not(rig: Rig) -> None:
    rig.exists(THEIRS)
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(1.0)
        assert rig.finalizers == [THEIRS, FINALIZER]
        [write] = rig.server.writes
        assert (write.method, write.headers["content-type"]) == ("PATCH", "application/merge-patch+json")
        assert write.headers["user-agent"] == "gatewayd"
        rig.classes.hear(KEY, UNUSED)
        await passes(1.0)
        assert rig.finalizers == [THEIRS]


async def test_what_is_so_already_is_not_written(rig: Rig) -> None:
    rig.exists(FINALIZER)
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(1.0)
        rig.classes.became_leader()
        rig.classes.changed(KEY)
        await passes(1.0)
        assert rig.server.writes == []


async def test_it_comes_back_when_somebody_takes_it_away(rig: Rig) -> None:
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(1.0)
        rig.exists()
        rig.classes.changed(KEY)
        await passes(1.0)
        assert rig.finalizers == [FINALIZER]


async def test_a_class_that_is_being_deleted_gets_none_and_loses_it_with_its_last_gateway(rig: Rig) -> None:
    rig.exists(THEIRS, deletionTimestamp="2026-11-29T17:00:00Z")
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(60.0)
        assert (rig.finalizers, rig.failures) == ([THEIRS], [])
        rig.exists(THEIRS, FINALIZER, deletionTimestamp="2026-11-29T17:00:00Z")
        rig.classes.hear(KEY, UNUSED)
        await passes(1.0)
        assert rig.finalizers == [THEIRS]


async def test_nobodys_change_is_lost(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, Then(act=lambda: rig.exists(THEIRS)))
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(RETRY_FIRST_SECONDS * 2)
        assert rig.finalizers == [THEIRS, FINALIZER]


async def test_a_class_that_is_gone_or_not_ours_is_left_alone(rig: Rig) -> None:
    rig.server.objects.clear()
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(60.0)
        rig.classes.hear(KEY, None)
        rig.exists()
        rig.classes.changed(KEY)
        await passes(60.0)
        assert (rig.server.writes, rig.failures) == ([], [])


async def test_a_failure_is_tried_again(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, refused(403, "Forbidden"))
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(RETRY_FIRST_SECONDS * 2)
        assert (rig.finalizers, rig.failures) == ([FINALIZER], ["class finalizer"])


async def test_only_the_leader_writes(rig: Rig) -> None:
    rig.leader.leads = False
    rig.classes.hear(KEY, IN_USE)
    async with running(rig.classes.run()):
        await passes(60.0)
        assert rig.server.requests == []
        rig.leader.leads = True
        rig.classes.became_leader()
        await passes(1.0)
        assert rig.finalizers == [FINALIZER]
