"""What members said last, in ConfigMaps."""

import pytest

from gatewayd.kube import member_store
from gatewayd.kube.api_errors import ApiError
from gatewayd.kube.member_store import KEPT_LABEL, KeptMember, MemberStore
from tests.fakes.api_server import Cluster, refused
from tests.unit.kube.member_rig import KEPT
from tests.unit.members.test_kept import ROWS


@pytest.fixture
def store(cluster: Cluster) -> MemberStore:
    return MemberStore(cluster.client, "gatewayd-system")


async def test_what_is_kept_is_there_for_all_replicas(cluster: Cluster, store: MemberStore) -> None:
    assert await store.load() == {}
    await store.save("west", ROWS, stale=False)
    assert await MemberStore(cluster.client, "gatewayd-system").load() == {"west": KeptMember(rows=ROWS, stale=False)}
    written = len(cluster.server.writes)
    await store.save("west", ROWS, stale=False)
    assert len(cluster.server.writes) == written == 8
    await store.save("west", dict(list(ROWS.items())[1:]), stale=False)
    assert len(cluster.server.writes) == written + 1
    await store.save("west", ROWS, stale=True)
    assert (await store.load())["west"].stale
    await store.forget("west")
    await store.forget("west")
    assert cluster.server.objects == {}


async def test_what_was_changed_is_nothing(cluster: Cluster, store: MemberStore) -> None:
    (name, row), *_ = ROWS.items()
    await store.save("west", {name: row}, stale=False)
    for kept in cluster.server.objects.values():
        kept["binaryData"] = {key: f"!{written}" for key, written in kept["binaryData"].items()}
    assert await store.load() == {"west": KeptMember(rows={}, stale=False)}


async def test_what_somebody_else_wrote_is_nothing(cluster: Cluster, store: MemberStore) -> None:
    metadata = {"name": "x", "namespace": "gatewayd-system", "labels": {KEPT_LABEL: "west"}}
    cluster.server.put(f"{KEPT}/x", {"metadata": metadata, "binaryData": {"exports.json.zlib": "!"}})
    assert await store.load() == {"west": KeptMember(rows={}, stale=False)}


async def test_a_refusal_is_the_callers_to_see(cluster: Cluster, store: MemberStore) -> None:
    cluster.server.script("GET", KEPT, refused(403))
    with pytest.raises(ApiError):
        await store.load()


async def test_too_much_is_not_written(cluster: Cluster, store: MemberStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_store, "packed", lambda *_arguments, **_more: None)
    await store.save("west", ROWS, stale=False)
    assert cluster.server.writes == []
