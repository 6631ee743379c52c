from collections.abc import Iterable

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.infrastructure import object_name
from gatewayd.ir.limits import LASTING_FAILURES, PROBLEM_CHARACTERS, RETRY_FIRST_SECONDS, RETRY_LONGEST_SECONDS
from gatewayd.kube.applier import Applier, InfrastructureCallbacks
from gatewayd.kube.made_object import ObjectName, name_of
from tests.fakes.api_server import Answer, Cluster, Drop, Hole, Reply, busy, refused, terminating
from tests.fakes.documents import Json
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes

OURS = {"app.kubernetes.io/managed-by": "gatewayd"}
GW, OTHER = ObjectKey("shop", "gw"), ObjectKey("shop", "other")
VERSIONS = {"Deployment": "apps/v1", "DaemonSet": "apps/v1"}


def document(
    kind: str, text: str = "x", *, labels: dict[str, str] | None = None, owner: str = "gw", gateway: ObjectKey = GW
) -> Json:
    """Return an object as it is made for a Gateway."""
    owners = [{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": owner, "uid": "u"}]
    metadata = {
        "name": object_name(gateway.namespace, gateway.name),
        "namespace": gateway.namespace,
        "labels": OURS if labels is None else labels,
        "annotations": {"text": text},
        "ownerReferences": owners if owner else [],
    }
    spec = {"replicas": 1} if kind == "Deployment" else {}
    return {"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": metadata, "spec": spec}


def other(kind: str) -> Json:
    return document(kind, owner="other", gateway=OTHER)


def path(kind: str, gateway: ObjectKey = GW) -> str:
    return name_of(document(kind, gateway=gateway)).path()


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.results: list[tuple[str, str]] = []
        self.reports: list[tuple[ObjectKey, tuple[str, ...]]] = []
        self.failures: list[str] = []
        self.ending: set[str] = set()
        self.is_outranked = False
        self.inventory: dict[ObjectKey, set[ObjectName]] = {}
        self.applier = Applier(
            client=cluster.client,
            leadership=self.leader,
            inventory=self,
            ending=self.ending,
            audience=InfrastructureCallbacks(
                on_write=lambda kind, result: self.results.append((kind, result)),
                report=lambda gateway, problems: self.reports.append((gateway, problems)),
                on_failure=self.failures.append,
            ),
            is_outranked=lambda: self.is_outranked,
        )

    def made_for(self, gateway: ObjectKey) -> Iterable[ObjectName]:
        return self.inventory.get(gateway, ())

    def want(self, *documents: Json, gateway: ObjectKey = GW) -> None:
        self.applier.want(gateway, documents)

    def exists(self, found: Json, **more: object) -> None:
        self.server.put(name_of(found).path(), found | more)

    @property
    def there(self) -> dict[str, str]:
        """Return the texts by kind."""
        return {each["kind"]: each["metadata"]["annotations"]["text"] for each in self.server.objects.values()}

    @property
    def deleted(self) -> list[str]:
        return [each.path.split("/")[-2] for each in self.server.said("DELETE")]

    @property
    def applied(self) -> list[str]:
        return [each.body["kind"] for each in self.server.said("PATCH")]

    @property
    def problems(self) -> tuple[str, ...]:
        return self.reports[-1][1]


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_what_is_wanted_is_applied_by_our_name(rig: Rig) -> None:
    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"ConfigMap": "x", "Service": "x"}
        [first, _] = rig.server.said("PATCH")
        assert first.query == {"fieldManager": "gatewayd", "force": "true"}
        assert first.headers["content-type"] == "application/apply-patch+yaml"
        assert first.body == document("ConfigMap")
        assert rig.results == [("ConfigMap", "written"), ("Service", "written")]
        assert rig.reports == [(GW, ())]


async def test_the_same_again_is_no_work(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.want(document("ConfigMap"))
        await passes(60.0)
        assert len(rig.applied) == 1


async def test_what_is_not_wanted_any_more_is_deleted(rig: Rig) -> None:
    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(1.0)
        uid = rig.server.objects[path("ConfigMap")]["metadata"]["uid"]
        rig.want(document("Service", "y"), document("Secret"))
        await passes(1.0)
        assert rig.there == {"Service": "y", "Secret": "x"}
        body = rig.server.said("DELETE")[0].body
        assert (body["propagationPolicy"], body["preconditions"]) == ("Background", {"uid": uid})
        rig.want()
        await passes(1.0)
        assert rig.there == {}


async def test_what_is_wanted_again_in_time_is_not_deleted(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.want()
        rig.want(document("ConfigMap"))
        await passes(1.0)
        assert (rig.there, rig.deleted) == ({"ConfigMap": "x"}, [])


async def test_drift_is_repaired(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.exists(document("ConfigMap", "changed by hand"))
        rig.applier.drifted(GW)
        await passes(1.0)
        assert rig.there == {"ConfigMap": "x"}
        rig.server.objects.clear()
        rig.applier.drifted(GW)
        await passes(1.0)
        assert rig.there == {"ConfigMap": "x"}


async def test_what_nobody_wants_cannot_drift(rig: Rig) -> None:
    async with running(rig.applier.run()):
        rig.applier.drifted(GW)
        rig.applier.appeared(GW, name_of(document("ConfigMap")))
        await passes(1.0)
        assert rig.server.requests == []


async def test_what_we_applied_is_no_news_when_it_appears(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        before = len(rig.server.requests)
        rig.applier.appeared(GW, name_of(document("ConfigMap")))
        await passes(60.0)
        assert len(rig.server.requests) == before


# --- whose an object is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [{}, {"app.kubernetes.io/managed-by": "Helm"}])
async def test_an_object_of_somebody_else_is_left_alone_and_said_to_be_in_the_way(
    rig: Rig, labels: dict[str, str]
) -> None:
    rig.exists(document("ConfigMap", "theirs", labels=labels))
    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"ConfigMap": "theirs", "Service": "x"}
        assert set(rig.results) == {("ConfigMap", "taken"), ("Service", "written")}
        name = object_name(*GW)
        assert rig.problems == (f'ConfigMap "shop/{name}" is there already and is not managed by gatewayd',)
        rig.want()
        await passes(1.0)
        assert (rig.there, rig.deleted) == ({"ConfigMap": "theirs"}, ["services"])


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "ServiceAccount", "Service", "Deployment"])
async def test_no_workload_is_made_while_a_name_is_taken(rig: Rig, kind: str) -> None:
    rig.exists(document(kind, "theirs", labels={}))
    rig.want(*(document(each) for each in ("Secret", "ServiceAccount", "ConfigMap", "Deployment", "Service")))
    async with running(rig.applier.run()):
        await passes(100.0)
        assert rig.there[kind] == "theirs"
        assert kind == "Deployment" or "Deployment" not in rig.there
        del rig.server.objects[path(kind)]
        await passes(RETRY_LONGEST_SECONDS)
        assert rig.there == dict.fromkeys(("Secret", "ServiceAccount", "ConfigMap", "Deployment", "Service"), "x")
        assert rig.problems == ()


@pytest.mark.parametrize(
    "theirs",
    [
        document("Service", labels={}),
        document("Service", owner=""),
        document("Service", owner="other"),
        document("Service")
        | {"metadata": document("Service")["metadata"] | {"ownerReferences": [{"kind": "Gateway"}]}},
    ],
)
async def test_only_what_was_made_for_the_gateway_is_deleted(rig: Rig, theirs: Json) -> None:
    rig.inventory[GW] = {name_of(theirs)}
    rig.exists(theirs)
    rig.want()
    async with running(rig.applier.run()):
        await passes(60.0)
        assert (rig.there, rig.deleted) == ({"Service": "x"}, [])


async def test_a_copy_of_ours_under_another_name_is_somebody_elses(rig: Rig) -> None:
    copy = document("Service")
    copy["metadata"]["name"] = "copy"
    rig.exists(copy)
    rig.inventory[GW] = {name_of(copy)}
    rig.want()
    async with running(rig.applier.run()):
        await passes(60.0)
        assert (rig.there, rig.deleted) == ({"Service": "x"}, [])


# --- what fails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [refused(500), refused(422), Drop(), Hole(), Reply(body=b"<html>")])
async def test_what_fails_is_tried_again_and_holds_up_no_other(rig: Rig, answer: Answer) -> None:
    method = "GET" if isinstance(answer, Reply) and isinstance(answer.body, bytes) else "PATCH"
    rig.server.script(method, path("ConfigMap"), answer)
    rig.want(document("ConfigMap"))
    rig.want(other("Service"), gateway=OTHER)
    async with running(rig.applier.run()):
        await passes(15.0 + RETRY_FIRST_SECONDS / 2)
        assert "Service" in rig.there
        await passes(RETRY_FIRST_SECONDS)
        assert rig.there == {"ConfigMap": "x", "Service": "x"}
        assert rig.failures == ["infrastructure"]
        assert rig.problems == ()


async def test_what_the_api_server_refuses_is_said_in_its_words_until_it_takes_it(rig: Rig) -> None:
    rig.server.script("PATCH", path("Service"), *[refused(403, "Forbidden", "exceeded quota: q, used: 1")] * 4)
    rig.want(document("Secret"), document("Deployment"), document("Service"))
    async with running(rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert rig.there == {"Secret": "x", "Deployment": "x"}
        assert rig.problems == (f'Service "shop/{object_name(*GW)}": exceeded quota: q, used: 1',)
        await passes(60.0)
        assert rig.problems == ()
        assert rig.there["Service"] == "x"


async def test_a_book_of_a_webhook_is_cut_short(rig: Rig) -> None:
    rig.server.script("PATCH", path("Service"), refused(403, "Forbidden", "no! " * 100_000))
    rig.want(document("Service"))
    async with running(rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert [len(each) for each in rig.problems] == [PROBLEM_CHARACTERS]


async def test_what_a_workload_runs_with_is_there_before_it(rig: Rig) -> None:
    rig.server.script("PATCH", path("ConfigMap"), refused(422, "Invalid", "immutable"))
    rig.want(document("ConfigMap"), document("Deployment"))
    async with running(rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert rig.there == {}
        await passes(RETRY_FIRST_SECONDS)
        assert rig.there == {"ConfigMap": "x", "Deployment": "x"}


@pytest.mark.parametrize("answer", [refused(500), refused(429), refused(409), Drop()])
async def test_what_may_pass_is_said_when_it_has_not_passed_for_a_while(rig: Rig, answer: Answer) -> None:
    rig.server.script("PATCH", path("Service"), *[answer] * LASTING_FAILURES)
    rig.want(document("Service"))
    async with running(rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS * 2)
        assert rig.reports == []
        await passes(RETRY_FIRST_SECONDS * 1.5)
        assert rig.problems != ()
        await passes(60.0)
        assert rig.problems == ()


async def test_a_failed_deletion_is_tried_again(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.server.script("DELETE", path("ConfigMap"), refused(500))
        rig.want()
        await passes(RETRY_FIRST_SECONDS + 1.0)
        assert (rig.there, len(rig.deleted)) == ({}, 2)


async def test_what_somebody_else_deleted_first_is_deleted(rig: Rig) -> None:
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.server.script("DELETE", path("ConfigMap"), refused(404, "NotFound"))
        rig.want()
        await passes(60.0)
        assert len(rig.deleted) == 1


async def test_nothing_is_made_in_a_namespace_that_is_being_deleted(rig: Rig) -> None:
    rig.ending.add("shop")
    rig.want(document("ConfigMap"))
    async with running(rig.applier.run()):
        await passes(60.0)
        assert rig.server.requests == []


async def test_a_namespace_that_is_being_deleted_meanwhile_is_no_failure(rig: Rig) -> None:
    rig.server.script("PATCH", path("ConfigMap"), terminating("shop"))
    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(RETRY_FIRST_SECONDS / 2)
        assert (rig.applied, rig.failures, rig.reports) == (["ConfigMap"], [], [])


async def test_a_gateway_waits_as_long_as_the_api_server_asks_for(rig: Rig) -> None:
    rig.server.script("PATCH", path("ConfigMap"), busy("20"))
    rig.server.script("PATCH", path("Service"), busy("30", 503))
    rig.want(document("ConfigMap"), document("Service"))
    async with running(rig.applier.run()):
        await passes(29.9)
        assert rig.there == {}
        await passes(0.2)
        assert rig.there == {"ConfigMap": "x", "Service": "x"}
