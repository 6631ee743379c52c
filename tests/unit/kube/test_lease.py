"""Two replicas and one Lease. Every clock skips: an hour of renewals takes a moment."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gatewayd.kube.client import KubeClient
from gatewayd.kube.lease import (
    FENCE_SECONDS,
    LEASE_SECONDS,
    LOOK_SECONDS,
    RENEW_SECONDS,
    REQUEST_SECONDS,
    Lease,
    LeaseName,
)
from tests.fakes.api_server import Answer, Cluster, Drop, Hole, Lose, Reply, Then, access, refused
from tests.fakes.documents import Json
from tests.fakes.running import running
from tests.fakes.skipping_loop import clock, passes

FOLDER = "/apis/coordination.k8s.io/v1/namespaces/gatewayd-system/leases"
PATH = f"{FOLDER}/gatewayd-leader"
LONG_AGO = "2001-01-01T00:00:00.000000Z"


class Replica:
    """One candidate."""

    def __init__(self, cluster: Cluster, identity: str = "one", now: Callable[[], float] | None = None) -> None:
        self.elections = 0
        self.lease = Lease(
            client=cluster.client,
            name=LeaseName(namespace="gatewayd-system", name="gatewayd-leader", identity=identity),
            clock=now or clock(),
            on_elected=self._elected,
        )

    def _elected(self) -> None:
        self.elections += 1

    @property
    def leads(self) -> bool:
        return self.lease.is_leader()


def spec(cluster: Cluster) -> Json:
    found: Json = cluster.server.objects[PATH]["spec"]
    return found


def held_by(identity: str, renewed: str = LONG_AGO, seconds: int = LEASE_SECONDS) -> Json:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "gatewayd-leader", "namespace": "gatewayd-system"},
        "spec": {
            "holderIdentity": identity,
            "leaseDurationSeconds": seconds,
            "leaseTransitions": 4,
            "renewTime": renewed,
        },
    }


def test_who_cannot_renew_stops_before_another_may_start() -> None:
    assert RENEW_SECONDS + REQUEST_SECONDS < FENCE_SECONDS < LEASE_SECONDS


async def test_nobody_leads_before_the_lease_is_held(cluster: Cluster) -> None:
    assert not Replica(cluster).leads


async def test_a_lease_is_made_and_renewed(cluster: Cluster) -> None:
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        assert (replica.leads, replica.elections) == (True, 1)
        first = spec(cluster)
        assert (first["holderIdentity"], first["leaseDurationSeconds"], first["leaseTransitions"]) == (
            "one", LEASE_SECONDS, 0,
        )  # fmt: skip
        await passes(600.0)
        assert (replica.leads, replica.elections) == (True, 1)
        assert spec(cluster)["renewTime"] != first["renewTime"]
        assert spec(cluster)["leaseTransitions"] == 0
        assert len(cluster.server.said("PUT")) == pytest.approx(600 / RENEW_SECONDS, abs=2)


async def test_a_restarted_replica_takes_up_its_own_lease(cluster: Cluster) -> None:
    cluster.server.put(PATH, held_by("one"))
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        assert replica.leads
        assert spec(cluster)["leaseTransitions"] == 4


async def test_a_lease_that_was_given_up_is_taken_at_once(cluster: Cluster) -> None:
    cluster.server.put(PATH, held_by(""))
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        assert replica.leads
        assert spec(cluster)["leaseTransitions"] == 5


async def test_only_our_own_clock_says_that_a_lease_has_expired(cluster: Cluster) -> None:
    # The renewal is said to be long ago: the holder's clock may be wrong, so that says nothing.
    cluster.server.put(PATH, held_by("other"))
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(LEASE_SECONDS - 0.5)
        assert not replica.leads
        await passes(RENEW_SECONDS + 1.0)
        assert (replica.leads, replica.elections) == (True, 1)
        assert spec(cluster)["leaseTransitions"] == 5


async def test_who_dies_is_followed_within_ten_seconds(cluster: Cluster) -> None:
    replica = Replica(cluster)
    cluster.server.put(PATH, held_by("other"))
    async with running(replica.lease.run()):
        for number in range(5):
            cluster.server.put(PATH, held_by("other", renewed=f"renewal {number}"))
            await passes(RENEW_SECONDS)
        await passes(LEASE_SECONDS - RENEW_SECONDS - 0.1)
        assert not replica.leads
        await passes(1.1)
        assert replica.leads


async def test_who_waits_does_not_look_all_the_time(cluster: Cluster) -> None:
    replica = Replica(cluster)
    cluster.server.script("POST", FOLDER, *[refused(409, "AlreadyExists")] * 100)
    async with running(replica.lease.run()):
        await passes(20.0)
        assert len(cluster.server.said("GET")) <= 21


async def test_a_lease_that_is_renewed_is_left_alone(cluster: Cluster) -> None:
    replica = Replica(cluster)
    cluster.server.put(PATH, held_by("other"))
    async with running(replica.lease.run()):
        for number in range(20):
            cluster.server.put(PATH, held_by("other", renewed=f"renewal {number}"))
            await passes(LEASE_SECONDS - LOOK_SECONDS)
        assert not replica.leads
        assert cluster.server.writes == []


async def test_the_holder_says_how_long_its_lease_is(cluster: Cluster) -> None:
    cluster.server.put(PATH, held_by("other", seconds=60))
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(58.0)
        assert not replica.leads
        await passes(6.0)
        assert replica.leads


async def test_of_two_replicas_one_leads(cluster: Cluster) -> None:
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    async with running(one.lease.run(), two.lease.run()):
        for _ in range(100):
            await passes(1.0)
            assert one.leads is not two.leads
        assert one.elections + two.elections == 1


async def test_a_hung_renewal_ends_leadership_before_another_begins(cluster: Cluster) -> None:
    """One replica's requests hang from now on; the other's are answered."""
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    async with running(one.lease.run()):
        await passes(1.0)
        assert one.leads
        # From here on `one` gets no answers: what it asks for is looked at by nobody.
        cluster.server.script("GET", PATH, *(Hole() for _ in range(50)))
        await passes(FENCE_SECONDS)
        assert not one.leads
        cluster.server.forget_scripts()
        async with running(two.lease.run()):
            await passes(0.2)
            assert not two.leads


async def test_never_two_leaders_whoever_hangs(cluster: Cluster) -> None:
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    answers: list[Answer] = [Hole(), Drop(), refused(500), Lose(), refused(409), Reply(body=b"<html>"), Hole()]
    async with running(one.lease.run(), two.lease.run()):
        await passes(1.0)
        cluster.server.script("PUT", PATH, *(answers * 5))
        cluster.server.script("GET", PATH, *(answers * 5))
        led = 0
        for _ in range(3000):
            await passes(0.1)
            assert not (one.leads and two.leads)
            led += one.leads or two.leads
        assert led > 300
        assert one.leads or two.leads


@pytest.mark.parametrize("answer", [refused(500), Drop(), Hole(), Reply(body=b"<html>")])
async def test_one_failed_renewal_is_no_loss(cluster: Cluster, answer: Answer) -> None:
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        cluster.server.script("PUT", PATH, answer)
        for _ in range(200):
            await passes(0.1)
            assert replica.leads
        assert replica.elections == 1


async def test_a_lease_that_another_took_is_lost_and_won_back(cluster: Cluster) -> None:
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        cluster.server.put(PATH, held_by("other"))
        await passes(RENEW_SECONDS)
        assert not replica.leads
        await passes(LEASE_SECONDS + RENEW_SECONDS)
        assert (replica.leads, replica.elections) == (True, 2)


async def test_who_is_first_to_write_holds_the_lease(cluster: Cluster) -> None:
    replica = Replica(cluster)
    cluster.server.script("POST", FOLDER, refused(409, "AlreadyExists"))
    async with running(replica.lease.run()):
        await passes(LOOK_SECONDS / 2)
        assert not replica.leads
        await passes(RENEW_SECONDS)
        assert replica.leads


async def test_a_renewal_counts_from_when_it_was_asked_for(cluster: Cluster) -> None:
    now = 0.0

    def answered_late() -> None:
        nonlocal now
        now += FENCE_SECONDS

    replica = Replica(cluster, now=lambda: now)
    cluster.server.script("GET", PATH, Then(act=answered_late))
    async with running(replica.lease.run()):
        await passes(1.0)
        assert spec(cluster)["holderIdentity"] == "one"
        assert not replica.leads


async def test_a_replica_that_stops_gives_the_lease_up(cluster: Cluster) -> None:
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    async with running(one.lease.run()):
        await passes(5.0)
    assert not one.leads
    assert spec(cluster)["holderIdentity"] == ""
    async with running(two.lease.run()):
        await passes(1.0)
        assert two.leads


async def test_a_replica_that_stops_gives_up_only_its_own(cluster: Cluster) -> None:
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        cluster.server.put(PATH, held_by("other"))
    assert spec(cluster)["holderIdentity"] == "other"


async def test_a_replica_that_does_not_lead_asks_nothing_when_it_stops(cluster: Cluster) -> None:
    cluster.server.put(PATH, held_by("other"))
    replica = Replica(cluster)
    async with running(replica.lease.run()):
        await passes(1.0)
        asked = len(cluster.server.requests)
    assert len(cluster.server.requests) == asked


@pytest.mark.parametrize("answer", [Hole(), refused(500), Reply(body=b"<html>")])
async def test_stopping_takes_no_longer_than_one_request(cluster: Cluster, answer: Answer) -> None:
    replica = Replica(cluster)
    task = asyncio.ensure_future(replica.lease.run())
    await passes(1.0)
    cluster.server.script("GET", PATH, answer)
    began = clock()()
    task.cancel()
    await asyncio.wait([task])
    assert clock()() - began <= REQUEST_SECONDS
    assert not replica.leads


class Odd(KubeClient):
    """A client that fails in a way that nobody expects, while it is `odd`."""

    odd = False

    async def request(self, method: str, path: str, **more: Any) -> bytes:
        if self.odd:
            raise ZeroDivisionError("odd")
        return await super().request(method, path, **more)


async def test_a_failure_that_nobody_expects_ends_the_leadership_in_time_and_not_the_replica(cluster: Cluster) -> None:
    client = Odd(access(cluster.url))
    replica = Replica(replace(cluster, client=client))
    async with running(replica.lease.run()):
        await passes(1.0)
        assert replica.leads
        client.odd = True
        await passes(FENCE_SECONDS + RENEW_SECONDS)
        assert not replica.leads
        client.odd = False
        await passes(RENEW_SECONDS * 2)
        assert (replica.leads, replica.elections) == (True, 2)
    await client.close()
