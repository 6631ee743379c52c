import pytest

from gatewayd.kube.applier import RETRY_SECONDS, TAKEN_SECONDS, Applier, ObjectName, name_of
from tests.fakes.api_server import Answer, Cluster, Drop, Hole, Reply, Then, refused
from tests.fakes.documents import Json
from tests.fakes.running import Leader, running
from tests.fakes.skipping_loop import passes

OURS = {"app.kubernetes.io/managed-by": "gatewayd"}
FOLDER = "/api/v1/namespaces/shop/configmaps"


def config(name: str, text: str = "x", labels: dict[str, str] | None = None) -> Json:
    metadata = {"name": name, "namespace": "shop", "labels": OURS if labels is None else labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text}}


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.leader = Leader()
        self.results: list[str] = []
        self.applier = Applier(client=cluster.client, leadership=self.leader, on_write=self._count)

    def _count(self, kind: str, result: str) -> None:
        assert kind == "ConfigMap"
        self.results.append(result)

    @property
    def there(self) -> dict[str, str]:
        """Return the texts by name."""
        return {each["metadata"]["name"]: each["data"]["text"] for each in self.server.objects.values()}

    @property
    def deleted(self) -> list[str]:
        return [each.path.rsplit("/", 1)[1] for each in self.server.said("DELETE")]


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("v1", "Service", "/api/v1/namespaces/shop/services/a"),
        ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/shop/deployments/a"),
        ("policy/v1", "PodDisruptionBudget", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/a"),
    ],
)
def test_an_object_has_a_path(api_version: str, kind: str, path: str) -> None:
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": "shop"}}
    assert name_of(document) == ObjectName(api_version=api_version, kind=kind, namespace="shop", name="a")
    assert name_of(document).path() == path


async def test_what_is_wanted_is_applied_by_our_name(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"), config("b")))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"a": "x", "b": "x"}
        [first, _] = rig.server.said("PATCH")
        assert first.query == {"fieldManager": "gatewayd", "force": "true"}
        assert first.headers["content-type"] == "application/apply-patch+yaml"
        assert first.body == config("a")
        assert rig.results == ["written", "written"]


async def test_the_same_again_is_no_work(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.applier.want("shop/gw", (config("a"),))
        await passes(60.0)
        assert len(rig.server.said("PATCH")) == 1


async def test_what_is_not_wanted_any_more_is_deleted(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"), config("b")))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.applier.want("shop/gw", (config("b", "y"), config("c")))
        await passes(1.0)
        assert rig.there == {"b": "y", "c": "x"}
        assert rig.server.said("DELETE")[0].query == {"propagationPolicy": "Background"}
        rig.applier.want("shop/gw", ())
        await passes(1.0)
        assert rig.there == {}


async def test_what_is_wanted_again_in_time_is_not_deleted(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.applier.want("shop/gw", ())
        rig.applier.want("shop/gw", (config("a"),))
        await passes(1.0)
        assert (rig.there, rig.deleted) == ({"a": "x"}, [])


async def test_drift_is_repaired(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.server.put(f"{FOLDER}/a", config("a", "changed by hand"))
        rig.applier.drifted(name_of(config("a")))
        await passes(1.0)
        assert rig.there == {"a": "x"}
        del rig.server.objects[f"{FOLDER}/a"]
        rig.applier.drifted(name_of(config("a")))
        await passes(1.0)
        assert rig.there == {"a": "x"}


async def test_what_nobody_wants_cannot_drift(rig: Rig) -> None:
    async with running(rig.applier.run()):
        rig.applier.drifted(name_of(config("a")))
        await passes(1.0)
        assert rig.server.requests == []


@pytest.mark.parametrize("labels", [{}, {"app.kubernetes.io/managed-by": "Helm"}])
async def test_an_object_of_somebody_else_is_left_alone(rig: Rig, labels: dict[str, str]) -> None:
    rig.server.put(f"{FOLDER}/a", config("a", "theirs", labels))
    rig.applier.want("shop/gw", (config("a"), config("b")))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"a": "theirs", "b": "x"}
        assert rig.results == ["taken", "written"]
        rig.applier.want("shop/gw", ())
        await passes(1.0)
        assert (rig.there, rig.deleted) == ({"a": "theirs"}, ["b"])


async def test_a_name_that_becomes_free_is_taken(rig: Rig) -> None:
    rig.server.put(f"{FOLDER}/a", config("a", "theirs", {}))
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        del rig.server.objects[f"{FOLDER}/a"]
        await passes(TAKEN_SECONDS)
        assert rig.there == {"a": "x"}


@pytest.mark.parametrize("answer", [refused(500), refused(422), Drop(), Hole(), Reply(body=b"<html>")])
async def test_what_fails_is_tried_again_and_holds_up_no_other(rig: Rig, answer: Answer) -> None:
    method = "GET" if isinstance(answer, Reply) and isinstance(answer.body, bytes) else "PATCH"
    rig.server.script(method, f"{FOLDER}/a", answer)
    rig.applier.want("shop/gw", (config("a"),))
    rig.applier.want("shop/other", (config("b"),))
    async with running(rig.applier.run()):
        await passes(15.0 + RETRY_SECONDS / 2)
        assert "b" in rig.there
        await passes(RETRY_SECONDS)
        assert rig.there == {"a": "x", "b": "x"}
        assert rig.results[-1] == "written"


async def test_a_failed_deletion_is_tried_again(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.server.script("DELETE", f"{FOLDER}/a", refused(500))
        rig.applier.want("shop/gw", ())
        await passes(RETRY_SECONDS + 1.0)
        assert (rig.there, len(rig.deleted)) == ({}, 2)


async def test_what_somebody_else_deleted_first_is_deleted(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.server.script("DELETE", f"{FOLDER}/a", refused(404, "NotFound"))
        rig.applier.want("shop/gw", ())
        await passes(60.0)
        assert rig.deleted == ["a"]


async def test_only_the_leader_applies(rig: Rig) -> None:
    rig.leader.leads = False
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(60.0)
        assert rig.server.requests == []
        rig.leader.leads = True
        rig.applier.became_leader()
        await passes(1.0)
        assert rig.there == {"a": "x"}


async def test_a_new_leader_looks_at_everything_again(rig: Rig) -> None:
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        rig.server.objects.clear()
        rig.applier.became_leader()
        await passes(1.0)
        assert rig.there == {"a": "x"}


async def test_leadership_that_is_lost_in_between_stops_the_rest(rig: Rig) -> None:
    def lose() -> None:
        rig.leader.leads = False

    rig.server.script("PATCH", f"{FOLDER}/a", Then(act=lose))
    rig.applier.want("shop/gw", (config("a"), config("b")))
    async with running(rig.applier.run()):
        await passes(10.0)
        assert rig.there == {"a": "x"}
        rig.leader.leads = True
        rig.applier.became_leader()
        await passes(1.0)
        assert rig.there == {"a": "x", "b": "x"}


async def test_leadership_that_is_lost_in_between_stops_deletions(rig: Rig) -> None:
    def lose() -> None:
        rig.leader.leads = False

    rig.applier.want("shop/gw", (config("a"), config("b")))
    async with running(rig.applier.run()):
        await passes(1.0)
        for name in ("a", "b"):
            rig.server.script("DELETE", f"{FOLDER}/{name}", Then(act=lose))
        rig.applier.want("shop/gw", ())
        await passes(10.0)
        assert len(rig.deleted) == 1
        rig.leader.leads = True
        rig.applier.became_leader()
        await passes(1.0)
        assert rig.there == {}


async def test_the_latest_wish_counts(rig: Rig) -> None:
    wishes = iter(range(5))
    again = Then(act=lambda: rig.applier.want("shop/gw", (config("a", f"wish {next(wishes)}"),)))
    rig.server.script("PATCH", f"{FOLDER}/a", *([again] * 5))
    rig.applier.want("shop/gw", (config("a"),))
    async with running(rig.applier.run()):
        await passes(1.0)
        assert rig.there == {"a": "wish 4"}
