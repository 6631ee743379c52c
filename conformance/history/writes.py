"""What was written to the API server: G4 isolation, G5 Programmed, G6 one writer, G9 what is others' stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.history.breach import Breach
from conformance.history.events import Happened, Mistake, Opened, Replied, Sent, Write, of
from conformance.history.patience import Patience

CONTROLLER = "gatewayd.io/controller"
REPLICA = "replica "
"""How `who` begins of what a replica wrote; its Pod's name follows."""
SAID_SECONDS = 10.0
"""From a write to the status that answers it, where nothing hinders it."""
_LEASE = "leases gatewayd-system/gatewayd-leader"
_EVERYBODYS = (_LEASE, "secrets gatewayd-system/gatewayd-ca", "configmaps gatewayd-system/", "events ")
"""What every replica may write: the lease, a CA where none is, what its own proxies have, and Events."""

Object = Mapping[str, Any]


def _is_replica(write: Write) -> bool:
    return write.who.startswith(REPLICA)


def _good(events: Sequence[Happened]) -> list[Write]:
    return [write for write in of(events, Write) if write.code < 300]


def two_writers(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield what a replica wrote that did not hold the lease, or while the one before it was still writing (G6)."""
    holder = before = ""
    busy_until = 0.0
    for write in sorted(_good(events), key=_sent):
        if write.subject == _LEASE:
            holder = str(write.body.get("spec", {}).get("holderIdentity") or "")
        if not _is_replica(write) or write.subject.startswith(_EVERYBODYS):
            continue
        if write.who != f"{REPLICA}{holder}":
            yield Breach(at=write.at, what=f"{write.who} wrote {write.subject} while {holder or 'nobody'} led")
        if before not in {"", write.who} and write.began < busy_until:
            yield Breach(at=write.at, what=f"{write.who} wrote {write.subject} before {before} had ended")
        busy_until = write.at if before != write.who else max(busy_until, write.at)
        before = write.who


def _sent(write: Write) -> float:
    # The lease is taken when the API server says so; whoever takes it may write from then on.
    return write.at if write.subject == _LEASE else write.began


def _conditions(body: Object) -> Iterator[tuple[str, str, int]]:
    """Yield where a condition stands with its type, its status and its generation, of all that is gatewayd's."""
    status = body.get("status") or {}
    groups = [("", status)]
    groups += [(f"listener {each['name']}: ", each) for each in status.get("listeners") or ()]
    groups += [
        (f"parent {each['parentRef']['name']}: ", each)
        for each in status.get("parents") or ()
        if each.get("controllerName") == CONTROLLER
    ]
    for where, group in groups:
        for condition in group.get("conditions") or ():
            yield f"{where}{condition['type']}", condition["status"], condition.get("observedGeneration", 0)


_GOOD = frozenset({"Accepted", "ResolvedRefs", "Programmed"})


def _is_good_when_true(condition: str) -> bool:
    return condition.rpartition(" ")[2] in _GOOD


def unsaid(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield mistakes that the object's own status did not tell in time (G4)."""
    patience = Patience(events)
    for mistake in of(events, Mistake):
        due = patience.until(mistake.at, SAID_SECONDS)
        told = any(
            write.subject == _status_of(mistake.subject)
            and mistake.at <= write.at <= due
            and any(status == "False" for name, status, _ in _conditions(write.body) if _is_good_when_true(name))
            for write in _good(events)
        )
        if not told and mistake.ended > due:
            yield Breach(at=due, what=f"{mistake.subject} is wrong, and does not say so")


def _status_of(subject: str) -> str:
    plural, _, name = subject.partition(" ")
    return f"{plural}/status {name}"


def blamed(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield conditions that became bad on an object that nobody had edited, beside somebody else's mistake (G4)."""
    patience, mistakes = Patience(events), of(events, Mistake)
    known: dict[tuple[str, str], tuple[str, int]] = {}
    for write in _good(events):
        if not _is_replica(write) or "/status " not in write.subject:
            continue
        beside = [each for each in mistakes if each.at <= write.at <= each.ended]
        for name, status, generation in _conditions(write.body):
            before = known.get((write.subject, name))
            known[write.subject, name] = (status, generation)
            is_worse = before == ("True", generation) and status == "False" and _is_good_when_true(name)
            others = [each for each in beside if _status_of(each.subject) != write.subject]
            if (
                is_worse
                and others
                and not _is_revoked(events, write)
                and not patience.is_hindered(others[0].at, write.at)
            ):
                yield Breach(at=write.at, what=f"{write.subject} {name} became False beside {others[0].subject}")


def _is_revoked(events: Sequence[Happened], write: Write) -> bool:
    """Return whether somebody has just taken a ReferenceGrant away, which is no mistake."""
    return any(
        each.verb == "delete"
        and each.subject.startswith("referencegrants ")
        and 0 <= write.at - each.at <= SAID_SECONDS
        for each in _good(events)
    )


def early(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield Programmed=True of a listener that was said before a proxy had acknowledged the listener's port (G5)."""
    acknowledged: dict[str, set[str]] = {}
    streams: dict[int, str] = {}
    sent: dict[tuple[int, str], Sent] = {}
    ports: dict[tuple[str, int], Mapping[str, str]] = {}
    for event in of(events, Opened, Sent, Replied, Write):
        match event:
            case Opened():
                streams[event.stream] = event.gateway
            case Sent() if event.kind == "LDS":
                sent[event.stream, event.nonce] = event
            case Replied() if event.kind == "LDS" and not event.refused and (event.stream, event.nonce) in sent:
                response = sent[event.stream, event.nonce]
                has = acknowledged.setdefault(streams[event.stream], set())
                has |= {item.name for item in response.items}
                has -= set(response.removed)
            case Write() if event.code < 300 and event.subject.startswith("gateways"):
                yield from _programmed(event, ports, acknowledged)


def _programmed(
    write: Write, ports: dict[tuple[str, int], Mapping[str, str]], acknowledged: Mapping[str, set[str]]
) -> Iterator[Breach]:
    gateway = write.subject.partition(" ")[2]
    if not write.subject.startswith("gateways/status "):
        ports[gateway, _generation(write)] = _listener_names(write.body)
        return
    for name, status, generation in _conditions(write.body):
        listener, _, condition = name.rpartition(": ")
        port = ports.get((gateway, generation), {}).get(listener.removeprefix("listener "), "")
        if condition == "Programmed" and status == "True" and port and port not in acknowledged.get(gateway, ()):
            what = f"{listener} of {gateway} is Programmed at generation {generation} without {port}"
            yield Breach(at=write.at, what=what)


def _generation(write: Write) -> int:
    return int(write.body.get("metadata", {}).get("generation", 0))


def _listener_names(body: Object) -> Mapping[str, str]:
    """Return the names that Envoy knows the ports of a Gateway's listeners by."""
    listeners = body.get("spec", {}).get("listeners") or ()
    return {each["name"]: f"{'udp' if each['protocol'] == 'UDP' else 'tcp'}-{each['port']}" for each in listeners}


def unprogrammed(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield generations of Gateways of which Programmed was not said in time, nor a later one written (G5)."""
    patience = Patience(events)
    writes = [write for write in _good(events) if write.subject.startswith("gateways")]
    if not writes:
        return
    end = max(event.at for event in events)
    for write in writes:
        if write.subject.startswith("gateways/status ") or write.verb == "delete":
            continue
        gateway, generation = write.subject.partition(" ")[2], _generation(write)
        due = patience.until(write.at, SAID_SECONDS)
        later = [each for each in writes if write.at < each.at <= due and each.subject.endswith(f" {gateway}")]
        is_settled = any(
            _generation(each) > generation or each.verb == "delete" or _says_programmed(each, generation)
            for each in (write, *later)
        )
        if not is_settled and end > due and not _was_there(write, writes):
            yield Breach(at=due, what=f"{gateway} is not Programmed at generation {generation}")


def _says_programmed(write: Write, generation: int) -> bool:
    return ("Programmed", "True", generation) in set(_conditions(write.body))


def _was_there(write: Write, writes: Sequence[Write]) -> bool:
    """Return whether a write changed nothing that has a generation, or came before any proxy ran."""
    same = (
        _generation(each) == _generation(write)
        for each in writes
        if each.at < write.at and each.subject == write.subject
    )
    return any(same) or _generation(write) == 1


def taken(events: Sequence[Happened]) -> Iterator[Breach]:
    """Yield what others had written into an object and a replica's write took away or changed (G9)."""
    others: dict[str, dict[str, Any]] = {}
    before: dict[str, dict[str, Any]] = {}
    for write in sorted(_good(events), key=_revision):
        if write.verb == "delete" or not write.body:
            continue
        subject = write.subject.replace("/status ", " ")
        parts, known = dict(_parts(write.body)), others.setdefault(subject, {})
        if not _is_replica(write):
            mine = before.get(subject, {})
            for name in known.keys() - parts.keys():
                del known[name]
            known |= {name: value for name, value in parts.items() if mine.get(name) != value}
        else:
            for name, value in known.items():
                if parts.get(name) != value:
                    yield Breach(at=write.at, what=f"{write.who} changed {name} of {subject}")
        before[subject] = parts


def _revision(write: Write) -> int:
    """Return when a write took effect: of two that cross, the answers may come in another order."""
    return int((write.body.get("metadata") or {}).get("resourceVersion", 0))


def _parts(body: Object) -> Iterator[tuple[str, Any]]:
    """Yield what several may write to side by side: labels, annotations, finalizers, other controllers' parents."""
    metadata = body.get("metadata") or {}
    for group in ("annotations", "labels"):
        for name, value in (metadata.get(group) or {}).items():
            yield f"{group}[{name}]", value
    for name in metadata.get("finalizers") or ():
        yield f"finalizers[{name}]", True
    for parent in (body.get("status") or {}).get("parents") or ():
        if parent.get("controllerName") != CONTROLLER:
            yield f"parents[{parent['controllerName']} {parent['parentRef']['name']}]", parent
