"""Which clusters are missing, against a model that asks for each of them by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ads.protocol.held import version_of
from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.warming import Warming
from gatewayd.ads.sharing.cluster_dependencies import References
from gatewayd.ads.sharing.comparisons import Versions, differing
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import CLUSTER, ENDPOINT, XDS_TYPES, Resource, Snapshot, TypeUrl, snapshot
from tests.unit.ads.protocol.test_ordering import cluster, plain

NAMES = ("a", "b", "c", "d")


class Stream:
    """A stream; `sent` are the clusters whose warming is looked at."""

    def __init__(self) -> None:
        versions = Versions()
        self.references = References()
        self.ledgers = {row.url: Ledger(row, NamePool(), versions) for row in XDS_TYPES}
        self.warming = Warming(self.ledgers, self.references, NamePool())
        self.sent: set[str] = set()
        self.snapshot = snapshot(GatewayFleet(namespace="ns", name="gw"), ())

    def aim(self, *resources: Resource) -> None:
        self.snapshot = snapshot(GatewayFleet(namespace="ns", name="gw"), resources)
        for url, ledger in self.ledgers.items():
            ledger.retarget(self.snapshot.of(url), differing(ledger.target, self.snapshot.of(url)))

    def ask(self, url: TypeUrl, *names: str) -> None:
        ledger = self.ledgers[url]
        ledger.subscribe(ledger.subscription.update(names, ()))

    def send(self, url: TypeUrl) -> None:
        ledger = self.ledgers[url]
        if ledger.is_waiting():
            ledger.depart("1", [*ledger.makes(), *ledger.removals(), *ledger.absences()])
            if url == CLUSTER and ledger.flight is not None:
                self.warming.sent(ledger.flight.before)
                self.sent.update(ledger.flight.before)

    def missing(self) -> set[str]:
        return set(self.warming.missing(self.snapshot))

    def expected(self) -> set[str]:
        clusters = self.ledgers[CLUSTER]
        wanted = self.snapshot.of(CLUSTER)
        unmade = {name for name in self.sent if name in wanted and not self._is_made(name)}
        return unmade | {name for name in clusters.makes() if name in wanted}

    def _is_made(self, name: str) -> bool:
        clusters = self.ledgers[CLUSTER]
        item = clusters.target.get(name)
        if item is None or name in clusters.refused or not clusters.subscription.covers(name):
            return True
        return clusters.has(name, item.version) and all(
            self._is_there(url, each) for url, each in self.references.of(item)
        )

    def _is_there(self, url: TypeUrl, name: str) -> bool:
        ledger = self.ledgers[url]
        if name not in ledger.target or name in ledger.refused:
            return True
        return ledger.subscription.covers(name) and version_of(ledger.held(name)) is not None


def goal(version: int, names: tuple[str, ...] = NAMES) -> tuple[Resource, ...]:
    endpoints = (plain(ENDPOINT, name, f"{name}{version}") for name in names)
    return (*(cluster(name, eds=name != "d") for name in names), *endpoints)


def test_from_the_first_cluster_to_its_endpoints() -> None:
    stream = Stream()
    stream.aim(*goal(0))
    stream.ask(CLUSTER, "*")
    stages = [stream.missing()]
    stream.send(CLUSTER)
    stages.append(stream.missing())
    stream.ledgers[CLUSTER].ack()
    stages.append(stream.missing())
    stream.ask(ENDPOINT, "a", "b")
    stream.send(ENDPOINT)
    stages.append(stream.missing())
    stream.ledgers[ENDPOINT].ack()
    stages.append(stream.missing())
    stream.ask(ENDPOINT, "c")
    stream.send(ENDPOINT)
    stream.ledgers[ENDPOINT].ack()
    stages.append(stream.missing())

    assert [sorted(each) for each in stages] == [
        ["a", "b", "c", "d"], ["a", "b", "c", "d"], ["a", "b", "c"], ["a", "b", "c"], ["c"], [],
    ]  # fmt: skip


def test_what_was_refused_is_not_waited_for() -> None:
    stream = Stream()
    stream.aim(*goal(0))
    stream.ask(CLUSTER, "*")
    stream.send(CLUSTER)
    stream.ledgers[CLUSTER].nack("Error adding/updating cluster(s) a: no, b: no, c: no")

    assert stream.missing() == {"d"}


@pytest.mark.parametrize("asked", [(), ("a",)])
def test_endpoints_that_are_not_there_are_not_waited_for(asked: tuple[str, ...]) -> None:
    stream = Stream()
    stream.aim(cluster("a"))
    stream.ask(ENDPOINT, *asked)
    stream.ask(CLUSTER, "*")
    stream.send(CLUSTER)
    stream.ledgers[CLUSTER].ack()
    assert stream.missing() == set()


def test_endpoints_that_were_refused_are_not_waited_for() -> None:
    stream = Stream()
    stream.aim(*goal(0, ("a",)))
    stream.ask(ENDPOINT, "a")
    stream.ask(CLUSTER, "*")
    stream.send(CLUSTER)
    stream.ledgers[CLUSTER].ack()
    stream.send(ENDPOINT)
    assert stream.missing() == {"a"}
    stream.ledgers[ENDPOINT].nack("a")
    assert stream.missing() == set()


def test_another_snapshot_has_its_own_clusters() -> None:
    stream = Stream()
    stream.aim(*goal(0))
    stream.ask(CLUSTER, "*")
    stream.send(CLUSTER)

    assert stream.warming.missing(snapshot(GatewayFleet(namespace="ns", name="gw"), (cluster("a"),))) == {"a"}


URLS = st.sampled_from((CLUSTER, ENDPOINT))
SOME = st.lists(st.sampled_from(NAMES), unique=True).map(tuple)
STEPS = st.one_of(
    st.tuples(st.just("aim"), st.integers(0, 2), SOME),
    st.tuples(st.just("ask"), URLS, SOME),
    st.tuples(st.just("all"), st.just(CLUSTER), st.just(("*",))),
    st.tuples(st.just("send"), URLS, st.just(())),
    st.tuples(st.just("ack"), URLS, st.just(())),
    st.tuples(st.just("nack"), URLS, SOME),
)


@given(steps=st.lists(STEPS, max_size=20))
def test_it_is_what_the_model_says(steps: list[tuple[str, TypeUrl, tuple[str, ...]]]) -> None:
    stream = Stream()
    for do, url, names in steps:
        if do == "aim":
            stream.aim(*goal(int(url), names))
        elif do in ("ask", "all"):
            stream.ask(url, *names)
        elif do == "send":
            stream.send(url)
        elif do == "ack":
            stream.ledgers[url].ack()
        else:
            stream.ledgers[url].nack(" ".join(names))
        assert stream.missing() == stream.expected()


def test_a_snapshot_without_clusters_misses_none() -> None:
    nothing: Snapshot = snapshot(GatewayFleet(namespace="ns", name="gw"), ())

    assert Stream().warming.missing(nothing) == frozenset()
