from dataclasses import replace

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.engine import Change
from gatewayd.incremental.view import Member
from gatewayd.infra.selecting_service import selecting_document
from gatewayd.ir.selected_pods import SelectingService
from gatewayd.kube.selecting_services import NAME, SelectingServices
from tests.fakes.api_server import Cluster, refused
from tests.fakes.documents import Json
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes

PATH = "/api/v1/namespaces/shop/services/gatewayd-xbackend-pods"
WANTED = SelectingService(
    namespace="shop",
    backend="pods",
    uid="uid-1",
    selector=(("app", "cart"),),
    port=8080,
    manager="gatewayd",
    is_wanted=True,
    is_there=False,
)
GOES = replace(WANTED, is_wanted=False, is_there=True)


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.failures: list[str] = []
        self.services = SelectingServices(cluster.client, self.leader, self.failures.append)

    def hears(self, value: SelectingService | None) -> None:
        self.services.hear([Change(member=Member(XBackend, ObjectKey("shop", "pods")), value=value)])

    def exists(self, **metadata: object) -> None:
        document: Json = dict(selecting_document(WANTED))
        self.server.put(PATH, {**document, "metadata": {**document["metadata"], **metadata}})


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_a_service_comes_and_goes_with_what_needs_it(rig: Rig) -> None:
    async with running(rig.services.run()):
        rig.hears(WANTED)
        await passes(1.0)
        assert rig.server.objects[PATH]["spec"] == selecting_document(WANTED)["spec"]
        rig.hears(GOES)
        await passes(1.0)
        assert PATH not in rig.server.objects
        rig.hears(None)
        rig.services.became_leader()
        await passes(1.0)
        assert len(rig.server.writes) == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {}},
        {"labels": {"app.kubernetes.io/managed-by": "gatewayd.red.example_gatewayd"}},
        {"ownerReferences": []},
        {"ownerReferences": [{"kind": "XBackend", "name": "other"}]},
    ],
)
async def test_what_somebody_else_made_is_left_alone(rig: Rig, metadata: Json) -> None:
    rig.exists(**metadata)
    async with running(rig.services.run()):
        for value in (WANTED, GOES):
            rig.hears(value)
            await passes(1.0)
    assert rig.server.writes == []


async def test_a_failure_is_counted_and_tried_again(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, refused(403, "Forbidden", "quota"))
    async with running(rig.services.run()):
        rig.hears(WANTED)
        await passes(5.0)
    assert rig.failures == [NAME]
    assert PATH in rig.server.objects


async def test_one_that_went_by_itself_is_no_failure(rig: Rig) -> None:
    rig.exists()
    rig.server.script("DELETE", PATH, refused(404, "NotFound", "gone"))
    async with running(rig.services.run()):
        rig.hears(GOES)
        await passes(0.1)
    assert (rig.failures, [each.method for each in rig.server.requests]) == ([], ["GET", "DELETE"])


async def test_only_the_leader_writes_and_a_new_one_looks_at_all(rig: Rig) -> None:
    rig.leader.leads = False
    async with running(rig.services.run()):
        rig.hears(WANTED)
        await passes(1.0)
        assert rig.server.writes == []
        rig.leader.leads = True
        rig.services.became_leader()
        await passes(1.0)
        assert PATH in rig.server.objects
