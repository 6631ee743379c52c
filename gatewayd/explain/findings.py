"""What is wrong with a set of manifests, each finding with the file and line that it is about.

In: manifests as read and the statuses that they lead to. Out: `Finding`s, sorted by place; nothing is judged here that
the API server's rules (`api`) or the translator have not judged already.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, assert_never

from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.kinds import BY_GROUP_KIND, BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.conditions import LISTENERS_NOT_VALID, Severity, finding_reason, finding_severity
from gatewayd.ir.fleet import FleetKey, GatewayFleet, NodeFleet
from gatewayd.ir.outcome import GatewayOutcome, ListenerSetOutcome, Outcome, Rejection, Verdict
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.documents import FileProblem, Place
from gatewayd.manifests.folder import PlaceOf
from gatewayd.translator.backends.endpoints import left_out
from gatewayd.translator.policies.attach import POLICY_TABLES, policy_row, strays
from gatewayd.xds import names
from gatewayd.xds.resource import CLUSTER, ENDPOINT, SECRET

_FIELD: Final = re.compile(
    r"(?:[A-Z][A-Za-z ]+: )?((?:spec|metadata|data|endpoints|addressType|apiVersion|kind|type)[A-Za-z0-9_.\[\]/-]*): "
)

_KINDS: Final = {each.kind.lower(): each.kind for each in BY_GROUP_KIND.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know. `file` "" and `line` 0 where no file is to blame; `reason` is the code of the message.

    Each code has a page in docs/messages. `followers` are objects that are not served for the same reason alone.
    """

    file: str
    line: int
    severity: Severity
    object: str
    reason: str
    message: str
    followers: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, int, str, str]:
        """What findings are sorted by."""
        return (self.file, self.line, self.object, self.message)


class Complaint(NamedTuple):
    """What there is to know of an object, wherever it stands; `reason` as in a condition, or ""."""

    severity: Severity
    reason: str
    message: str


def in_files(problems: Iterable[FileProblem], notes: Iterable[FileProblem]) -> Iterator[Finding]:
    """Yield what is wrong with files as such: what keeps something from being served (errors), and notes (warnings)."""
    for severity, written in ((Severity.ERROR, problems), (Severity.WARNING, notes)):
        for each in written:
            yield Finding(
                file=each.file,
                line=each.line,
                severity=severity,
                object=each.object,
                reason=each.reason or "InvalidSyntax",
                message=each.message,
            )


def in_outcomes(outcomes: Mapping[Member, Outcome], place_of: PlaceOf) -> Iterator[Finding]:
    """Yield what the statuses complain of."""
    for member, outcome in outcomes.items():
        yield from findings_of(identity_of(member), complaints(outcome), place_of)


def complaints(outcome: Outcome) -> tuple[Complaint, ...]:
    """Return what a status complains of."""
    severities = ((finding_severity(verdict), verdict) for verdict in _verdicts(outcome))
    return tuple(
        Complaint(severity, finding_reason(verdict), verdict.message or verdict.reason)
        for severity, verdict in severities
        if severity is not None
    )


def findings_of(identity: Identity, complained: Iterable[Complaint], place_of: PlaceOf) -> Iterator[Finding]:
    """Yield complaints about an object where its file has what they are about."""
    for severity, reason, message in complained:
        yield finding(identity, place_of(identity), severity, reason, message)


def in_slices(engine: Engine, place_of: PlaceOf) -> Iterator[Finding]:
    """Yield the endpoints that are left out, since EndpointSlices have no status to say it in."""
    for key, row in engine.rows(EndpointSlice):
        identity = Identity(BY_STRUCT[EndpointSlice].kind, key)
        for message in left_out(engine, row.metadata.key):
            yield finding(identity, place_of(identity), Severity.WARNING, "EndpointLeftOut", message)


def unattached(engine: Engine, outcomes: Mapping[Member, Outcome], place_of: PlaceOf) -> Iterator[Finding]:
    """Yield the targets of policies that are not there, as far as no status says it: no Gateway may be concerned."""
    for table in POLICY_TABLES:
        for key, _ in engine.rows(table):
            row = policy_row(engine, table, key)
            identity, outcome = Identity(BY_STRUCT[table].kind, key), outcomes.get(Member(table, key))
            in_status = "; ".join(each.message for each in _verdicts(outcome)) if outcome is not None else ""
            for stray in strays(engine, row) if row is not None else ():
                verdict = stray.verdict
                if verdict.message not in in_status:
                    yield finding(identity, place_of(identity), Severity.ERROR, verdict.reason, verdict.message)


def in_rejections(fleet: FleetKey, rejections: Iterable[Rejection], place_of: PlaceOf) -> Iterator[Finding]:
    """Yield what an Envoy of a fleet refused, on the object that the refused resource was made from."""
    for rejection in rejections:
        for name in rejection.names:
            identity = _culprit(fleet, rejection.type_url, name)
            short = rejection.type_url.rpartition(".")[2]
            message = f"Envoy refused {short} {name}: {rejection.message}"
            yield finding(identity, place_of(identity), Severity.ERROR, "Rejected", message)


def finding(identity: Identity, place: Place | None, severity: Severity, reason: str, message: str) -> Finding:
    """Return a finding about an object, on the line where the field that the message begins with stands."""
    field = _FIELD.match(message)
    line = 0 if place is None else place.line if field is None else place.line_of(field[1])
    return Finding(
        file="" if place is None else place.file,
        line=line,
        severity=severity,
        object=str(identity),
        reason=reason,
        message=message,
    )


def identity_of(member: Member) -> Identity:
    """Return kind and key of the object that a row is."""
    key = member.key if isinstance(member.key, ObjectKey) else ObjectKey("", str(member.key))
    return Identity(BY_STRUCT[member.table].kind, key)


def _verdicts(outcome: Outcome) -> Iterable[Verdict]:
    """Return the conditions of an object and its parts, without those that only repeat others."""
    if not isinstance(outcome, GatewayOutcome | ListenerSetOutcome):
        return dict.fromkeys(outcome.all_verdicts)
    of_listeners = [verdict for listener in outcome.listeners for verdict in listener.verdicts]
    messages = {verdict.message for verdict in of_listeners}
    # "listeners not valid: a, b" says no more than those listeners do themselves.
    own = (each for each in outcome.verdicts if each.reason != LISTENERS_NOT_VALID and each.message not in messages)
    return (*own, *of_listeners)


def other_class(name: str) -> Complaint:
    """Return what there is to know of a Gateway that is not ours by its class."""
    message = f'spec.gatewayClassName: "{name}" is no class of gatewayd; "gatewayd" is always there'
    return Complaint(Severity.WARNING, "ClassNotServed", message)


def _culprit(fleet: FleetKey, type_url: str, resource: str) -> Identity:
    """Return the object that a resource was made from: the Gateway or the node, where its name tells of no other."""
    made_from = names.object_of(resource) if type_url in (CLUSTER, ENDPOINT) else None
    if made_from is not None:
        kind, *key = made_from
        return Identity(_KINDS[kind], ObjectKey(*key))
    what, *rest = resource.split("/")
    if type_url == SECRET and len(rest) >= 2:
        return Identity("Secret" if what == "certificate" else "ConfigMap", ObjectKey(*rest[-2:]))
    match fleet:
        case GatewayFleet(namespace=namespace, name=name):
            return Identity("Gateway", ObjectKey(namespace, name))
        case NodeFleet(name=name):
            return Identity("Node", ObjectKey("", name))
        case _:
            assert_never(fleet)
