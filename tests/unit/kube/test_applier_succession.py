"""One leader after another, and one workload after another."""

import pytest

from gatewayd.kube.applier import READY_SECONDS
from gatewayd.kube.made_object import name_of
from tests.fakes.api_server import Cluster, Then
from tests.fakes.documents import Json
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes
from tests.unit.kube.test_applier import GW, OTHER, Rig, document, path

DEPLOYMENT_READY: Json = {"observedGeneration": 1, "readyReplicas": 1}
KINDS = ("ConfigMap", "Deployment", "Service")
ROLLED: Json = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
DAEMONSET_READY: Json = {"observedGeneration": 1, "numberReady": 2, "desiredNumberScheduled": 2}


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


# --- leaders ---------------------------------------------------------------------------------------------------------


async def test_only_the_leader_applies(rig: Rig) -> None:
    rig.leader.leads = False
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(60.0)
        assert rig.server.requests == []
        rig.leader.leads = True
        rig.applier.became_leader()
        rig.want(document("ConfigMap"))
        await passes(1.0)
        assert rig.there == {"ConfigMap": "x"}


async def test_a_new_leader_forgets_what_it_wanted_when_it_led_last(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.leader.leads = False
        rig.server.objects.clear()
        rig.applier.drifted(GW)
        await passes(1.0)
        rig.leader.leads = True
        rig.applier.became_leader()
        await passes(60.0)
        assert rig.there == {}
        rig.want(document("Service"))
        await passes(1.0)
        assert rig.there == {"Service": "x"}


async def test_a_new_leader_deletes_nothing_before_it_is_told_what_is_wanted(rig: Rig) -> None:
    rig.exists(document("Service"))
    rig.inventory[GW] = {name_of(document("Service"))}
    async with running(rig.applier.run()):
        rig.applier.drifted(GW)
        rig.applier.appeared(GW, name_of(document("Service")))
        await passes(60.0)
        assert rig.deleted == []
        rig.want(document("Secret"))
        await passes(1.0)
        assert (rig.there, rig.deleted) == ({"Secret": "x"}, ["services"])


async def test_leadership_that_is_lost_in_between_stops_the_rest(rig: Rig) -> None:
    def lose() -> None:
        rig.leader.leads = False

    rig.server.script("PATCH", path("ConfigMap"), Then(act=lose))
    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(10.0)
        assert rig.there == {"ConfigMap": "x"}
        assert rig.reports == []


async def test_leadership_that_is_lost_in_between_stops_deletions(rig: Rig) -> None:
    def lose() -> None:
        rig.leader.leads = False

    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(1.0)
        for kind in ("ConfigMap", "Service"):
            rig.server.script("DELETE", path(kind), Then(act=lose))
        rig.want()
        await passes(10.0)
        assert len(rig.deleted) == 1


async def test_the_latest_wish_counts(rig: Rig) -> None:
    wishes = iter(range(5))
    again = Then(act=lambda: rig.want(document("ConfigMap", f"wish {next(wishes)}")))
    rig.server.script("PATCH", path("ConfigMap"), *([again] * 5))
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"ConfigMap": "wish 4"}


# --- what replaces what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "ready"),
    [("Deployment", "DaemonSet", DAEMONSET_READY), ("DaemonSet", "Deployment", DEPLOYMENT_READY)],
)
async def test_a_workload_goes_only_when_the_one_that_replaces_it_is_ready(
    rig: Rig, old: str, new: str, ready: Json
) -> None:
    rig.want(document(old), document("Service"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.want(document(new), document("Service"))
        await passes(300.0)
        assert rig.there == {old: "x", new: "x", "Service": "x"}
        writes = len(rig.server.writes)
        rig.exists(document(new), status=ready | {"observedGeneration": 0}, generation=1)
        rig.server.objects[path(new)]["metadata"]["generation"] = 1
        await passes(READY_SECONDS * 2)
        assert rig.deleted == []
        rig.server.objects[path(new)]["status"] = ready
        await passes(READY_SECONDS)
        assert rig.there == {new: "x", "Service": "x"}
        assert len(rig.server.writes) == writes + 1  # and what waits writes nothing meanwhile


async def test_a_daemonset_without_a_node_replaces_nothing(rig: Rig) -> None:
    rig.want(document("Deployment"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.want(document("DaemonSet"))
        await passes(1.0)
        rig.server.objects[path("DaemonSet")]["status"] = {"desiredNumberScheduled": 0, "numberReady": 0}
        await passes(60.0)
        assert rig.there == {"Deployment": "x", "DaemonSet": "x"}
        rig.want(document("Deployment"))
        await passes(1.0)
        rig.server.objects[path("Deployment")]["status"] = DEPLOYMENT_READY
        await passes(READY_SECONDS)
        assert rig.there == {"Deployment": "x"}


async def test_both_workloads_go_with_their_gateway(rig: Rig) -> None:
    rig.want(document("Deployment"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.want(document("DaemonSet"))
        await passes(1.0)
        rig.want()
        await passes(1.0)
        assert rig.there == {}


async def test_what_is_kept_loses_nothing_until_something_is_wanted_again(rig: Rig) -> None:
    for kind in ("Service", "ConfigMap"):
        rig.exists(document(kind))
    rig.inventory[GW] = {name_of(document(kind)) for kind in ("Service", "ConfigMap")}
    rig.applier.keep(GW, (document("Secret"),))
    async with running(rig.applier.run()):
        await passes(60.0)
        assert rig.there == {"Service": "x", "ConfigMap": "x", "Secret": "x"}
        rig.want(document("Secret"), document("Service"))
        await passes(1.0)
        assert rig.there == {"Service": "x", "Secret": "x"}


# --- editions --------------------------------------------------------------------------------------------------------


async def test_proxies_that_run_are_left_to_a_newer_edition_and_all_else_is_ours(rig: Rig) -> None:
    rig.is_outranked = True
    for kind in ("ConfigMap", "Deployment"):
        rig.exists(document(kind, "newer"))
    rig.want(document("ConfigMap"), document("Deployment"), document("Service"))
    async with running(rig.applier.run()):
        await passes(60.0)
        assert rig.there == {"ConfigMap": "newer", "Deployment": "newer", "Service": "x"}
        rig.is_outranked = False
        rig.applier.look_again()
        await passes(1.0)
        assert rig.there == {"ConfigMap": "x", "Deployment": "x", "Service": "x"}


async def test_proxies_that_are_not_there_are_made_whoever_else_runs(rig: Rig) -> None:
    rig.is_outranked = True
    rig.want(document("ConfigMap"), document("Deployment"))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"ConfigMap": "x", "Deployment": "x"}


async def test_a_bootstrap_changes_no_sooner_than_the_pods_that_read_it(rig: Rig) -> None:
    """While another Gateway has its turn, a pod that is started anew finds the bootstrap of its template."""
    first = [document(kind, "old", owner="other", gateway=OTHER) for kind in ("ConfigMap", "Deployment")]
    ours = [document(kind, "old") for kind in ("ConfigMap", "Deployment")]
    for each in (*first, *ours):
        rig.exists(each | {"status": {"observedGeneration": 0}})
    changed = document("Deployment", "new", owner="other", gateway=OTHER)
    changed["metadata"]["generation"] = 2  # as the API server counts what changes a spec
    rig.want(first[0], changed, gateway=OTHER)
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.want(*(document(kind, "new") for kind in ("ConfigMap", "Deployment", "Service")))
        await passes(5.0)
        texts = {kind: rig.server.objects[path(kind)]["metadata"]["annotations"]["text"] for kind in KINDS}
        assert texts == {"ConfigMap": "old", "Deployment": "old", "Service": "new"}
        rig.server.objects[path("Deployment", OTHER)]["status"] = ROLLED
        await passes(5.0)
        texts = {kind: rig.server.objects[path(kind)]["metadata"]["annotations"]["text"] for kind in KINDS}
        assert texts == {"ConfigMap": "new", "Deployment": "new", "Service": "new"}
