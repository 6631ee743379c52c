import pytest

from gatewayd.infra.layout import KEY_SET_LABEL
from gatewayd.ir.key_sets import KeySetSource
from gatewayd.kube.key_set_store import KeySetStore
from gatewayd.untrusted.key_sets import public_keys
from tests.fakes.api_server import Cluster, Drop, refused
from tests.unit.untrusted.test_kept_keys import KEYS

FOLDER = "/api/v1/namespaces/gatewayd-system/configmaps"
IDP, OTHER = (KeySetSource(uri=f"https://{host}/keys", via=None) for host in ("idp.example", "other.example"))
GOOD = str(public_keys(KEYS))


@pytest.fixture
def store(cluster: Cluster) -> KeySetStore:
    return KeySetStore(cluster.client, "gatewayd-system")


async def test_what_is_kept_is_there_for_all_replicas(cluster: Cluster, store: KeySetStore) -> None:
    assert await store.load() == {}
    for source in (IDP, OTHER):
        await store.save(source, "old")
        await store.save(source, KEYS)
    assert await KeySetStore(cluster.client, "gatewayd-system").load() == {IDP: GOOD, OTHER: GOOD}
    documents = [each for path, each in cluster.server.objects.items() if path.startswith(FOLDER)]
    assert [each["metadata"]["labels"] for each in documents] == [{KEY_SET_LABEL: "fetched"}] * 2
    await store.forget(IDP)
    await store.forget(IDP)
    assert await store.load() == {OTHER: GOOD}


async def test_what_is_no_key_set_is_passed_over(cluster: Cluster, store: KeySetStore) -> None:
    await store.save(IDP, KEYS)
    labels = {"name": "odd", "namespace": "gatewayd-system", "labels": {KEY_SET_LABEL: "fetched"}}
    cluster.server.put(f"{FOLDER}/odd", {"metadata": labels, "data": {"keys.json": "{}"}})
    assert await store.load() == {IDP: GOOD}


@pytest.mark.parametrize("answer", [refused(403, "Forbidden"), Drop()])
async def test_an_api_server_that_does_not_answer_well_holds_nothing_up(
    cluster: Cluster, store: KeySetStore, answer: object
) -> None:
    cluster.server.script("GET", FOLDER, answer, answer)  # type: ignore[arg-type]
    assert await store.load() == {}
    await store.save(IDP, KEYS)
    (path,) = cluster.server.objects
    cluster.server.script("PATCH", path, answer, answer)  # type: ignore[arg-type]
    cluster.server.script("DELETE", path, answer, answer)  # type: ignore[arg-type]
    await store.save(IDP, KEYS)
    await store.forget(IDP)
    cluster.server.forget_scripts()
    assert await store.load() == {IDP: GOOD}
