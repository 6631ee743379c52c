"""Who is connected to which fleet, and what its Envoys have in common.

In: snapshots (`publish`), streams (`join`, `leave`), requests (`on_request`). Out: `FleetReport` by `on_report`, only
when it differs from the one before. A fleet without a snapshot holds its streams without an answer; one that is gone
is published as an explicitly empty snapshot (`retire`), so that its last Envoys stop serving instead of going on.
Invariant: what a publish or an answer costs here does not grow with the number of resources.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeAlias

from gatewayd.ads.holders import HolderCount, holder_count
from gatewayd.ads.policy_acks import PolicyAcks
from gatewayd.ads.protocol.session import Answer, Request, Session, Shared
from gatewayd.ads.protocol.taken import NOTHING_TAKEN, taken
from gatewayd.ads.proxy_state import ProxyState, ResourceState, proxy_state, resource_states
from gatewayd.ads.reconnects import LeftOpen
from gatewayd.ads.refused_secrets import RefusedSecrets, is_to_blame
from gatewayd.ads.sharing.response_encoder import Cost, Mode, Push
from gatewayd.ads.standing_refusals import StreamRefusal, StreamRefusals, standing_refusals, stream_refusals
from gatewayd.ads.stream_ending import OnEnded
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.outcome import NO_FLEET, FleetReport, RefusedSecret, Rejection
from gatewayd.xds.resource import LISTENER, SECRET, Snapshot, TypeUrl, snapshot

OnReport: TypeAlias = Callable[[FleetKey, FleetReport], None]
OnAnswer: TypeAlias = Callable[[FleetKey], None]
OnType: TypeAlias = Callable[[FleetKey, str], None]

_Refusals: TypeAlias = Counter[StreamRefusal]
"""How many streams have a refusal in common."""


class Stream:
    """One stream of a fleet: its session, and how to wake the one that writes to it."""

    __slots__ = ("fleet", "key", "refusals", "session", "since", "taken", "unanswered", "wake")

    def __init__(
        self, key: FleetKey, fleet: "_Fleet", session: Session, *, since: float, wake: Callable[[], None]
    ) -> None:
        self.key = key
        self.fleet = fleet
        self.session = session
        self.since = since
        self.wake = wake
        self.refusals: StreamRefusals = frozenset()
        self.taken = NOTHING_TAKEN
        self.unanswered: float | None = None
        """Since when it has been sent something and has said nothing, by the clock of `responses_to_send`."""


class _Fleet:
    """The streams of one fleet."""

    __slots__ = (
        "behind",
        "is_retired",
        "latest",
        "left_open",
        "members",
        "policies",
        "refusals",
        "refused_secrets",
        "report",
        "shared",
        "witnesses",
    )

    def __init__(self) -> None:
        self.shared = Shared()
        self.latest: Snapshot | None = None
        self.is_retired = False
        self.members: dict[Stream, None] = {}  # in order of arrival
        # Those that were connected when the latest snapshot came, and have not ACKed all of it.
        self.behind: set[Stream] = set()
        self.refusals: _Refusals = Counter()
        self.refused_secrets = RefusedSecrets()
        # For each published listener that some stream has ACKed, one such stream.
        self.witnesses: dict[str, Stream] = {}
        self.policies = PolicyAcks()
        self.report = NO_FLEET
        self.left_open = LeftOpen()

    def find_witnesses(self, members: Iterator[Stream] | tuple[Stream, ...]) -> None:
        """Look among these members for one that has a listener that nobody is known to have."""
        wanted = self.latest.of(LISTENER) if self.latest is not None else {}
        missing = {name: item.version for name, item in wanted.items() if name not in self.witnesses}
        for member in members:
            if not missing:
                return
            ledger = member.session.ledgers[LISTENER]
            for name in [name for name, version in missing.items() if ledger.has(name, version)]:
                self.witnesses[name] = member
                del missing[name]

    def forget_witnesses(self, before: Snapshot | None) -> None:
        """Drop the witnesses of listeners that are not what they were."""
        latest = self.latest.of(LISTENER) if self.latest is not None else {}
        known = before.of(LISTENER) if before is not None else {}
        changed = self.shared.differing(known, latest)
        for name in changed:
            self.witnesses.pop(name, None)
        if changed:
            self.find_witnesses(iter(self.members))

    def current(self) -> FleetReport:
        """Fold the streams into a report."""
        members = self.members if self.refusals else ()
        fresh = sum(self.policies.is_new(each) and not each.refusals for each in members)
        return FleetReport(
            connected=len(self.members),
            acked_listeners=frozenset(self.witnesses),
            rejections=tuple(self._rejections()),
            standing=tuple(standing_refusals(self.refusals, self.latest, len(self.members) - fresh)),
            fresh=fresh,
            refused_secrets=self.refused_secrets.all,
            policies=self.policies.held(),
        )

    def _rejections(self) -> Iterator[Rejection]:
        """Yield the refusals of what is still published, sorted."""
        groups: dict[tuple[TypeUrl, str], list[str]] = {}
        for type_url, name, version, message in sorted(self.refusals):
            item = self.latest.of(type_url).get(name) if self.latest is not None else None
            if item is not None and item.version == version:
                groups.setdefault((type_url, message), []).append(name)
        for (type_url, message), names in sorted(groups.items()):
            yield Rejection(type_url=type_url, names=tuple(names), message=message)


def _unheard(*_: object) -> None:
    """Let it pass."""


class Fleet:
    """All streams of the process."""

    def __init__(
        self,
        on_report: OnReport,
        on_answer: OnAnswer = _unheard,
        *,
        on_push: OnType = _unheard,
        on_nack: OnType = _unheard,
        on_converged: OnAnswer = _unheard,
        on_ended: OnEnded = _unheard,
    ) -> None:
        """Hear of the fleet of each ACK and NACK after it was taken in (`on_answer`), for those who show progress.

        `on_push` and `on_nack` also hear the type; `on_converged` that all who were connected when a snapshot came
        have ACKed all of it; `on_ended` is for who serves the streams to tell of those that it cuts.
        """
        self.on_ended = on_ended
        self._on_report = on_report
        self._on_answer = on_answer
        self._on_push = on_push
        self._on_nack = on_nack
        self._on_converged = on_converged
        self._fleets: dict[FleetKey, _Fleet] = {}

    def publish(self, snapshot: Snapshot) -> None:
        """Make a snapshot what its fleet's Envoys shall have, and wake their writers."""
        fleet = self._fleet(snapshot.fleet)
        before = fleet.latest
        if before is not None and before.version == snapshot.version and before.policies is snapshot.policies:
            return
        fleet.latest, fleet.is_retired = snapshot, False
        fleet.shared.strangers.follow(snapshot)
        fleet.behind = set(fleet.members)
        fleet.forget_witnesses(before)
        self._emit(snapshot.fleet, fleet)
        for member in fleet.members:
            member.wake()

    def retire(self, key: FleetKey) -> None:
        """Publish nothing at all for a fleet that is gone; without streams, forget it."""
        fleet = self._fleets.get(key)
        if fleet is None:
            return
        self.publish(snapshot(key, ()))
        fleet.is_retired = True
        self._forget_if_unused(key, fleet)

    def remember(self, key: FleetKey, refused: tuple[RefusedSecret, ...]) -> None:
        """Take what other replicas' Envoys refuse; nothing is kept of a fleet without a snapshot or a stream."""
        fleet = self._fleets.get(key)
        if fleet is not None and fleet.refused_secrets.add(refused):
            self._emit(key, fleet)

    def join(self, key: FleetKey, mode: Mode, *, since: float, wake: Callable[[], None]) -> Stream:
        """Add a stream; `since` is in seconds since 1970, `wake` is called when there may be something to write."""
        fleet = self._fleet(key)
        member = Stream(key, fleet, Session(mode, fleet.shared), since=since, wake=wake)
        if fleet.latest is not None:
            member.session.on_snapshot(fleet.latest)  # before it asks: what it has is compared once
        fleet.members[member] = None
        fleet.policies.joined(member)
        self._emit(key, fleet)
        return member

    def leave(self, member: Stream) -> None:
        """Remove a stream that has ended."""
        fleet = member.fleet
        del fleet.members[member]
        fleet.policies.left(member)
        fleet.left_open.keep(member.session)
        member.session.close()
        fleet.behind.discard(member)
        fleet.refusals.subtract(member.refusals)
        fleet.refusals = +fleet.refusals
        witnessed = [name for name, witness in fleet.witnesses.items() if witness is member]
        for name in witnessed:
            del fleet.witnesses[name]
        if witnessed:
            fleet.find_witnesses(iter(fleet.members))
        self._emit(member.key, fleet)
        self._forget_if_unused(member.key, fleet)

    def on_request(self, member: Stream, message: Request) -> Answer:
        """Take a request of a stream; raises ProtocolError as the session does."""
        member.unanswered = None
        if member.session.is_new:
            member.fleet.left_open.give(member.session, message.node.id)
        answer = member.session.on_request(message)
        if answer is Answer.NACK or member.refusals:
            self._fold_refusals(member)
        if message.type_url == LISTENER and answer is not Answer.IGNORED:
            fleet = member.fleet
            fleet.find_witnesses((member,))
            self._emit(member.key, fleet)
        self._note_taken(member)
        if answer is Answer.NACK:
            self._on_nack(member.key, message.type_url)
        if answer in (Answer.ACK, Answer.NACK):
            self._note_converged(member)
            self._on_answer(member.key)
        return answer

    def _note_taken(self, member: Stream) -> None:
        """Look which policies a stream has taken all of."""
        before, member.taken = member.taken, taken(member.session, member.taken)
        if member.taken is not before and member.fleet.policies.took(member, member.taken):
            self._emit(member.key, member.fleet)

    def _note_converged(self, member: Stream) -> None:
        """Take a stream that has everything off the list of those that are behind."""
        fleet = member.fleet
        if member in fleet.behind and member.session.is_settled:
            fleet.behind.discard(member)
            if not fleet.behind:
                self._on_converged(member.key)

    def responses_to_send(self, member: Stream, now: float) -> tuple[Push, ...]:
        """Return what to write to a stream now (seconds of a clock that does not go back)."""
        latest = member.fleet.latest
        if latest is not None:
            member.session.on_snapshot(latest)
        pushes = member.session.responses_to_send(now)
        if member.refusals:
            self._fold_refusals(member)  # what it has may be what is published again
        for push in pushes:
            self._on_push(member.key, push.type_url)
        if pushes and member.unanswered is None:
            member.unanswered = now
        if not pushes:
            self._note_taken(member)  # other policies may have come to the same
        return pushes

    def sweep(self, now: float) -> None:
        """Forget what was made for several streams and none has asked for since the last sweep, and what is old.

        `now` is in seconds of a clock that does not go back.
        """
        for key, fleet in tuple(self._fleets.items()):
            fleet.shared.sweep()
            fleet.left_open.sweep(now)
            if fleet.policies.sweep(now):
                self._emit(key, fleet)

    def known(self) -> tuple[FleetKey, ...]:
        """Return the fleets that have a snapshot or a stream, sorted."""
        return tuple(sorted(self._fleets))

    def report(self, key: FleetKey) -> FleetReport:
        """Return the report that was emitted last for a fleet."""
        fleet = self._fleets.get(key)
        return fleet.report if fleet is not None else NO_FLEET

    def holders(self, key: FleetKey, type_url: TypeUrl, name: str) -> int:
        """Return how many connected proxies of a fleet have ACKed the published version of a resource."""
        return self.holding(key, type_url)(name)

    def holding(self, key: FleetKey, type_url: TypeUrl) -> HolderCount:
        """Return how many hold each resource of a type, as it is now: for whoever asks of many."""
        fleet = self._fleets.get(key)
        if fleet is None or fleet.latest is None:
            return holder_count((), {})
        ledgers = (member.session.ledgers[type_url] for member in fleet.members)
        return holder_count(ledgers, fleet.latest.of(type_url))

    def cost(self, key: FleetKey) -> Cost:
        """Return what has been encoded for a fleet; nothing when it is unknown."""
        fleet = self._fleets.get(key)
        return fleet.shared.envelope.cost if fleet is not None else Cost()

    def proxies(self, key: FleetKey) -> tuple[ProxyState, ...]:
        """Describe the connected proxies of a fleet."""
        fleet = self._fleets.get(key)
        if fleet is None:
            return ()
        return tuple(proxy_state(key, each.session, each.since, fleet.latest) for each in fleet.members)

    def resources(self, key: FleetKey) -> Iterator[tuple[ProxyState, Iterator[ResourceState]]]:
        """Yield each connected proxy of a fleet with every resource that it has or shall have."""
        fleet = self._fleets.get(key)
        for member in tuple(fleet.members) if fleet is not None else ():
            latest = fleet.latest if fleet is not None else None
            state = proxy_state(key, member.session, member.since, latest)
            yield state, resource_states(member.session, latest)

    def _fleet(self, key: FleetKey) -> _Fleet:
        """Return the streams of a fleet, none yet when it is new."""
        fleet = self._fleets.get(key)
        if fleet is None:
            fleet = self._fleets[key] = _Fleet()
        return fleet

    def _forget_if_unused(self, key: FleetKey, fleet: _Fleet) -> None:
        """Forget a fleet that has neither streams nor anything to send, nor refused what would be sent."""
        has_content = fleet.latest is not None and any(fleet.latest.resources.values())
        waits = bool(fleet.refused_secrets.all) and not fleet.is_retired
        if fleet.members or has_content or waits:
            return
        del self._fleets[key]
        if fleet.report != NO_FLEET:
            self._on_report(key, NO_FLEET)

    def _fold_refusals(self, member: Stream) -> None:
        """Count what a stream refuses, in place of what it refused before."""
        fleet = member.fleet
        now = stream_refusals(member.session, member.refusals)
        if now == member.refusals:
            return
        fleet.refusals.subtract(member.refusals)
        fleet.refusals.update(now)
        fleet.refusals = +fleet.refusals
        fleet.refused_secrets.add(
            RefusedSecret(version=version, message=message)
            for url, name, version, message in now - member.refusals
            if url == SECRET and is_to_blame(name, message)
        )
        member.refusals = now
        self._emit(member.key, fleet)

    def _emit(self, key: FleetKey, fleet: _Fleet) -> None:
        """Report what differs from the last report."""
        report = fleet.current()
        if report != fleet.report:
            fleet.report = report
            self._on_report(key, report)
