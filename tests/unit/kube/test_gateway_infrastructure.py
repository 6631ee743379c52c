"""The whole of it against a scripted API server; each part has its own tests."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.identity.authority import Authority, founded
from gatewayd.ir.infrastructure import Keep, Provision
from gatewayd.ir.outcome import InfrastructureReport
from gatewayd.kube.gateway_certificates import GatewayCertificates
from gatewayd.kube.gateway_infrastructure import Feedback, InfrastructureController, Wishes
from gatewayd.kube.listing import decode_page
from gatewayd.kube.provisioner import ControlPlaneAddress, ControlPlaneIdentity
from gatewayd.store import Delta, Event
from tests.fakes.api_server import Cluster, refused
from tests.fakes.documents import event, page
from tests.fakes.provisions import Provisions
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes
from tests.unit.infra.gateways import EDGE, with_parameters

KEY = ObjectKey("infra", "edge")
KEPT = Keep(namespace=EDGE.namespace, name=EDGE.name, uid=EDGE.uid, labels=EDGE.labels, reason="no such ConfigMap")
SERVICE = f"/api/v1/namespaces/infra/services/{EDGE.object_name}"


class Rig:
    """One replica's infrastructure; `there` is the cluster, which may have been another's before."""

    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.wanted = Provisions()
        self.known = True
        self.is_outranked = False
        self.rows: list[tuple[str, ...]] = []
        self.authority: Authority = founded(datetime.now(UTC))
        self.all = InfrastructureController(
            client=cluster.client,
            leadership=self.leader,
            identity=ControlPlaneIdentity(
                address=ControlPlaneAddress(host="gatewayd.svc.", port=18000, server_name="gatewayd.system.svc"),
                believed=self,
                certificates=GatewayCertificates(cluster.client, "gatewayd-system"),
            ),
            wishes=Wishes(
                wanted=self.wanted,
                abandoned=lambda gateway: self.known and gateway not in self.wanted,
                outranked=lambda: self.is_outranked,
            ),
            ending=(),
            feedback=Feedback(
                submit=self._submit, on_write=lambda _kind, _result: None, on_failure=lambda _queue: None
            ),
        )
        self.listings = {each.kind.kind: each for each in self.all.listings()}

    def _submit(self, events: Iterable[Event]) -> None:
        for each in events:
            assert isinstance(each, Delta)
            assert each.obj is None or isinstance(each.obj, InfrastructureReport)
            self.rows.append(each.obj.problems if each.obj is not None else ())

    def lists(self) -> None:
        """Let the watches tell what there is."""
        for kind, listing in self.listings.items():
            found = [each for each in self.server.objects.values() if each["kind"] == kind]
            listing.begin()
            assert list(listing.page(decode_page(json.dumps(page(*found))))) == []
            assert list(listing.listed("1")) == []

    def want(self, wanted: Provision) -> None:
        self.wanted[KEY] = wanted
        self.all.mark(KEY)

    @property
    def there(self) -> set[str]:
        return {each["kind"] for each in self.server.objects.values()}


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def led_before(cluster: Cluster, wanted: Provision = EDGE) -> None:
    """Let another replica lead, and end."""
    other = Rig(cluster)
    other.want(wanted)
    async with running(other.all.run()):
        await passes(1.0)


async def test_a_new_leader_deletes_what_another_made_and_nobody_wants(rig: Rig, cluster: Cluster) -> None:
    await led_before(cluster)
    async with running(rig.all.run()):
        rig.all.became_leader()
        rig.lists()
        await passes(1.0)
        assert rig.there == set()


async def test_a_new_leader_leaves_what_it_does_not_know_to_be_unwanted(rig: Rig, cluster: Cluster) -> None:
    await led_before(cluster)
    rig.known = False
    before = rig.there
    async with running(rig.all.run()):
        rig.lists()
        rig.all.became_leader()
        await passes(60.0)
        assert (rig.there, rig.server.said("DELETE")) == (before, [])
        rig.known = True
        rig.all.clean_up()
        await passes(1.0)
        assert rig.there == set()


async def test_a_new_leader_deletes_the_workload_that_was_switched_while_nobody_led(rig: Rig, cluster: Cluster) -> None:
    await led_before(cluster)
    rig.lists()
    rig.want(with_parameters(workload="DaemonSet"))
    async with running(rig.all.run()):
        await passes(5.0)
        assert {"Deployment", "DaemonSet"} <= rig.there
        [new] = [each for each in rig.server.objects.values() if each["kind"] == "DaemonSet"]
        new["status"] = {"desiredNumberScheduled": 1, "numberReady": 1}
        await passes(5.0)
        assert rig.there == {"ConfigMap", "DaemonSet", "NetworkPolicy", "Secret", "Service", "ServiceAccount"}


async def test_a_new_leader_keeps_what_is_to_be_kept(rig: Rig, cluster: Cluster) -> None:
    await led_before(cluster)
    before = rig.there
    rig.lists()
    rig.want(KEPT)
    async with running(rig.all.run()):
        rig.all.became_leader()
        await passes(60.0)
        assert rig.there == before


async def test_what_somebody_changes_or_deletes_comes_back(rig: Rig) -> None:
    rig.want(EDGE)
    async with running(rig.all.run()):
        await passes(1.0)
        rig.lists()
        gone = rig.server.objects.pop(SERVICE)
        assert list(rig.listings["Service"].event(json.dumps(event("DELETED", gone)).encode())) == []
        await passes(1.0)
        assert SERVICE in rig.server.objects


async def test_what_another_leader_made_at_the_last_moment_goes_too(rig: Rig, cluster: Cluster) -> None:
    rig.lists()
    rig.all.became_leader()
    async with running(rig.all.run()):
        await led_before(cluster)
        rig.lists()
        await passes(1.0)
        assert rig.there == set()


async def test_what_is_refused_is_a_row_and_its_repair_removes_it(rig: Rig) -> None:
    rig.server.script("PATCH", SERVICE, refused(403, "Forbidden", "exceeded quota"))
    rig.want(EDGE)
    async with running(rig.all.run()):
        await passes(10.0)
        assert rig.rows == [(f'Service "infra/{EDGE.object_name}": exceeded quota',), ()]


async def test_a_leader_that_leads_again_begins_anew(rig: Rig) -> None:
    rig.server.script("PATCH", SERVICE, *[refused(403, "Forbidden", "exceeded quota")] * 2)
    rig.want(EDGE)
    async with running(rig.all.run()):
        await passes(0.5)
        rig.leader.leads = False
        rig.wanted.clear()
        rig.lists()
        await passes(10.0)
        rig.leader.leads = True
        rig.all.became_leader()
        await passes(1.0)
        assert rig.there == set()
        assert rig.rows[-1] == ()
