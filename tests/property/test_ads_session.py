"""A session against a model of Envoy, in every interleaving that hypothesis finds.

The model follows Envoy where it matters: it subscribes to the endpoints that its clusters need and to the routes that its
listeners need, keeps back the ACK of clusters that warm, warms a changed cluster until it sees endpoints again without
asking for them, applies the good clusters and listeners of a response that it refuses, and remembers no version of it.
A body that contains `poison` is refused.
"""

from collections import Counter, deque
from dataclasses import dataclass, replace

from envoy.config.cluster.v3 import cluster_pb2
from envoy.service.discovery.v3 import discovery_pb2 as discovery
from google.rpc import status_pb2
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gatewayd.ads.envelope import Mode
from gatewayd.ads.session import Request, Session, Shared
from gatewayd.xds import resource as xds
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, Resource, Snapshot, TypeUrl

TYPES = (CLUSTER, ENDPOINT, LISTENER, ROUTE)
WILD = (CLUSTER, LISTENER)
LISTS = {CLUSTER: ("Error adding/updating cluster(s) ", ", "), LISTENER: ("Error adding/updating listener(s) ", "\n")}
ENOUGH = 300


def cluster(name: str, *, eds: bool, edition: str) -> Resource:
    kind = cluster_pb2.Cluster.EDS if eds else cluster_pb2.Cluster.STATIC
    message = cluster_pb2.Cluster(name=name, type=kind, alt_stat_name=edition)
    return xds.resource(CLUSTER, name, message.SerializeToString(deterministic=True))


def names_in(body: bytes) -> list[str]:
    """Read the references of a model route or listener: `own name:edition|name|name`."""
    return [name for name in body.decode().split("|")[1:] if name]


EDITIONS = st.sampled_from(["v1", "v2", "v3", "poison1", "poison2"])


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw resources whose references are complete, as the translator's are."""
    found: list[Resource] = []
    clusters = sorted(draw(st.sets(st.sampled_from(["c0", "c1", "c2", "c3"]))))
    for name in clusters:
        found.append(cluster(name, eds=draw(st.booleans()), edition=draw(EDITIONS)))
        if draw(st.booleans()):
            found.append(xds.resource(ENDPOINT, name, f"{name}:{draw(EDITIONS)}".encode()))
    used = st.lists(st.sampled_from(clusters), max_size=2) if clusters else st.just([])
    routes = sorted(draw(st.sets(st.sampled_from(["r0", "r1", "r2"]))))
    for name in routes:
        found.append(xds.resource(ROUTE, name, "|".join([f"{name}:{draw(EDITIONS)}", *draw(used)]).encode()))
    for name in sorted(draw(st.sets(st.sampled_from(["l0", "l1"])))) if routes else []:
        route = draw(st.sampled_from(routes))
        found.append(xds.resource(LISTENER, name, f"{name}:{draw(EDITIONS)}|{route}".encode()))
    return xds.snapshot("ns/gw", found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A parsed response of either variant."""

    type_url: TypeUrl
    nonce: str
    version: str
    made: tuple[Resource, ...]
    removed: tuple[str, ...]


def parsed(mode: Mode, data: bytes) -> Response:
    if mode is Mode.DELTA:
        delta = discovery.DeltaDiscoveryResponse.FromString(data)
        made = tuple(
            Resource(
                type_url=TypeUrl(each.resource.type_url), name=each.name, version=each.version, body=each.resource.value
            )
            for each in delta.resources
        )
        return Response(
            type_url=TypeUrl(delta.type_url),
            nonce=delta.nonce,
            version="",
            made=made,
            removed=tuple(delta.removed_resources),
        )
    message = discovery.DiscoveryResponse.FromString(data)
    return Response(
        type_url=TypeUrl(message.type_url),
        nonce=message.nonce,
        version=message.version_info,
        made=tuple(
            xds.resource(TypeUrl(each.type_url), name_of(each.type_url, each.value), each.value)
            for each in message.resources
        ),
        removed=(),
    )


def name_of(type_url: str, body: bytes) -> str:
    """Find a resource's name where SotW hides it: in the body."""
    return str(cluster_pb2.Cluster.FromString(body).name) if type_url == CLUSTER else body.decode().split(":")[0].lstrip("\n\2")


class Client:
    """The model of Envoy: what it has, what it wants, what it says."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.has: dict[TypeUrl, dict[str, Resource]] = {url: {} for url in TYPES}
        self.known: dict[TypeUrl, dict[str, str]] = {url: {} for url in TYPES}  # versions it would declare
        self.versions: dict[TypeUrl, str] = dict.fromkeys(TYPES, "")
        self.connect()

    def connect(self) -> None:
        """Open a stream: the first request of each type, in Envoy's order.

        What it took of a response that it refused has no version that it could name: nobody can take that away again.
        """
        self.orphans = {url: set(self.has[url]) - set(self.known[url]) for url in TYPES}
        self.says: deque[Request] = deque()
        self.paused: deque[Request] = deque()
        self.nonces: dict[TypeUrl, str] = dict.fromkeys(TYPES, "")
        self.interest: dict[TypeUrl, set[str]] = {url: set() for url in TYPES}
        self.warming: set[str] = set()
        self.first = set(TYPES)
        for url in (CLUSTER, LISTENER):
            self.says.append(self.request(url, subscribe=(), unsubscribe=()))
        self.update_interest()

    def request(self, url: TypeUrl, *, subscribe: tuple[str, ...], unsubscribe: tuple[str, ...]) -> Request:
        is_first = url in self.first
        self.first.discard(url)
        if self.mode is Mode.SOTW:
            return discovery.DiscoveryRequest(
                type_url=url,
                resource_names=sorted(self.interest[url]),
                response_nonce=self.nonces[url],
                version_info=self.versions[url],
            )
        request = discovery.DeltaDiscoveryRequest(
            type_url=url, resource_names_subscribe=subscribe, resource_names_unsubscribe=unsubscribe
        )
        if is_first:
            request.initial_resource_versions.update(self.known[url])
        return request

    def update_interest(self) -> None:
        """Want the endpoints of the clusters and the routes of the listeners that are there."""
        eds = {
            name
            for name, item in self.has[CLUSTER].items()
            if cluster_pb2.Cluster.FromString(item.body).type == cluster_pb2.Cluster.EDS
        }
        rds = {name for item in self.has[LISTENER].values() for name in names_in(item.body)}
        for url, wanted in ((ENDPOINT, eds), (ROUTE, rds)):
            old, self.interest[url] = self.interest[url], wanted
            for name in old - wanted:
                self.has[url].pop(name, None)
                self.known[url].pop(name, None)
            if old != wanted:
                more, less = tuple(sorted(wanted - old)), tuple(sorted(old - wanted))
                self.says.append(self.request(url, subscribe=more, unsubscribe=less))
        self.warming &= eds

    def take(self, response: Response) -> None:
        """Process a response as Envoy does, and answer it; what it did not ask for it does not look at."""
        url = response.type_url
        if url not in WILD:
            wanted = tuple(item for item in response.made if item.name in self.interest[url])
            response = replace(response, made=wanted)
        bad = [item.name for item in response.made if b"poison" in item.body]
        self.apply(response, bad)
        if not bad:
            self.versions[url] = response.version
            self.known[url].update({item.name: item.version for item in response.made})
            for name in response.removed:
                self.known[url].pop(name, None)
        self.nonces[url] = response.nonce
        if url == ENDPOINT:
            self.warming -= {item.name for item in response.made} | set(response.removed)
        self.answer(url, response, bad)
        self.update_interest()
        if not self.warming:
            self.says.extend(self.paused)
            self.paused.clear()

    def apply(self, response: Response, bad: list[str]) -> None:
        """Change what the client has: all that is good of clusters and listeners, else up to the first bad one."""
        url, has = response.type_url, self.has[response.type_url]
        if self.mode is Mode.SOTW and url in WILD:
            for name in set(has) - {item.name for item in response.made}:
                del has[name]
        for item in response.made:
            if item.name in bad:
                if url in WILD:
                    continue
                break
            if url == CLUSTER and has.get(item.name) != item:
                self.warming.add(item.name)
            has[item.name] = item
        if not bad or url in WILD:
            for name in response.removed:
                has.pop(name, None)

    def answer(self, url: TypeUrl, response: Response, bad: list[str]) -> None:
        """ACK or NACK."""
        request = self.request(url, subscribe=(), unsubscribe=())
        request.response_nonce = response.nonce
        if bad:
            head, separator = LISTS.get(url, ("refused", ""))
            words = head + separator.join(f"{name}: poison" for name in bad) if url in LISTS else head
            request.error_detail.CopyFrom(status_pb2.Status(message=words))
        eds = {each for each in self.warming if self.is_eds(each)}
        self.warming &= eds
        (self.paused if url == CLUSTER and self.warming else self.says).append(request)

    def is_eds(self, name: str) -> bool:
        item = self.has[CLUSTER].get(name)
        return item is not None and cluster_pb2.Cluster.FromString(item.body).type == cluster_pb2.Cluster.EDS


class AdsMachine(RuleBasedStateMachine):
    mode = Mode.DELTA

    @initialize()
    def start(self) -> None:
        self.now = 0.0
        self.latest: Snapshot | None = None
        self.client = Client(self.mode)
        self.shared = Shared()
        self.open()

    def open(self) -> None:
        self.session = Session(self.mode, self.shared)
        self.wire: deque[Response] = deque()
        self.acked: dict[TypeUrl, dict[str, str]] = {url: dict(self.client.known[url]) for url in TYPES}
        self.may_repeat: set[tuple[TypeUrl, str]] = set()
        self.sent: Counter[tuple[TypeUrl, str, str]] = Counter()
        self.rounds: Counter[tuple[TypeUrl, str, str]] = Counter()
        self.flying: dict[str, Response] = {}
        # A SotW client does not say which clusters it has: what it routes to by them may break once.
        self.is_strict = self.mode is Mode.DELTA
        if self.latest is not None:
            self.session.on_snapshot(self.latest)

    @rule(snapshot=snapshots())
    def publish(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        self.session.on_snapshot(snapshot)

    @rule()
    def server_writes(self) -> None:
        self.write()

    def write(self) -> int:
        pushes = self.session.responses_to_send(self.now)
        for push in pushes:
            response = parsed(self.mode, push.data)
            self.check(response)
            self.flying[push.nonce] = response
            self.wire.append(response)
        return len(pushes)

    @precondition(lambda self: self.wire)
    @rule()
    def client_reads(self) -> None:
        response = self.wire.popleft()
        before = set(self.client.has[CLUSTER])
        self.client.take(response)
        if self.is_strict:
            self.nothing_routes_to_what_is_gone(before - set(self.client.has[CLUSTER]))

    @precondition(lambda self: self.client.says)
    @rule()
    def server_reads(self) -> None:
        request = self.client.says.popleft()
        url = TypeUrl(request.type_url)
        response = self.flying.get(request.response_nonce) if request.response_nonce else None
        if response is not None and not request.HasField("error_detail"):
            self.acked[url].update({item.name: item.version for item in response.made})
            for name in response.removed:
                self.acked[url].pop(name, None)
        asked = request.resource_names_subscribe if self.mode is Mode.DELTA else request.resource_names
        for name in asked:
            self.repeat(url, name)
        if response is not None and request.HasField("error_detail"):
            self.may_repeat.update((url, item.name) for item in response.made)
        self.session.on_request(request)

    def repeat(self, url: TypeUrl, name: str) -> None:
        """Allow a resource to be sent once more, whether or not it is new."""
        self.may_repeat.add((url, name))
        for key in [key for key in self.rounds if key[:2] == (url, name)]:
            del self.rounds[key]

    @rule()
    def reconnect(self) -> None:
        self.client.connect()
        self.open()

    @rule()
    def reconnect_when_idle(self) -> None:
        """A reconnect alone sends nothing again (delta: what the client could not say it has excepted)."""
        self.settle()
        before = {url: dict(self.client.known[url]) for url in TYPES}
        self.reconnect()
        self.settle()
        if self.mode is Mode.DELTA:
            repeated = {key for key in self.sent if before[key[0]].get(key[1]) == key[2]}
            # A refused cluster is offered once on each stream, and its endpoints with it.
            assert not repeated - {key for key in repeated if key[0] == ENDPOINT and self.is_offered(key[1])}

    def is_offered(self, name: str) -> bool:
        return any(key[:2] == (CLUSTER, name) for key in self.sent)

    @rule()
    def settle(self) -> None:
        """Let everything arrive: the client ends with what it shall have, but for what it refuses."""
        for _ in range(ENOUGH):
            wrote = self.write()
            while self.wire:
                self.client_reads()
            if not wrote and not self.client.says:
                if self.session.deadline is None:
                    break
                self.nothing_is_held_back()
                self.now = self.session.deadline
            if self.client.says:
                self.server_reads()
        else:
            raise AssertionError("it does not end")
        assert not self.client.paused
        self.is_strict = True
        if self.latest is not None:
            self.same_as_latest(self.latest)

    def nothing_is_held_back(self) -> None:
        """Time may let go removals after a reconnect; what is new has never to wait for it."""
        for url in (ROUTE, LISTENER):
            assert not self.session.ledgers[url].makes()

    def same_as_latest(self, latest: Snapshot) -> None:
        for url in TYPES:
            has, wanted = self.client.has[url], latest.of(url)
            for name, item in wanted.items():
                if (url in WILD or name in self.client.interest[url]) and b"poison" not in item.body:
                    assert has.get(name) == item, f"{item!r}"
        blocked = any(b"poison" in item.body for url in (ROUTE, LISTENER) for item in latest.of(url).values())
        if not blocked:
            for url in WILD:
                assert set(self.client.has[url]) <= set(latest.of(url)) | self.client.orphans[url]

    def check(self, response: Response) -> None:
        """Judge a response when it is sent."""
        url = response.type_url
        for item in response.made:
            key = (url, item.name, item.version)
            self.sent[key] += 1
            if not (self.mode is Mode.SOTW and url in WILD):
                is_new = self.acked[url].get(item.name) != item.version
                assert is_new or (url, item.name) in self.may_repeat, f"{item!r} was ACKed"
                self.rounds[key] += 1
                assert self.rounds[key] <= 6, f"{item!r} goes round"
                self.may_repeat.discard((url, item.name))
            if url == CLUSTER:
                self.repeat(ENDPOINT, item.name)
            if url == ROUTE:
                self.every_cluster_is_there(item)

    def every_cluster_is_there(self, route: Resource) -> None:
        for name in names_in(route.body):
            item = self.latest.of(CLUSTER).get(name) if self.latest is not None else None
            refused = name in self.session.ledgers[CLUSTER].refused
            assert name in self.acked[CLUSTER] or refused, f"{route!r} names {name}, {item!r}"

    def nothing_routes_to_what_is_gone(self, gone: set[str]) -> None:
        for item in self.client.has[ROUTE].values():
            assert not gone & set(names_in(item.body)), f"{item!r} names one of {gone}"

    @invariant()
    def one_answer_is_awaited(self) -> None:
        if not hasattr(self, "session"):
            return
        unread = Counter(response.type_url for response in self.wire)
        assert not unread or max(unread.values()) == 1


class SotwMachine(AdsMachine):
    mode = Mode.SOTW


TestDelta = AdsMachine.TestCase
TestSotw = SotwMachine.TestCase
for case in (TestDelta, TestSotw):
    case.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
