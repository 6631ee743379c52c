import json

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.outcome import NO_FLEET, FleetReport, Rejection, Vouched
from gatewayd.ir.proxy import Declared
from gatewayd.kube.edition import Edition, edition_of
from gatewayd.kube.fleet_reports import EDITION_KEY, KEY, LABEL, FleetShare, Replica
from gatewayd.kube.lingering_acks import LINGER_SECONDS
from gatewayd.kube.paced_refusals import FIRST_SECONDS
from gatewayd.kube.work_queue import RETRY
from gatewayd.xds.resource import CLUSTER, LISTENER, Snapshot, resource, snapshot
from tests.fakes.api_server import Cluster, Hole, busy, refused
from tests.fakes.documents import Json
from tests.fakes.running import running
from tests.fakes.skipping_loop import passes
from tests.unit.kube.fleet_shorthand import BAD, DECLARED, GATEWAY, GENERATIONS, published, report, share, standing

OURS = edition_of("0.2.0")
PATH = "/api/v1/namespaces/gatewayd-system/configmaps/one-fleet"
OTHER = ObjectKey("gatewayd-system", "two-fleet")


class Rig:
    """Replica "one", what it publishes and what it tells."""

    def __init__(self, cluster: Cluster, uid: str = "pod-uid") -> None:
        self.server = cluster.server
        self.told: list[FleetReport] = []
        self.written: list[str] = []
        self.editions: list[Edition | None] = []
        self.share = FleetShare(
            client=cluster.client,
            replica=Replica(namespace="gatewayd-system", name="one", uid=uid, edition=OURS),
            on_report=self._tell,
            on_write=self.written.append,
            on_editions=lambda: self.editions.append(self.share.outranked_by),
            random=lambda: 0.5,
        )
        self.share.published(published(), ())

    def _tell(self, _fleet: FleetKey, found: FleetReport) -> None:
        self.told.append(found)

    def other_says(self, found: FleetReport, of: Snapshot, key: ObjectKey = OTHER) -> None:
        word = share(found, of)
        told = {"acked": word.acked, "refused": word.refused, "standing": word.standing}
        said = {str(GATEWAY): {"connected": word.connected, **told}}
        self.share.hear(key, config_map({KEY: json.dumps(said)}))

    def stranger_says(self, edition: str, *acked: str, generations: dict[str, int] | None = None) -> None:
        """Hear a replica whose bytes are others of its Envoys."""
        said = {"connected": 1, "acked": dict.fromkeys(acked, "theirs"), "generations": generations or GENERATIONS}
        self.share.hear(OTHER, config_map({KEY: json.dumps({str(GATEWAY): said}), EDITION_KEY: edition}))


def config_map(data: dict[str, str], labels: dict[str, str] | None = None) -> bytes:
    found = {LABEL: "replica"} if labels is None else labels
    return json.dumps({"metadata": {"name": "two-fleet", "labels": found}, "data": data}).encode()


OWN = ObjectKey("gatewayd-system", "one-fleet")


async def test_what_stands_there_instead_of_our_own_words_is_written_over(rig: Rig) -> None:
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1, "tcp-80"))
        await passes(1.0)
        ours = rig.server.writes[-1].body["data"]
        rig.share.hear(OWN, config_map(ours))
        await passes(60.0)
        assert len(rig.server.writes) == 1
        for late in (config_map({KEY: "{}"}), None, b"{"):
            rig.share.hear(OWN, late)
            await passes(60.0)
        assert [each.body["data"] for each in rig.server.writes] == [ours] * 4
    assert rig.told == [report(1, "tcp-80")]


async def test_a_replica_that_begins_anew_takes_back_what_it_said_before(rig: Rig) -> None:
    async with running(rig.share.run()):
        rig.share.hear(OWN, config_map({KEY: '{"shop/edge":{"connected":1}}'}))
        await passes(1.0)
    assert [each.body["data"][KEY] for each in rig.server.writes] == ["{}"]


@pytest.fixture
def rig(cluster: Cluster) -> Rig:
    return Rig(cluster)


async def test_reports_of_all_replicas_are_one_report(rig: Rig) -> None:
    rig.share.local(GATEWAY, report(1, "tcp-80"))
    rig.other_says(report(2, "tcp-81"), published())
    assert rig.told == [report(1, "tcp-80"), report(3, "tcp-80", "tcp-81")]


async def test_the_same_again_is_not_told(rig: Rig) -> None:
    for _ in range(3):
        rig.share.local(GATEWAY, report(1, "tcp-80"))
        rig.other_says(report(2), published())
    assert len(rig.told) == 2


async def test_a_gateway_that_is_made_anew_is_told_of_again_though_nothing_else_is_said_of_it(rig: Rig) -> None:
    """Its row went with the one before (`Reconciler`): its listeners would never be Programmed."""
    rig.other_says(report(1, "tcp-80"), published())
    rig.share.retired(GATEWAY)
    rig.share.published(published(), ())
    assert rig.told == [report(1, "tcp-80")] * 2


async def test_a_replica_that_is_gone_is_not_counted(rig: Rig) -> None:
    rig.share.local(GATEWAY, report(1, "tcp-80"))
    rig.other_says(report(2, "tcp-81"), published())
    rig.share.hear(OTHER, None)
    assert rig.told[-1] == report(1, "tcp-80", "tcp-81")  # its Envoys are about to come to us
    await passes(LINGER_SECONDS + 0.1)
    assert rig.told[-1] == report(1, "tcp-80")


async def test_a_proxy_that_refuses_takes_nothing_back_by_moving_to_another_replica(rig: Rig) -> None:
    rig.other_says(report(1, standing=standing(1, 1)), published(cluster=b"of another version"))
    await passes(FIRST_SECONDS + 0.1)  # until then nothing else would be told anyway
    rig.share.hear(OTHER, None)
    rig.share.local(GATEWAY, report(1))
    rig.share.local(GATEWAY, report(1, standing=standing(1, 1)))
    assert {each.standing for each in rig.told} == {standing(1, 1)}
    await passes(LINGER_SECONDS + 0.1)
    rig.share.local(GATEWAY, report(1))
    assert rig.told[-1] == report(1)


async def test_envoys_that_have_lost_their_streams_serve_what_they_have_and_nothing_that_came_since(rig: Rig) -> None:
    rig.share.local(GATEWAY, report(1, "tcp-80", "tcp-81"))
    rig.share.local(GATEWAY, NO_FLEET)
    assert rig.told[-1] == report(0, "tcp-80", "tcp-81")
    rig.share.published(published(listener=b"newer"), ())
    assert rig.told[-1] == report(0, "tcp-81")
    await passes(LINGER_SECONDS + 0.1)
    assert rig.told[-1] == NO_FLEET


async def test_another_replica_that_is_ahead_counts_when_we_are_there_too(rig: Rig) -> None:
    newer = published(listener=b"newer")
    rig.other_says(report(2, "tcp-80", "tcp-81"), newer)
    assert rig.told == [report(2, "tcp-81")]
    rig.share.published(newer, ())
    assert rig.told[-1] == report(2, "tcp-80", "tcp-81")


async def test_what_was_acked_before_a_change_is_not_told_after_it(rig: Rig) -> None:
    rig.share.local(GATEWAY, report(1, "tcp-80", "tcp-81"))
    rig.share.published(published(listener=b"newer"), ())
    assert rig.told[-1] == report(1, "tcp-81")


@pytest.mark.parametrize(
    "key", [ObjectKey("gatewayd-system", "one-fleet"), ObjectKey("shop", "two-fleet")], ids=["ours", "elsewhere"]
)
async def test_config_maps_that_are_no_other_replicas_are_nothing(rig: Rig, key: ObjectKey) -> None:
    rig.other_says(report(2), published(), key)
    assert rig.told == []


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        ({KEY: json.dumps({str(GATEWAY): {"connected": 9}})}, {}),
        ({KEY: "{"}, None),
        ({KEY: json.dumps({str(GATEWAY): {"connected": "many"}})}, None),
        ({KEY: json.dumps([])}, None),
        ({}, None),
    ],
)
async def test_what_makes_no_sense_is_nothing(rig: Rig, data: dict[str, str], labels: dict[str, str] | None) -> None:
    rig.other_says(report(2), published())
    rig.share.hear(OTHER, config_map(data, labels))
    assert rig.told[-1] == NO_FLEET


async def test_our_word_is_written_for_the_others(rig: Rig) -> None:
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1, "tcp-80"))
        await passes(1.0)
        [write] = rig.server.writes
        assert (write.method, write.path, write.query) == ("PATCH", PATH, {"fieldManager": "gatewayd", "force": "true"})
        metadata: Json = write.body["metadata"]
        assert metadata["labels"] == {LABEL: "replica"}
        [owner] = metadata["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == ("Pod", "one", "pod-uid")
        version = published().of(LISTENER)["tcp-80"].version
        assert json.loads(write.body["data"][KEY]) == {str(GATEWAY): {"connected": 1, "acked": {"tcp-80": version}}}


async def test_a_replica_of_another_edition_vouches_for_its_own_envoys(rig: Rig) -> None:
    rig.stranger_says("0.1.0", "tcp-80", "tcp-82")
    [told] = rig.told
    assert told.acked_listeners == frozenset()
    [word] = told.vouched
    assert word == Vouched(listeners=frozenset({"tcp-80", "tcp-82"}), generations=GENERATIONS)


async def test_the_word_of_a_replica_is_as_good_as_its_envoys_and_its_edition(rig: Rig) -> None:
    rig.stranger_says("0.1.0", "tcp-80")
    rig.stranger_says("0.1.0")
    await passes(LINGER_SECONDS + 0.1)
    assert rig.told[-1].vouched == ()
    rig.stranger_says(OURS.text, "tcp-80")
    assert rig.told[-1].vouched == ()  # of our own edition we compare what we have
    rig.stranger_says("", "tcp-80", generations={"gw-uid": 4})
    assert rig.told[-1].vouched == (Vouched(listeners=frozenset({"tcp-80"}), generations={"gw-uid": 4}),)
    rig.share.hear(OTHER, None)
    await passes(LINGER_SECONDS + 0.1)
    assert rig.told[-1] == NO_FLEET


async def test_what_a_release_without_generations_says_of_other_bytes_is_nothing(rig: Rig) -> None:
    said = {str(GATEWAY): {"connected": 1, "acked": {"tcp-80": "theirs"}}}
    rig.share.hear(OTHER, config_map({KEY: json.dumps(said)}))
    assert rig.told == [report(1)]


async def test_we_tell_what_our_listeners_are_made_of_whenever_that_changes(rig: Rig) -> None:
    def told() -> Json:
        found: Json = json.loads(rig.server.writes[-1].body["data"][KEY])[str(GATEWAY)]
        return found

    async with running(rig.share.run()):
        rig.share.published(published(), DECLARED)
        rig.share.local(GATEWAY, report(1))
        await passes(1.0)
        assert "generations" not in told()  # nobody has anything of it
        rig.share.local(GATEWAY, report(1, "tcp-80"))
        await passes(1.0)
        assert told()["generations"] == GENERATIONS
        rig.share.published(published(), (Declared(uid="gw-uid", generation=4),))
        await passes(1.0)
        assert told()["generations"] == {"gw-uid": 4}


async def test_a_replica_says_that_it_is_there_and_of_which_edition(rig: Rig) -> None:
    async with running(rig.share.run()):
        rig.share.announce()
        await passes(1.0)
        [write] = rig.server.writes
        assert write.body["data"] == {KEY: "{}", EDITION_KEY: "0.2.0"}
        rig.share.hear(OWN, config_map({KEY: "{}", EDITION_KEY: "0.1.0"}))
        await passes(1.0)
        assert rig.server.writes[-1].body["data"] == {KEY: "{}", EDITION_KEY: "0.2.0"}


async def test_a_newer_edition_comes_and_goes(rig: Rig) -> None:
    rig.stranger_says("0.1.0")
    assert rig.editions == [None]
    rig.stranger_says("0.1.0", "tcp-80")
    assert rig.editions == [None]
    rig.stranger_says("0.3.0")
    rig.share.hear(ObjectKey("gatewayd-system", "three-fleet"), config_map({EDITION_KEY: "0.3.1"}))
    rig.share.hear(OTHER, None)
    rig.share.hear(ObjectKey("gatewayd-system", "three-fleet"), None)
    assert rig.editions == [None, Edition(text="0.3.0"), Edition(text="0.3.1"), Edition(text="0.3.1"), None]


async def test_what_one_writes_another_understands(rig: Rig, cluster: Cluster) -> None:
    other = Rig(cluster)
    found = report(1, "tcp-80", rejections=(BAD,))
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, found)
        await passes(1.0)
    other.share.hear(OTHER, json.dumps(rig.server.objects[PATH]).encode())
    assert other.told == [found]


async def test_who_is_no_pod_owns_nothing(cluster: Cluster) -> None:
    rig = Rig(cluster, uid="")
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1))
        await passes(1.0)
        assert "ownerReferences" not in rig.server.writes[0].body["metadata"]


async def test_what_has_no_proxies_any_more_is_left_out(rig: Rig) -> None:
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1))
        await passes(1.0)
        rig.share.local(GATEWAY, NO_FLEET)
        await passes(1.0)
        assert json.loads(rig.server.writes[-1].body["data"][KEY]) == {}
        assert rig.told[-1] == NO_FLEET  # nobody had ACKed anything


async def test_many_changes_during_a_write_are_one(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, Hole())
    async with running(rig.share.run()):
        for number in range(1, 50):
            rig.share.local(GATEWAY, report(number))
            await passes(0.1)
        await passes(15.0)
        assert len(rig.server.writes) <= 3  # one that hung, one that is due, one that tries again
        assert json.loads(rig.server.writes[-1].body["data"][KEY])[str(GATEWAY)]["connected"] == 49


async def test_a_failed_write_is_tried_again(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, refused(500), refused(403))
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1))
        await passes(RETRY.first * 4)
        assert len(rig.server.writes) == 3
        assert PATH in rig.server.objects


async def test_what_one_gateway_refuses_keeps_no_other_from_being_shared(cluster: Cluster) -> None:
    """Of each of thirty Gateways 250 resources are refused, each in words of 4 KiB."""
    rig = Rig(cluster)
    bad = tuple(resource(CLUSTER, f"c{number}", b"x") for number in range(250))
    fleets = [GatewayFleet(namespace="evil", name=str(number)) for number in range(30)]
    for fleet in fleets:
        rig.share.published(snapshot(fleet, bad), ())
    words = [Rejection(type_url=CLUSTER, names=(each.name,), message=f"{each.name} ".ljust(4_096, '"')) for each in bad]
    async with running(rig.share.run()):
        for fleet in fleets:
            rig.share.local(fleet, report(1, rejections=tuple(words)))
        rig.share.local(GATEWAY, report(1, "tcp-80"))
        await passes(1.0)
        [write] = rig.server.writes
        assert len(json.dumps(write.body)) < 1024 * 1024
        told = json.loads(write.body["data"][KEY])
        assert told[str(GATEWAY)]["acked"] == {"tcp-80": published().of(LISTENER)["tcp-80"].version}
        assert set(told) == {str(GATEWAY), *map(str, fleets)}
        assert len(told["evil/0"]["refused"]) == 20


async def test_whatever_a_write_fails_for_the_next_one_is_tried(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(rig.share.run()):
        with monkeypatch.context() as broken:
            broken.setattr(rig.share, "_own", {GATEWAY: object()})
            rig.share._write_soon()
            await passes(0.5)
        rig.share.local(GATEWAY, report(1))
        await passes(RETRY.longest)
    assert rig.written[0] == "failed"
    assert rig.written[-1] == "written"


async def test_failures_are_tried_again_ever_later(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, *[refused(413)] * 100)
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1))
        await passes(600.0)
    assert 10 < rig.written.count("failed") < 30


async def test_while_writes_fail_changes_do_not_set_the_pace(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, *[refused(500)] * 100)
    async with running(rig.share.run()):
        for number in range(1, 201):
            rig.share.local(GATEWAY, report(number))
            await passes(0.05)
    assert 10 <= len(rig.server.writes) <= 10.0 / (RETRY.first / 2) + 2


async def test_replicas_do_not_try_again_in_step(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, refused(500))
    async with running(rig.share.run()):
        rig.share.local(GATEWAY, report(1))
        await passes(0.74)
        assert len(rig.server.writes) == 1
        await passes(0.02)
        assert len(rig.server.writes) == 2


async def test_a_share_waits_as_long_as_the_api_server_asks_for(rig: Rig) -> None:
    rig.server.script("PATCH", PATH, busy("20"))
    async with running(rig.share.run()):
        for number in range(1, 200):
            rig.share.local(GATEWAY, report(number))
            await passes(0.1)
        assert len(rig.server.writes) == 1
        await passes(1.0)
        assert (len(rig.server.writes), rig.written) == (2, ["failed", "written"])
