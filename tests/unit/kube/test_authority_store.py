import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from gatewayd.identity.authority import OVERLAP, Authority, founded
from gatewayd.identity.certificates import CA_LIFETIME, make_ca
from gatewayd.infra.layout import AUTHORITY_SECRET
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
from gatewayd.kube.authority_store import AuthorityError, AuthorityStore
from tests.fakes.api_server import Answer, Cluster, Drop, Lose, Then, refused

FOLDER = "/api/v1/namespaces/gatewayd-system/secrets"
PATH = f"{FOLDER}/{AUTHORITY_SECRET}"
NOW = datetime.now(UTC)
OLD = NOW - CA_LIFETIME * 2 / 3 - timedelta(days=3)


class Rig:
    def __init__(self, cluster: Cluster) -> None:
        self.server = cluster.server
        self.store = AuthorityStore(cluster.client, "gatewayd-system")

    def holds(self, authority: Authority) -> None:
        self.server.put(PATH, dict(self.store._document(authority, "")))

    @property
    def data(self) -> dict[str, bytes]:
        return {name: base64.b64decode(value) for name, value in self.server.objects[PATH]["data"].items()}


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


def test_the_rights_are_for_the_secret_that_is_written() -> None:
    assert f"{FOLDER}/gatewayd-ca" == PATH


async def test_who_comes_first_founds_it(rig: Rig) -> None:
    authority = await rig.store.load()
    assert rig.data["tls.crt"] == authority.signing.certificate
    assert rig.server.objects[PATH]["type"] == "kubernetes.io/tls"
    assert await rig.store.load() == authority
    assert len(rig.server.writes) == 1


async def test_who_comes_second_takes_what_is_there(rig: Rig) -> None:
    first = founded(NOW)
    # Nobody was there when we looked, somebody was when we wrote.
    rig.server.script("POST", FOLDER, Then(act=lambda: rig.holds(first)))
    assert await rig.store.load() == first


async def test_all_replicas_have_one_ca(rig: Rig) -> None:
    found = await asyncio.gather(*(rig.store.load() for _ in range(10)))
    assert len({each.bundle for each in found}) == 1


async def test_an_answer_that_was_lost_founds_no_second_one(rig: Rig) -> None:
    rig.server.script("POST", FOLDER, Lose())
    with pytest.raises(CONNECTION_ERRORS):
        await rig.store.load()
    kept = rig.data["tls.crt"]
    assert (await rig.store.load()).signing.certificate == kept


@pytest.mark.parametrize("answer", [refused(500), refused(403), Drop()])
async def test_nothing_is_founded_when_nobody_says_what_is_there(rig: Rig, answer: Answer) -> None:
    rig.server.script("GET", PATH, answer, answer)
    with pytest.raises((ApiError, *CONNECTION_ERRORS)):
        await rig.store.load()
    assert rig.server.writes == []


async def test_a_refusal_to_write_is_told(rig: Rig) -> None:
    rig.server.script("POST", FOLDER, refused(403, "Forbidden", "no right"))
    with pytest.raises(ApiError, match="no right"):
        await rig.store.load()


@pytest.mark.parametrize(
    "authority",
    [
        founded(NOW),
        Authority(signing=make_ca(NOW), successor=make_ca(NOW), retired=()),
        Authority(
            signing=make_ca(NOW), successor=make_ca(NOW), retired=(make_ca(OLD).certificate, make_ca(NOW).certificate)
        ),
    ],
)
async def test_what_is_written_is_read(rig: Rig, authority: Authority) -> None:
    rig.holds(authority)
    assert await rig.store.load() == authority


@pytest.mark.parametrize(
    "data",
    [{}, {"tls.crt": "eA==", "tls.key": "eA=="}, {"tls.crt": base64.b64encode(make_ca(NOW).certificate).decode()}],
)
async def test_a_secret_that_holds_no_ca_is_for_a_person(rig: Rig, data: dict[str, str]) -> None:
    rig.server.put(PATH, {"metadata": {"name": AUTHORITY_SECRET}, "data": data})
    for attempt in (rig.store.load, rig.store.advance):
        with pytest.raises(AuthorityError, match="delete it to have a new CA made"):
            await attempt()
    assert rig.server.writes == []


async def test_a_broken_successor_is_made_again(rig: Rig) -> None:
    rig.holds(Authority(signing=make_ca(OLD), successor=make_ca(NOW), retired=()))
    rig.server.objects[PATH]["data"]["next.key"] = "eA=="
    assert (await rig.store.load()).successor is None
    assert (await rig.store.advance()).successor is not None


@pytest.mark.parametrize("missing", ["next.crt", "next.key"])
async def test_half_a_successor_is_none(rig: Rig, missing: str) -> None:
    rig.holds(Authority(signing=make_ca(OLD), successor=make_ca(NOW), retired=()))
    del rig.server.objects[PATH]["data"][missing]
    assert (await rig.store.load()).successor is None
    assert (await rig.store.advance()).successor is not None


async def test_what_is_not_due_is_not_written(rig: Rig) -> None:
    authority = founded(NOW)
    rig.holds(authority)
    assert await rig.store.advance() == authority
    assert rig.server.writes == []


async def test_the_leader_founds_what_somebody_deleted(rig: Rig) -> None:
    authority = await rig.store.advance()
    assert rig.data["tls.crt"] == authority.signing.certificate


async def test_a_ca_is_replaced_step_by_step(rig: Rig) -> None:
    old = make_ca(OLD)
    rig.holds(Authority(signing=old, successor=None, retired=()))
    version = rig.server.objects[PATH]["metadata"]["resourceVersion"]
    made = await rig.store.advance()
    assert (made.signing, made.successor is None) == (old, False)
    assert rig.server.writes[0].body["metadata"]["resourceVersion"] == version
    assert await rig.store.load() == made
    assert await rig.store.advance() == made
    # A day later:
    ready = make_ca(NOW - OVERLAP - timedelta(minutes=1))
    rig.holds(Authority(signing=old, successor=ready, retired=()))
    turned = await rig.store.advance()
    assert (turned.signing, turned.successor, turned.retired) == (ready, None, (old.certificate,))
    assert await rig.store.load() == turned
    assert "next.key" not in rig.data


async def test_somebody_elses_step_is_not_undone(rig: Rig) -> None:
    old = make_ca(OLD)
    theirs = Authority(signing=old, successor=make_ca(NOW), retired=())
    rig.holds(Authority(signing=old, successor=None, retired=()))
    rig.server.script("PUT", PATH, Then(act=lambda: rig.holds(theirs)))
    with pytest.raises(ApiError) as raised:
        await rig.store.advance()
    assert raised.value.status == 409
    assert await rig.store.advance() == theirs
