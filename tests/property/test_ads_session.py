"""A session against a model of Envoy, in every interleaving that hypothesis finds."""

from collections import Counter, deque
from collections.abc import Mapping
from types import MappingProxyType

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gatewayd.ads.protocol.held import Doubts
from gatewayd.ads.protocol.session import Session, Shared
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.xds.filters import tokens
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, Resource, Snapshot, TypeUrl
from tests.property.ads_model import (
    CLUSTERS,
    TYPES,
    WILD,
    Client,
    Response,
    asked_in,
    names_in,
    offered_by,
    parsed,
    snapshots,
)

ENOUGH = 300


class AdsMachine(RuleBasedStateMachine):
    mode = Mode.DELTA

    @initialize()
    def start(self) -> None:
        self.now = 0.0
        self.latest: Snapshot | None = None
        self.client = Client(self.mode)
        self.shared = Shared()
        self.open()

    def open(self, doubts: Mapping[TypeUrl, Doubts] = MappingProxyType({})) -> None:
        self.session = Session(self.mode, self.shared)
        self.session.doubt(doubts)
        self.wire: deque[Response] = deque()
        self.acked: dict[TypeUrl, dict[str, str]] = {url: dict(self.client.known[url]) for url in TYPES}
        self.may_repeat = {(url, name) for url, names in doubts.items() for name in names}
        self.sent: Counter[tuple[TypeUrl, str, str]] = Counter()
        self.rounds: Counter[tuple[TypeUrl, str, str]] = Counter()
        self.flying: dict[str, Response] = {}
        # No client says what its filter has: what was changed while it was away goes out of the filter before its
        # routes come, which answer 403 until then.
        self.is_known = not self.client.has[ROUTE]
        # A SotW client does not say which clusters it has: after a reconnect, what it routes to may go too early, and
        # a cluster whose new content it refuses, of which nobody has the old one, goes with the next response.
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
        if self.is_known:
            assert not self.asking_in_vain()
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
        self.open(self.session.left_open())

    @rule()
    def reconnect_when_idle(self) -> None:
        """Send nothing again after a reconnect alone, but for what the client cannot say it has."""
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
        assert not self.client.paused or self.client.lasting
        self.is_known = self.is_known or not self.asking_in_vain()
        self.is_strict = self.mode is Mode.DELTA or not self.session.ledgers[CLUSTER].refused
        if self.latest is not None:
            self.same_as_latest(self.latest)

    def nothing_is_held_back(self) -> None:
        """Time may let go removals after a reconnect; what is new has never to wait for it."""
        for url in (ROUTE, LISTENER):
            assert not self.session.ledgers[url].makes()

    def same_as_latest(self, latest: Snapshot) -> None:
        for url in TYPES:
            if url == FILTER:
                continue
            has, wanted = self.client.has[url], latest.of(url)
            for name, item in wanted.items():
                is_wanted = url in WILD or name in self.client.interest[url]
                if is_wanted and b"poison" not in item.body:
                    assert has.get(name) == item, f"{item!r}"
        blocked = any(b"poison" in item.body for url in (ROUTE, LISTENER) for item in latest.of(url).values())
        if not blocked:
            for url in WILD:
                assert set(self.client.has[url]) <= set(latest.of(url))
        if self.client.interest[FILTER]:
            self.filter_is_no_wider_than_needed(latest, is_refused=blocked)

    def filter_is_no_wider_than_needed(self, latest: Snapshot, *, is_refused: bool) -> None:
        """Judge that what routes of before asked is in the filter while one of them may be there, and no longer."""
        has, wanted = self.client.has[FILTER].get(tokens.NAME), latest.of(FILTER)[tokens.NAME]
        assert offered_by(wanted) <= offered_by(has)
        assert is_refused or self.session.ledgers[CLUSTER].refused or has == wanted

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
            assert self.is_there(name) or refused, f"{route!r} names {name}, {item!r}"

    def is_there(self, name: str) -> bool:
        return name in self.acked[CLUSTER]

    def asking_in_vain(self) -> list[Resource]:
        """Return the routes that name what the filter has not: they answer 403, with all the names that there are."""
        offered = offered_by(self.client.has[FILTER].get(tokens.NAME))
        return [item for item in self.client.has[ROUTE].values() if not asked_in(item.body) <= offered]

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


class LastingMachine(AdsMachine):
    """Some clusters warm for as long as hypothesis likes, and none is ACKed before: all others arrive all the same."""

    @rule(name=st.sampled_from(CLUSTERS))
    def warms_for_long(self, name: str) -> None:
        self.client.lasting.add(name)

    @rule()
    def all_are_warm(self) -> None:
        self.client.warming -= self.client.lasting
        self.client.lasting.clear()
        self.client.say_what_waited()

    def nothing_is_held_back(self) -> None:
        """Let time pass: the first of the others waits for it."""

    def is_there(self, name: str) -> bool:
        # What it refuses of clusters it does not say before either.
        item = self.latest.of(CLUSTER).get(name) if self.latest is not None else None
        is_told = item is None or b"poison" not in item.body
        return name in self.acked[CLUSTER] or name in self.client.has[CLUSTER] or not is_told


class TestDelta(AdsMachine.TestCase):
    settings = settings(max_examples=100, stateful_step_count=40)


class TestLasting(LastingMachine.TestCase):
    settings = settings(max_examples=100, stateful_step_count=40)


class TestSotw(SotwMachine.TestCase):
    settings = settings(max_examples=100, stateful_step_count=40)
